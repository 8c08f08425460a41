"""What a new vote adds to its tally is known before the tally is looked at, and everything else is checked before.

Whether voter, tool and vote exist was looked up as a vote was committed, while everybody else who voted on that tool waited
for its tally. It is now as the rows are written; whoever wants it later can still say so (`SET CONSTRAINTS`).
"""

from django.db import migrations

from tools.migrations._operations import RunStatements
from voting.migrations._casting import install_cast
from voting.migrations._checks import checked_by_trigger

TABLES = ("voting_vote", "voting_votesignal")
CHECKS_OF_SIGNALS = {f"voting_votesignal_{name}_check": f"NEW.{name} >= 0" for name in ("dwell_ms", "pages")}
FOREIGN_KEYS = """
DO $do$
DECLARE it record;
BEGIN
    FOR it IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'f' AND conrelid IN ({tables})
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY {when}', it.place, it.conname);
    END LOOP;
END $do$
"""


def looked_up(when):
    tables = ", ".join(f"'{table}'::regclass" for table in TABLES)

    def alter(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(FOREIGN_KEYS.format(tables=tables, when=when), params=None)

    return alter


class Migration(migrations.Migration):
    dependencies = [("voting", "0004_voters_count_as_they_are_locked")]

    operations = [
        RunStatements(looked_up("IMMEDIATE"), looked_up("DEFERRED")),
        checked_by_trigger("voting_votesignal", CHECKS_OF_SIGNALS, on="BEFORE INSERT OR UPDATE"),
        install_cast(anew=True),
    ]
