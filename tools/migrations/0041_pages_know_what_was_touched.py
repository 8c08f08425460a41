"""Triggers on the tables of the catalogue that pages show."""

from django.db import migrations

from tools.migrations._touching import touch_on


class Migration(migrations.Migration):
    dependencies = [("tools", "0040_touches")]
    operations = [
        touch_on("tools_tool", tool=("r.id",), shelf=("r.category_id",)),
        touch_on("tools_price", tool=("r.tool_id",)),
        touch_on("tools_fact", tool=("r.tool_id",)),
        touch_on("tools_factkind", site=True),
        touch_on("tools_category", site=True),
    ]
