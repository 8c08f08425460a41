"""A vote moves one tally: its touch needs no table of the rows that a statement has changed."""

from django.db import migrations

from tools.migrations._touching import touch_on


class Migration(migrations.Migration):
    dependencies = [("voting", "0110_a_vote_in_short_statements")]
    operations = [touch_on("voting_tally", tool=("r.tool_id",), row_by_row=True)]
