"""The search index, filled from the tools that are there and kept in step by triggers from now on.

On PostgreSQL it asks for the extension pg_trgm. Where that is not allowed the index is made without, and says so:
`manage.py search_index rebuild` catches up once the extension has been created.
"""

from django.db import migrations

from tools.search import schema


def create(apps, schema_editor):
    schema.install(schema_editor.connection)


def drop(apps, schema_editor):
    schema.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("tools", "0006_standing")]
    operations = [migrations.RunPython(create, drop)]
