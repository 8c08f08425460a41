"""Triggers on the tallies that pages show."""

from django.db import migrations

from tools.migrations._touching import touch_on


class Migration(migrations.Migration):
    dependencies = [("voting", "0005_fill_the_counters"), ("tools", "0041_pages_know_what_was_touched")]
    operations = [touch_on("voting_tally", tool=("r.tool_id",))]
