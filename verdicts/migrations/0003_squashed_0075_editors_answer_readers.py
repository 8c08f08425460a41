"""The group *Editors*: just the rights that writing for the site, answering readers and deciding held votes need."""

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
        "factreport": ["view", "change"],
        "toolrequest": ["view", "change"],
    },
    "verdicts": {
        "reviewer": ["view", "change"],
        "verdict": ["view", "add", "change", "publish", "withdraw"],
        "comparison": ["view", "add", "change", "publish"],
    },
    "voting": {
        "case": ["view", "change"],
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
        names = [f"{verb}_{model}" for model, verbs in models.items() for verb in verbs]
        group.permissions.add(*permission.objects.filter(content_type__app_label=label, codename__in=names))


def delete_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Editors").delete()


class Migration(migrations.Migration):
    replaces = [
        ("verdicts", "0004_editors"),
        ("verdicts", "0075_editors_answer_readers"),
        ("voting", "0061_editors_look_at_cases"),
    ]

    dependencies = [
        ("verdicts", "0002_squashed_0076_pages_know_base_rates"),
        ("voting", "0002_squashed_0060_work_that_was_spent"),
        ("tools", "0001_squashed_0092_list_of_a_licence"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(create_group, delete_group)]
