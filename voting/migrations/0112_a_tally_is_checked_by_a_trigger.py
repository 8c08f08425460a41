"""What must never be true of a tally is refused by a trigger on PostgreSQL, which is compiled once for each connection.

A CHECK is read and planned anew by each statement that writes a row: the seventeen of a tally took about as long as moving it,
with every vote. The model's constraints stay what they are, and are the CHECKs of SQLite. Whoever changes one there
changes it here too, with `DROP CONSTRAINT IF EXISTS` on PostgreSQL.
"""

from django.db import migrations

ALL_TIME = ("ships", "skips", "verified_ships", "verified_skips", "regulars")
COUNTERS = (*ALL_TIME, *(f"era_{name}" for name in ALL_TIME), "held", "discarded", "era")
PARTS = {
    "verified_ships": ("ships", "tally_verified_ships_are_ships"),
    "verified_skips": ("skips", "tally_verified_skips_are_skips"),
    "era_ships": ("ships", "tally_ships_of_an_era_are_ships"),
    "era_skips": ("skips", "tally_skips_of_an_era_are_skips"),
}
CHECKS = {f"voting_tally_{name}_check": f"{name} >= 0" for name in COUNTERS}
CHECKS |= {name: f"{part} <= {whole}" for part, (whole, name) in PARTS.items()}
NEVER = " OR ".join(
    [f"NEW.{part} > NEW.{whole}" for part, (whole, _) in PARTS.items()]
    + [f"LEAST({', '.join(f'NEW.{name}' for name in COUNTERS)}) < 0"]
)
TRIGGER = f"""
CREATE OR REPLACE FUNCTION voting_tally_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {NEVER} THEN
        RAISE EXCEPTION 'the counters of tool % do not add up', NEW.tool_id USING ERRCODE = 'check_violation',
            TABLE = 'voting_tally', DETAIL = NEW::text;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER voting_tally_adds_up AFTER INSERT OR UPDATE ON voting_tally
FOR EACH ROW EXECUTE FUNCTION voting_tally_adds_up();
"""


def install(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TRIGGER, params=None)
        dropped = ", ".join(f"DROP CONSTRAINT IF EXISTS {name}" for name in CHECKS)
        schema_editor.execute(f"ALTER TABLE voting_tally {dropped}", params=None)


def remove(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        added = ", ".join(f"ADD CONSTRAINT {name} CHECK ({condition})" for name, condition in CHECKS.items())
        schema_editor.execute(f"ALTER TABLE voting_tally {added}", params=None)
        schema_editor.execute("DROP TRIGGER voting_tally_adds_up ON voting_tally", params=None)
        schema_editor.execute("DROP FUNCTION voting_tally_adds_up()", params=None)


class Migration(migrations.Migration):
    dependencies = [("voting", "0111_a_tally_is_touched_row_by_row")]
    operations = [migrations.RunPython(install, remove)]
