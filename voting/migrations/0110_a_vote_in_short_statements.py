"""A vote costs less where its statements are short ones, and its arguments few."""

from django.db import migrations

from voting.migrations._casting import install_cast


class Migration(migrations.Migration):
    dependencies = [("voting", "0053_the_last_pass_is_asked_for")]
    operations = [install_cast()]
