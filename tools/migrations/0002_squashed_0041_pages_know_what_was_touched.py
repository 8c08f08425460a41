"""What the database does by itself with the catalogue: touches for pages, a log of changes that only grows, the search index.

On PostgreSQL the search index asks for the extension pg_trgm. Where that is not allowed the index is made without, and says
so: `manage.py search_index rebuild` catches up once the extension has been created.
"""

from django.db import migrations

from tools.migrations._operations import RunStatements
from tools.migrations._touching import touch_on
from tools.search import schema

# Triggers, because a constraint cannot compare a row with what it was.
TABLE = "tools_change"
WORDS = "the log of changes only grows"
POSTGRES = f"""
CREATE FUNCTION change_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER change_is_not_changed BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION change_log_only_grows();
CREATE TRIGGER change_is_not_deleted BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION change_log_only_grows();
"""
POSTGRES_BACK = f"""
DROP TRIGGER change_is_not_changed ON {TABLE};
DROP TRIGGER change_is_not_deleted ON {TABLE};
DROP FUNCTION change_log_only_grows();
"""
SQLITE = [
    f"CREATE TRIGGER change_is_not_{verb}d BEFORE {event} ON {TABLE} FOR EACH ROW BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
    for verb, event in (("change", "UPDATE"), ("delete", "DELETE"))
]
SQLITE_BACK = ["DROP TRIGGER change_is_not_changed", "DROP TRIGGER change_is_not_deleted"]


def let_the_log_only_grow(apps, schema_editor):
    for statement in [POSTGRES] if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def let_the_log_change(apps, schema_editor):
    for statement in [POSTGRES_BACK] if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, params=None)


def create_index(apps, schema_editor):
    schema.install(schema_editor.connection)


def drop_index(apps, schema_editor):
    schema.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    replaces = [
        ("tools", "0004_the_log_of_changes_only_grows"),
        ("tools", "0005_fill_the_log_of_changes"),
        ("tools", "0020_search_index"),
        ("tools", "0041_pages_know_what_was_touched"),
    ]

    dependencies = [("tools", "0001_squashed_0092_list_of_a_licence")]

    operations = [
        touch_on("tools_tool", tool=("r.id",), shelf=("r.category_id",)),
        touch_on("tools_price", tool=("r.tool_id",)),
        touch_on("tools_fact", tool=("r.tool_id",)),
        touch_on("tools_factkind", site=True),
        touch_on("tools_category", site=True),
        RunStatements(let_the_log_only_grow, let_the_log_change),
        RunStatements(create_index, drop_index),
    ]
