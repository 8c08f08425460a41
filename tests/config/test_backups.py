"""A backup is made, put back elsewhere, and proved to be whole."""

import json
import os
import uuid

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from config import backups
from tests import afresh, factories
from tests.environment import TESTING
from tools.models import Touch
from verdicts.models import Verdict


@pytest.fixture
def kept(transactional_db, tmp_path, settings):
    """A backup of a small site with an uploaded file."""
    factories.reviewed_tool("Ant")
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    (settings.MEDIA_ROOT / "logo.png").write_bytes(b"picture")
    backups.make(tmp_path / "backup")
    return tmp_path / "backup"


@pytest.fixture
def elsewhere(tmp_path):
    """The address of an empty database of the same kind."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
        return
    server, _, _ = settings.DATABASE_URL.rpartition("/")
    name = f"restored_{uuid.uuid4().hex}"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield f"{server}/{name}"
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(database, *words):
    here = {"DATABASE_URL": database, "CACHE_URL": "", "CELERY_BROKER_URL": ""}
    return afresh.manage(words, os.environ | TESTING | here)


COUNT = "from verdicts.models import Verdict; print(Verdict.objects.published().count())"
OVERWRITE = "from verdicts.models import Verdict; Verdict.objects.published().update(reason='Other words')"


def test_a_restore_brings_everything_back_into_an_empty_database_and_overwrites_none_unasked(kept, elsewhere):
    done = manage(elsewhere, "restore", str(kept))

    assert done.returncode == 0, done.stderr
    assert "are back" in done.stdout
    assert manage(elsewhere, "shell", "--no-imports", "-c", COUNT).stdout.split() == ["4"]
    assert manage(elsewhere, "migrate", "--check").returncode == 0

    # What guards the data is back, too: the trigger that keeps published words as they are.
    assert manage(elsewhere, "shell", "--no-imports", "-c", OVERWRITE).returncode != 0
    assert manage(elsewhere, "doctor").returncode == 0

    refused = manage(elsewhere, "restore", str(kept))
    asked = manage(elsewhere, "restore", str(kept), "--overwrite")

    assert "The database is not empty" in refused.stderr
    assert asked.returncode == 0, asked.stderr


def test_a_damaged_backup_is_refused_before_anything_is_touched(kept, elsewhere):
    [database] = kept.glob("database.*")
    with database.open("r+b") as file:
        file.seek(200)
        file.write(b"damage")

    done = manage(elsewhere, "restore", str(kept))

    assert "The backup is damaged" in done.stderr
    assert "not empty" not in manage(elsewhere, "restore", str(kept)).stderr


def test_what_must_not_outlive_its_purpose_is_left_out(kept):
    assert Touch.objects.exists()
    rows = json.loads((kept / "manifest.json").read_text())["rows"]

    assert not set(rows) & set(backups.LEFT_OUT)
    assert rows["verdicts_verdict"] == Verdict.objects.count() == 4
    assert kept.stat().st_mode & 0o077 == 0


def test_a_backup_is_never_written_over_another(kept):
    with pytest.raises(backups.BackupError, match="not empty"):
        backups.make(kept)
