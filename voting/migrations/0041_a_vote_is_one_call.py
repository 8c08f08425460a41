"""What a vote writes on PostgreSQL, as a function there: sent in a line, and planned once for each connection."""

from django.db import migrations

from voting.migrations._casting import install_cast


class Migration(migrations.Migration):
    dependencies = [("voting", "0040_pages_know_what_was_touched")]
    operations = [install_cast()]
