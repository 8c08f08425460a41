"""Triggers that leave a touch when a row of a table that pages show is added, changed or removed.

A migration of any app lists its tables:

    operations = [touch_on("tools_price", tool="tool_id")]

`tool` and `shelf` are SQL expressions over a row `r` of the table; `site=True` touches every page. A migration that makes
SQLite rebuild a table drops the table's triggers there: repeat the operation in that migration (a test notices).
"""

import re

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tools.migrations._operations import RunStatements

EVENTS = {"insert": ["new"], "update": ["old", "new"], "delete": ["old"]}
SITE, TOOL, SHELF = 0, 1, 2


def touch_on(
    table: str,
    *,
    tool: tuple[str, ...] = (),
    shelf: tuple[str, ...] = (),
    site: bool | str = False,
    row_by_row: bool = False,
):
    """Return the operation that installs the triggers of one table. `site` may be a condition: then only rows that meet it.

    `row_by_row` is for a table whose rows are changed one at a time and often: on PostgreSQL a touch then costs less,
    and a statement that changes many rows leaves a touch for each.
    """
    everywhere = f"CASE WHEN {site} THEN 0 END" if isinstance(site, str) else "0"
    subjects = [(TOOL, it) for it in tool] + [(SHELF, it) for it in shelf] + ([(SITE, everywhere)] if site else [])

    def install(apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        vendor = schema_editor.connection.vendor
        for statement in _statements(vendor, table, subjects, row_by_row and vendor == "postgresql"):
            schema_editor.execute(statement, params=None)

    def remove(apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        postgres = schema_editor.connection.vendor == "postgresql"
        for event in EVENTS:
            schema_editor.execute(
                f"DROP TRIGGER IF EXISTS {_name(table, event)}" + (f" ON {table}" if postgres else "")
            )
            if postgres:
                schema_editor.execute(f"DROP FUNCTION IF EXISTS {_name(table, event)}()")

    return RunStatements(install, remove)


def _name(table: str, event: str) -> str:
    return f"{table}_touch_{event}"


def _statements(vendor: str, table: str, subjects: list[tuple[int, str]], row_by_row: bool = False) -> list[str]:
    make = _postgres if vendor == "postgresql" else _sqlite
    found = [statement for event, rows in EVENTS.items() for statement in make(table, event, rows, subjects)]
    return found + (_postgres_row_by_row(table, subjects) if row_by_row else [])


def _postgres(table: str, event: str, rows: list[str], subjects: list[tuple[int, str]]) -> list[str]:
    """Once a statement, however many rows it changed."""
    picked = " UNION ".join(f"SELECT {kind}, {ref} FROM {row}_rows r" for row in rows for kind, ref in subjects)
    tables = " ".join(f"{row.upper()} TABLE AS {row}_rows" for row in rows)
    name = _name(table, event)
    return [
        f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO tools_touch (kind, ref, moment)
            SELECT DISTINCT it.kind, it.ref, pg_current_xact_id()::text::bigint
            FROM ({picked}) AS it (kind, ref) WHERE it.ref IS NOT NULL;
            RETURN NULL;
        END $$""",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _postgres_row_by_row(table: str, subjects: list[tuple[int, str]]) -> list[str]:
    """An update's touches without the tables of rows before and after, which cost more than the touch itself."""
    insert = "INSERT INTO tools_touch (kind, ref, moment) VALUES ({}, {}, pg_current_xact_id()::text::bigint);"
    body = ""
    for kind, ref in subjects:
        new, old = (re.sub(r"\br\.", f"{row}.", ref) for row in ("NEW", "OLD"))
        body += f"IF {new} IS NOT NULL THEN {insert.format(kind, new)} END IF; "
        body += f"IF {old} IS DISTINCT FROM {new} AND {old} IS NOT NULL THEN {insert.format(kind, old)} END IF; "
    name = _name(table, "update")
    return [
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _sqlite(table: str, event: str, rows: list[str], subjects: list[tuple[int, str]]) -> list[str]:
    picked = " UNION ".join(
        f"SELECT {kind} AS kind, ({re.sub(r'\br\.', row.upper() + '.', ref)}) AS ref"
        for row in rows
        for kind, ref in subjects
    )
    name = _name(table, event)
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} BEGIN "
        f"INSERT INTO tools_touch (kind, ref) SELECT kind, ref FROM ({picked}) WHERE ref IS NOT NULL; END",
    ]
