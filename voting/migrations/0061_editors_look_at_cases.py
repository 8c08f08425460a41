"""Editors may look at cases of held votes, and decide them."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

NAMES = ["view_case", "change_case"]


def allow(apps, schema_editor):
    # Permissions are made after all migrations have run, which is too late for a group that needs them now.
    app_config = apps.get_app_config("voting")
    app_config.models_module = True
    create_permissions(app_config, apps=apps, verbosity=0)
    app_config.models_module = None
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Editors")
    permissions = apps.get_model("auth", "Permission").objects
    group.permissions.add(*permissions.filter(content_type__app_label="voting", codename__in=NAMES))


def forbid(apps, schema_editor):
    group = apps.get_model("auth", "Group").objects.filter(name="Editors").first()
    if group:
        group.permissions.remove(*group.permissions.filter(content_type__app_label="voting", codename__in=NAMES))


class Migration(migrations.Migration):
    dependencies = [
        ("voting", "0052_unknown_voters_wait"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(allow, forbid)]
