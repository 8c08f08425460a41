"""What readers agreed to cannot be changed or deleted, nor the words they agreed to.

One thing may happen to a row: that its subscriber's row goes and the key becomes empty.
"""

from django.db import migrations

TABLES = {
    "newsletter_consentevent": ["id", "address_hmac", "kind", "at", "network", "form", "text_id", "detail"],
    "newsletter_consenttext": ["id", "body", "sha256", "created_at"],
}
WORDS = "what readers agreed to is never changed, only added to"
POSTGRES_FUNCTION = f"""
CREATE FUNCTION consent_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def changed(table, columns, unequal):
    """Return what makes an update more than the loss of the subscriber."""
    tests = [f"OLD.{column} {unequal} NEW.{column}" for column in columns]
    if table == "newsletter_consentevent":
        tests.append(f"(NEW.subscriber_id IS NOT NULL AND OLD.subscriber_id {unequal} NEW.subscriber_id)")
    return " OR ".join(tests)


def create(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    unequal = "IS DISTINCT FROM" if is_postgres else "IS NOT"
    refuse = (
        "EXECUTE FUNCTION consent_is_only_added_to()" if is_postgres else f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
    )
    if is_postgres:
        schema_editor.execute(POSTGRES_FUNCTION, params=None)
    for table, columns in TABLES.items():
        on, when = f"ON {table} FOR EACH ROW", changed(table, columns, unequal)
        schema_editor.execute(f"CREATE TRIGGER {table}_update BEFORE UPDATE {on} WHEN ({when}) {refuse};", params=None)
        schema_editor.execute(f"CREATE TRIGGER {table}_delete BEFORE DELETE {on} {refuse};", params=None)


def drop(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("update", "delete"):
            on = f" ON {table}" if is_postgres else ""
            schema_editor.execute(f"DROP TRIGGER {table}_{verb}{on};", params=None)
    if is_postgres:
        schema_editor.execute("DROP FUNCTION consent_is_only_added_to();", params=None)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0003_consent_suppression_and_follows")]
    operations = [migrations.RunPython(create, drop)]
