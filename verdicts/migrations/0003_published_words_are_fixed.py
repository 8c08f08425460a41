"""The words of a published verdict cannot be changed.

A trigger, because a check constraint cannot compare a row with what it was.
"""

from django.db import migrations

WORDS = [
    "tool_id",
    "reviewer_id",
    "number",
    "decision",
    "reason",
    "evidence",
    "tool_version",
    "tested_on",
    "editor_id",
    "published_at",
]

POSTGRES = f"""
CREATE FUNCTION verdict_words_are_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published verdict cannot be changed; write a revision' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER verdict_words_are_fixed BEFORE UPDATE ON verdicts_verdict FOR EACH ROW
WHEN (OLD.published_at IS NOT NULL AND ({" OR ".join(f"OLD.{w} IS DISTINCT FROM NEW.{w}" for w in WORDS)}))
EXECUTE FUNCTION verdict_words_are_fixed();
"""
POSTGRES_BACK = "DROP TRIGGER verdict_words_are_fixed ON verdicts_verdict; DROP FUNCTION verdict_words_are_fixed();"
SQLITE = f"""
CREATE TRIGGER verdict_words_are_fixed BEFORE UPDATE ON verdicts_verdict FOR EACH ROW
WHEN OLD.published_at IS NOT NULL AND ({" OR ".join(f"OLD.{w} IS NOT NEW.{w}" for w in WORDS)})
BEGIN SELECT RAISE(ABORT, 'a published verdict cannot be changed; write a revision'); END;
"""
SQLITE_BACK = "DROP TRIGGER verdict_words_are_fixed;"


def create(apps, schema_editor):
    schema_editor.execute(POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE, params=None)


def drop(apps, schema_editor):
    schema_editor.execute(
        POSTGRES_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK, params=None
    )


class Migration(migrations.Migration):
    dependencies = [("verdicts", "0002_initial")]
    operations = [migrations.RunPython(create, drop)]
