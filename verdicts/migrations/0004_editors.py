"""The group *Editors*: just the rights that writing for the site needs."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "tools": {
        "category": ["view", "add", "change"],
        "tool": ["view", "add", "change"],
        "formerslug": ["view"],
        "factkind": ["view", "add", "change"],
        "fact": ["view", "add", "change"],
        "price": ["view", "add", "change"],
    },
    "verdicts": {
        "reviewer": ["view", "change"],
        "verdict": ["view", "add", "change", "publish", "withdraw"],
        "comparison": ["view", "add", "change", "publish"],
    },
}


def create_group(apps, schema_editor):
    # Permissions are made after all migrations have run, which is too late for a group that needs them now.
    for label in RIGHTS:
        app_config = apps.get_app_config(label)
        app_config.models_module = True
        create_permissions(app_config, apps=apps, verbosity=0)
        app_config.models_module = None
    permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Editors")
    for label, models in RIGHTS.items():
        for model, verbs in models.items():
            names = [f"{verb}_{model}" for verb in verbs]
            found = permission.objects.filter(content_type__app_label=label, codename__in=names)
            group.permissions.add(*found)


def delete_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Editors").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("verdicts", "0003_published_words_are_fixed"),
        ("tools", "0002_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(create_group, delete_group)]
