"""Votes of unknown voters wait for the next pass where the last hour is above the tool's normal."""

from django.db import migrations

from voting.migrations._casting import install_cast


class Migration(migrations.Migration):
    dependencies = [("voting", "0060_work_that_was_spent")]
    operations = [install_cast()]
