"""Rows of the log of changes are never changed or deleted.

Triggers, because a constraint cannot compare a row with what it was.
"""

from django.db import migrations

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


def create(apps, schema_editor):
    statements = [POSTGRES] if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    statements = [POSTGRES_BACK] if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("tools", "0003_changes_are_written_down")]
    operations = [migrations.RunPython(create, drop)]
