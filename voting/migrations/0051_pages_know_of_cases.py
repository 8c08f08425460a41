"""Triggers on the cases that pages tell of, and on what is withheld for the moment."""

from django.db import migrations

from tools.migrations._touching import touch_on


class Migration(migrations.Migration):
    dependencies = [("voting", "0050_crowds_become_cases"), ("tools", "0041_pages_know_what_was_touched")]
    operations = [
        touch_on("voting_case", tool=("r.tool_id",)),
        touch_on("voting_watch", tool=("r.tool_id",)),
    ]
