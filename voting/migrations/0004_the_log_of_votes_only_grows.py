"""Rows of the vote log are never changed or deleted; a voter may be forgotten in them.

Triggers, because a constraint cannot compare a row with what it was.
"""

from django.db import migrations

FIXED = [
    "id",
    "at",
    "vote_id",
    "tool_id",
    "kind",
    "old_value",
    "new_value",
    "old_state",
    "new_state",
    "actor",
    "reason",
    "case_id",
    "before",
]
FORGETTABLE = ["voter_id", "from_voter_id"]
TABLE = "voting_voteevent"
WORDS = "the log of votes only grows"

POSTGRES = f"""
CREATE FUNCTION vote_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER vote_log_is_not_changed BEFORE UPDATE ON {TABLE} FOR EACH ROW
WHEN ({" OR ".join(f"OLD.{c}::text IS DISTINCT FROM NEW.{c}::text" for c in FIXED)}
    OR {" OR ".join(f"(NEW.{c} IS NOT NULL AND NEW.{c} IS DISTINCT FROM OLD.{c})" for c in FORGETTABLE)})
EXECUTE FUNCTION vote_log_only_grows();
CREATE TRIGGER vote_log_is_not_deleted BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION vote_log_only_grows();
"""
POSTGRES_BACK = f"""
DROP TRIGGER vote_log_is_not_changed ON {TABLE};
DROP TRIGGER vote_log_is_not_deleted ON {TABLE};
DROP FUNCTION vote_log_only_grows();
"""
SQLITE = [
    f"""
CREATE TRIGGER vote_log_is_not_changed BEFORE UPDATE ON {TABLE} FOR EACH ROW
WHEN {" OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in FIXED)}
    OR {" OR ".join(f"(NEW.{c} IS NOT NULL AND NEW.{c} IS NOT OLD.{c})" for c in FORGETTABLE)}
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END""",
    f"""
CREATE TRIGGER vote_log_is_not_deleted BEFORE DELETE ON {TABLE} FOR EACH ROW
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END""",
]
SQLITE_BACK = ["DROP TRIGGER vote_log_is_not_changed", "DROP TRIGGER vote_log_is_not_deleted"]


def create(apps, schema_editor):
    statements = [POSTGRES] if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    statements = [POSTGRES_BACK] if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("voting", "0003_votes_keep_their_history")]
    operations = [migrations.RunPython(create, drop)]
