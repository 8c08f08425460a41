"""A vote asks an index when the last pass was, and does not look through all passes."""

from django.db import migrations

from voting.migrations._casting import install_cast


class Migration(migrations.Migration):
    dependencies = [("voting", "0070_tokens_of_staff_may_write")]
    operations = [install_cast()]
