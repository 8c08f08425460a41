"""Editors may read what readers send, and answer it."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

NAMES = [f"{verb}_{model}" for model in ("factreport", "toolrequest") for verb in ("view", "change")]


def grant(apps, schema_editor):
    # Permissions are made after all migrations have run, which is too late for a group that needs them now.
    app_config = apps.get_app_config("tools")
    app_config.models_module = True
    create_permissions(app_config, apps=apps, verbosity=0)
    app_config.models_module = None
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Editors")
    found = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="tools", codename__in=NAMES)
    group.permissions.add(*found)


def revoke(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name="Editors"):
        group.permissions.remove(*group.permissions.filter(codename__in=NAMES))


class Migration(migrations.Migration):
    dependencies = [("verdicts", "0007_count_the_panel"), ("tools", "0075_what_readers_send")]
    operations = [migrations.RunPython(grant, revoke)]
