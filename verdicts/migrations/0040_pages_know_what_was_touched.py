"""Triggers on what the panel and the editors say."""

from django.db import migrations

from tools.migrations._touching import touch_on

SHELF_OF = "(SELECT t.category_id FROM tools_tool t WHERE t.id = r.{})"


class Migration(migrations.Migration):
    dependencies = [("verdicts", "0004_editors"), ("tools", "0041_pages_know_what_was_touched")]
    operations = [
        touch_on("verdicts_verdict", tool=("r.tool_id",), shelf=(SHELF_OF.format("tool_id"),)),
        touch_on(
            "verdicts_comparison",
            tool=("r.first_id", "r.second_id"),
            shelf=(SHELF_OF.format("first_id"), SHELF_OF.format("second_id")),
        ),
        touch_on("verdicts_reviewer", site=True),
    ]
