"""What an issue was frozen to cannot be changed: a trigger, because a check constraint cannot compare a row with what it was.

On PostgreSQL, room is also left in the ledger's pages, so that marking a delivery moves no row and touches no index.
"""

from django.db import migrations

FIXED = {
    "newsletter_issue": (
        [
            "period_key", "day", "number", "slug", "cutoff_at", "sends_at", "subject", "preheader", "intro",
            "candidate_count", "excluded_count", "recipient_count", "more_count", "frozen_at",
        ],
        "OLD.frozen_at IS NOT NULL",
    ),
    "newsletter_issueitem": (["issue_id", "position", "block", "kind", "snapshot"], ""),
    "newsletter_edition": (["issue_id", "number", "is_monthly", "item_count", "mime", "sha256"], ""),
    "newsletter_snippet": (["issue_id", "number", "text", "html"], ""),
}  # fmt: skip
REFUSAL = "a frozen issue cannot be changed"


def create(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    if postgres:
        schema_editor.execute(
            f"""
            CREATE FUNCTION frozen_issue_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$;
            ALTER TABLE newsletter_delivery SET (fillfactor = 80);
            """,
            params=None,
        )
    for table, (columns, condition) in FIXED.items():
        differs = "IS DISTINCT FROM" if postgres else "IS NOT"
        cast = "::text" if postgres else ""
        changed = " OR ".join(f"OLD.{column}{cast} {differs} NEW.{column}{cast}" for column in columns)
        when = f"{condition} AND ({changed})" if condition else changed
        does = (
            "EXECUTE FUNCTION frozen_issue_is_fixed();" if postgres else f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END;"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {table}_is_fixed BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) {does}", params=None
        )


def drop(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    for table in FIXED:
        schema_editor.execute(f"DROP TRIGGER {table}_is_fixed{f' ON {table}' if postgres else ''}")
    if postgres:
        schema_editor.execute(
            "DROP FUNCTION frozen_issue_is_fixed(); ALTER TABLE newsletter_delivery RESET (fillfactor)"
        )


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0020_issues_and_their_ledger")]
    operations = [migrations.RunPython(create, drop)]
