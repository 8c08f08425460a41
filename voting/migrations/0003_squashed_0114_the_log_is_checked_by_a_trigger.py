"""What the database does by itself with votes: their log only grows, pages are touched, a vote is one call on PostgreSQL.

There too, triggers check tallies and the log with every vote, and pages have room for rows that are changed in place.
"""

from django.db import migrations

from tools.migrations._operations import RunStatements
from tools.migrations._touching import touch_on
from voting.migrations._casting import install_cast
from voting.migrations._checks import checked_by_trigger

# Rows of the log of votes are never changed or deleted; a voter may be forgotten in them. Triggers, because a constraint
# cannot compare a row with what it was.
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

ALL_TIME = ("ships", "skips", "verified_ships", "verified_skips", "regulars")
COUNTERS = (*ALL_TIME, *(f"era_{name}" for name in ALL_TIME), "held", "discarded", "era")
CHECKS_OF_TALLIES = {f"voting_tally_{name}_check": f"NEW.{name} >= 0" for name in COUNTERS} | {
    "tally_verified_ships_are_ships": "NEW.verified_ships <= NEW.ships",
    "tally_verified_skips_are_skips": "NEW.verified_skips <= NEW.skips",
    "tally_ships_of_an_era_are_ships": "NEW.era_ships <= NEW.ships",
    "tally_skips_of_an_era_are_skips": "NEW.era_skips <= NEW.skips",
}
# A row of the log is checked when it is written; it is never changed.
CHECKS_OF_THE_LOG = {
    "vote_event_kind_is_known": "NEW.kind IN ('cast', 'change', 'retract', 'merge', 'state', 'erase')",
    "vote_event_old_value_is_known": "NEW.old_value BETWEEN -1 AND 1",
    "vote_event_new_value_is_known": "NEW.new_value BETWEEN -1 AND 1",
    "vote_event_has_an_actor": "NEW.actor <> ''",
}

# Voters and tallies are changed in place: room on their pages, so that a change need not touch their indexes.
ROOM = {"voting_voter": 80, "voting_tally": 50}


def let_the_log_only_grow(apps, schema_editor):
    for statement in [POSTGRES] if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def let_the_log_change(apps, schema_editor):
    for statement in [POSTGRES_BACK] if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, params=None)


def make_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, filled in ROOM.items():
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {filled})", params=None)


def take_room_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in ROOM:
            schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)", params=None)


class Migration(migrations.Migration):
    replaces = [
        ("voting", "0004_the_log_of_votes_only_grows"),
        ("voting", "0005_fill_the_counters"),
        ("voting", "0040_pages_know_what_was_touched"),
        ("voting", "0041_a_vote_is_one_call"),
        ("voting", "0051_pages_know_of_cases"),
        ("voting", "0052_unknown_voters_wait"),
        ("voting", "0053_the_last_pass_is_asked_for"),
        ("voting", "0110_a_vote_in_short_statements"),
        ("voting", "0111_a_tally_is_touched_row_by_row"),
        ("voting", "0112_a_tally_is_checked_by_a_trigger"),
        ("voting", "0113_room_for_changes"),
        ("voting", "0114_the_log_is_checked_by_a_trigger"),
    ]

    dependencies = [
        ("voting", "0002_squashed_0060_work_that_was_spent"),
        ("tools", "0002_squashed_0041_pages_know_what_was_touched"),
    ]

    operations = [
        RunStatements(let_the_log_only_grow, let_the_log_change),
        touch_on("voting_case", tool=("r.tool_id",)),
        touch_on("voting_watch", tool=("r.tool_id",)),
        install_cast(),
        # A vote moves one tally: its touch needs no table of the rows that a statement has changed.
        touch_on("voting_tally", tool=("r.tool_id",), row_by_row=True),
        checked_by_trigger("voting_tally", CHECKS_OF_TALLIES),
        RunStatements(make_room, take_room_back),
        checked_by_trigger("voting_voteevent", CHECKS_OF_THE_LOG, on="BEFORE INSERT"),
    ]
