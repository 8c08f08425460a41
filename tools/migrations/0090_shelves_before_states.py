"""The index of shelves and states leads with the shelf: nearly every tool has the same state."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tools", "0075_what_readers_send")]
    operations = [
        migrations.AddIndex("tool", models.Index(fields=["category", "state"], name="tool_category_state")),
        migrations.RemoveIndex("tool", "tool_state_category"),
    ]
