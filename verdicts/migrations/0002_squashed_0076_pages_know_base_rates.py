"""Triggers on what the panel and the editors say: pages are touched, and the words of a published verdict cannot be changed."""

from django.db import migrations

from tools.migrations._operations import RunStatements
from tools.migrations._touching import touch_on

# A trigger, because a check constraint cannot compare a row with what it was.
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
SHELF_OF = "(SELECT t.category_id FROM tools_tool t WHERE t.id = r.{})"


def fix_words(apps, schema_editor):
    schema_editor.execute(POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE, params=None)


def free_words(apps, schema_editor):
    schema_editor.execute(
        POSTGRES_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK, params=None
    )


class Migration(migrations.Migration):
    replaces = [
        ("verdicts", "0003_published_words_are_fixed"),
        ("verdicts", "0005_fill_the_log_of_changes"),
        ("verdicts", "0007_count_the_panel"),
        ("verdicts", "0040_pages_know_what_was_touched"),
        ("verdicts", "0076_pages_know_base_rates"),
    ]

    dependencies = [
        ("verdicts", "0001_squashed_0006_paneltally"),
        ("tools", "0002_squashed_0041_pages_know_what_was_touched"),
    ]

    operations = [
        RunStatements(fix_words, free_words),
        touch_on("verdicts_verdict", tool=("r.tool_id",), shelf=(SHELF_OF.format("tool_id"),)),
        touch_on(
            "verdicts_comparison",
            tool=("r.first_id", "r.second_id"),
            shelf=(SHELF_OF.format("first_id"), SHELF_OF.format("second_id")),
        ),
        touch_on("verdicts_reviewer", site=True),
        # What moves a persona's base rates moves a line of every scorecard.
        touch_on("tools_change", site="r.kind IN ('verdict', 'flipped', 'withdrawn', 'listed', 'unlisted')"),
    ]
