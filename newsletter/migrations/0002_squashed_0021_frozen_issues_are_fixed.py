"""What readers agreed to is only added to, and what an issue was frozen to cannot be changed.

Triggers, because a check constraint cannot compare a row with what it was. On PostgreSQL, room is also left in the ledger's
pages, so that marking a delivery moves no row and touches no index.
"""

from django.db import migrations

from tools.migrations._operations import RunStatements

# Neither what readers agreed to is changed or deleted, nor the words they agreed to. One thing may happen to a row: that its
# subscriber's row goes and the key becomes empty.
CONSENT = {
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

FROZEN = {
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


def changed(table, columns, unequal):
    """Return what makes an update more than the loss of the subscriber."""
    tests = [f"OLD.{column} {unequal} NEW.{column}" for column in columns]
    if table == "newsletter_consentevent":
        tests.append(f"(NEW.subscriber_id IS NOT NULL AND OLD.subscriber_id {unequal} NEW.subscriber_id)")
    return " OR ".join(tests)


def keep_consent(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    unequal = "IS DISTINCT FROM" if is_postgres else "IS NOT"
    refuse = (
        "EXECUTE FUNCTION consent_is_only_added_to()" if is_postgres else f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
    )
    if is_postgres:
        schema_editor.execute(POSTGRES_FUNCTION, params=None)
    for table, columns in CONSENT.items():
        on, when = f"ON {table} FOR EACH ROW", changed(table, columns, unequal)
        schema_editor.execute(f"CREATE TRIGGER {table}_update BEFORE UPDATE {on} WHEN ({when}) {refuse};", params=None)
        schema_editor.execute(f"CREATE TRIGGER {table}_delete BEFORE DELETE {on} {refuse};", params=None)


def let_consent_change(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for table in CONSENT:
        for verb in ("update", "delete"):
            on = f" ON {table}" if is_postgres else ""
            schema_editor.execute(f"DROP TRIGGER {table}_{verb}{on};", params=None)
    if is_postgres:
        schema_editor.execute("DROP FUNCTION consent_is_only_added_to();", params=None)


def fix_issues(apps, schema_editor):
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
    for table, (columns, condition) in FROZEN.items():
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


def let_issues_change(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    for table in FROZEN:
        schema_editor.execute(f"DROP TRIGGER {table}_is_fixed{f' ON {table}' if postgres else ''}")
    if postgres:
        schema_editor.execute(
            "DROP FUNCTION frozen_issue_is_fixed(); ALTER TABLE newsletter_delivery RESET (fillfactor)"
        )


class Migration(migrations.Migration):
    replaces = [
        ("newsletter", "0004_consent_is_only_added_to"),
        ("newsletter", "0021_frozen_issues_are_fixed"),
    ]

    dependencies = [("newsletter", "0001_squashed_0031_a_second_subject")]

    operations = [
        RunStatements(keep_consent, let_consent_change),
        RunStatements(fix_issues, let_issues_change),
    ]
