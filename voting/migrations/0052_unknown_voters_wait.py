"""Votes of unknown voters wait for the next pass where the last hour is above the tool's normal."""

from django.db import migrations

from voting.migrations._casting import install_cast


class Migration(migrations.Migration):
    dependencies = [("voting", "0051_pages_know_of_cases")]
    operations = [install_cast()]
