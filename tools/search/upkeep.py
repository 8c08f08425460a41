"""Making the index anew, and proving that it is in step."""

from typing import Any

from django.db import connection, transaction

from tools.search.schema import SQLITE_TRIGGERS, folded, former_names, install

_POSTGRES_STEP = """
SELECT coalesce(f.tool_id, e.tool_id) FROM tools_searchfresh f FULL JOIN tools_searchentry e USING (tool_id)
WHERE (f.folded, f.squashed, f.words, f.document) IS DISTINCT FROM (e.folded, e.squashed, e.words, e.document)
"""
_SQLITE_STEP = f"""
SELECT t.id FROM tools_tool t LEFT JOIN tools_searchentry e ON e.tool_id = t.id LEFT JOIN tools_searchtext x ON x.rowid = t.id
WHERE t.state <> 'draft' AND (e.tool_id IS NULL OR x.rowid IS NULL OR (e.name, e.slug, e.vendor, e.tagline, e.description)
    IS NOT (t.name, t.slug, t.vendor, t.tagline, t.description) OR e.folded IS NOT {folded("t.name")}
  OR e.names IS NOT {folded(f"(t.name || ' ' || t.slug || ' ' || {former_names('t.id')})")}
  OR (x.names, x.vendor, x.tagline, x.description) IS NOT (e.names, e.vendor, e.tagline, e.description))
UNION SELECT e.tool_id FROM tools_searchentry e LEFT JOIN tools_tool t ON t.id = e.tool_id AND t.state <> 'draft' WHERE t.id IS NULL
UNION SELECT x.rowid FROM tools_searchtext x LEFT JOIN tools_searchentry e ON e.tool_id = x.rowid WHERE e.tool_id IS NULL
"""
_POSTGRES_TRIGGERS = ("written", "emptied", "moved")


@transaction.atomic
def rebuild(say: Any = print) -> int:
    """Make the index anew from the tools; return how many tools it holds."""
    install(connection, say)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tools_searchentry")
        return int(cursor.fetchone()[0])


def out_of_step() -> list[str]:
    """Return what is wrong with the index, a line each: missing triggers, and tools whose entry is not what it should be."""
    is_postgres = connection.vendor == "postgresql"
    wanted = {f"tools_search_{name}" for name in (_POSTGRES_TRIGGERS if is_postgres else SQLITE_TRIGGERS)}
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'tools\\_search\\_%%'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        missing = wanted - {row[0] for row in cursor.fetchall()}
        cursor.execute(_POSTGRES_STEP if is_postgres else _SQLITE_STEP)
        tools = sorted(row[0] for row in cursor.fetchall())
    return [f"The trigger {name} is missing." for name in sorted(missing)] + [
        f"The entry of tool {key} is not what it should be." for key in tools
    ]
