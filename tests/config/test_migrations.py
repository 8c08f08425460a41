"""The rule that lets a release be rolled out while the one before still answers: add in one release, drop in the next.

What has been refused here may be done all the same by a migration that says why it does no harm:

    SAFE_BECAUSE = "Release 1.4 stopped reading the column."
"""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from tools.migrations._operations import CreateModels

OWN = ("tools", "voting", "verdicts", "newsletter", "config")
BEFORE_THE_FIRST_RELEASE = 999  # nobody ran the site while these were made; numbers of later migrations are higher


def dangers(migration):
    """Return what in a migration the release before it would not survive, in words."""
    operations = [
        part for it in migration.operations for part in (it.state_operations if isinstance(it, CreateModels) else [it])
    ]
    made = {it.name.lower() for it in operations if isinstance(it, migrations.CreateModel)}
    found = []
    for it in operations:
        model = str(getattr(it, "model_name", "") or getattr(it, "name", "")).lower()
        if model in made:
            continue
        if isinstance(it, migrations.RemoveField | migrations.DeleteModel):
            found.append(f"{it.describe()}: the release before still reads it")
        elif isinstance(it, migrations.RenameField | migrations.RenameModel | migrations.AlterModelTable):
            found.append(f"{it.describe()}: the release before knows it by its former name")
        elif isinstance(it, migrations.AddField) and is_demanding(it.field):
            found.append(f"{it.describe()}: the release before does not fill it; give it db_default, or null")
        elif isinstance(it, migrations.AlterField) and not it.field.null and is_demanding(it.field):
            found.append(
                f"{it.describe()}: may rewrite the table under a lock, or refuse what the release before writes"
            )
    kinds = {isinstance(it, migrations.RunPython) for it in operations}
    if kinds == {True, False}:
        found.append("rows and tables are changed in one transaction: the lock lasts as long as the rows take")
    return found


def is_demanding(field):
    """Tell whether a row that says nothing about a column is refused."""
    free = field.null or field.many_to_many or field.has_db_default()
    return not free and not getattr(field, "generated", False)


def of(*operations):
    migration = migrations.Migration("0001_made_up", "tools")
    migration.operations = list(operations)
    return migration


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ([migrations.RemoveField("tool", "x")], "still reads it"),
        ([migrations.DeleteModel("Tool")], "still reads it"),
        ([migrations.RenameField("tool", "x", "y")], "former name"),
        ([migrations.RenameModel("Tool", "Thing")], "former name"),
        ([migrations.AddField("tool", "x", models.IntegerField(default=1))], "give it db_default"),
        ([migrations.AlterField("tool", "x", models.TextField())], "rewrite the table"),
        (
            [migrations.AddField("tool", "x", models.IntegerField(null=True)), migrations.RunPython(lambda *a: None)],
            "in one transaction",
        ),
    ],
)
def test_what_the_release_before_would_not_survive_is_refused(operations, words):
    assert words in " ".join(dangers(of(*operations)))


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("tool", "x", models.IntegerField(db_default=1))],
        [migrations.AddField("tool", "x", models.TextField(null=True))],
        [migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField())])],
        [
            migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))]),
            migrations.AddField("new", "x", models.IntegerField()),
        ],
        [
            CreateModels(
                state_operations=[migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])]
            ),
            migrations.AddField("new", "x", models.IntegerField()),
        ],
        [migrations.RunPython(migrations.RunPython.noop)],
        [migrations.RunSQL("SELECT 1")],
    ],
)
def test_what_only_adds_is_let_by(operations):
    assert dangers(of(*operations)) == []


def test_every_migration_since_the_first_release_can_be_rolled_out_under_the_one_before():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    assert {app for app, _ in loader.disk_migrations} & set(OWN)
    refused = {
        f"{app}.{name}": found
        for (app, name), migration in loader.disk_migrations.items()
        if app in OWN
        and int(name[:4]) > BEFORE_THE_FIRST_RELEASE
        and not getattr(migration, "SAFE_BECAUSE", "")
        and (found := dangers(migration))
    }

    assert refused == {}
