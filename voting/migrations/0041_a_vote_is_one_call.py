"""What a vote writes on PostgreSQL, as a function there: sent in a line, and planned once for each connection."""

from django.db import migrations

from voting.migrations._casting import install_cast


class Migration(migrations.Migration):
    dependencies = [("voting", "0020_personal_tokens_for_the_api")]
    operations = [install_cast()]
