"""What must never be true of a row, refused by a trigger on PostgreSQL: compiled once for each connection.

A CHECK is read and planned anew by each statement that writes a row; the seventeen of a tally took about as long as moving
it, with every vote. The models' constraints stay what they are, and are the CHECKs of SQLite. Whoever changes one there
changes it in a migration of its own here too, with `DROP CONSTRAINT IF EXISTS` on PostgreSQL.
"""

from collections.abc import Mapping

from tools.migrations._operations import RunStatements


def checked_by_trigger(table: str, checks: Mapping[str, str], *, on: str = "AFTER INSERT OR UPDATE") -> RunStatements:
    """Return the operation that puts a trigger in the place of a table's CHECKs, given by name as SQL over a row `NEW`."""
    name = f"{table}_checked"
    trigger = f"""
    CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT ({" AND ".join(checks.values())}) THEN
            RAISE EXCEPTION 'a row of {table} is what it must never be' USING ERRCODE = 'check_violation',
                TABLE = '{table}', DETAIL = NEW::text;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER {name} {on} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
    """

    def install(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(trigger, params=None)
            dropped = ", ".join(f"DROP CONSTRAINT IF EXISTS {check}" for check in checks)
            schema_editor.execute(f"ALTER TABLE {table} {dropped}", params=None)

    def remove(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            rows = {check: condition.replace("NEW.", "") for check, condition in checks.items()}
            added = ", ".join(f"ADD CONSTRAINT {check} CHECK ({condition})" for check, condition in rows.items())
            schema_editor.execute(f"ALTER TABLE {table} {added}", params=None)
            schema_editor.execute(f"DROP TRIGGER {name} ON {table}", params=None)
            schema_editor.execute(f"DROP FUNCTION {name}()", params=None)

    return RunStatements(install, remove)
