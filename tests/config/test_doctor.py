"""The command that says what is wrong, and only what is."""

import datetime
import os
import time
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from config import staleness
from newsletter import schedule, ticking
from newsletter.models import Issue
from tests import factories
from voting import alarms
from voting.casting import cast
from voting.models import Round, Salt, Tally
from voting.tasks import recount


def doctor():
    """Return the exit code and the lines."""
    said = StringIO()
    try:
        call_command("doctor", stdout=said)
    except SystemExit as end:
        return end.code, said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def alone(settings):
    """No cache and no broker to ask."""
    settings.CACHE_URL, settings.CELERY_TASK_ALWAYS_EAGER = "", True


def test_a_site_on_one_machine_is_well(db, alone):
    code, said = doctor()

    assert code == 0
    assert "The database answers" in said
    assert "error" not in said


def test_a_lost_trigger_is_named(db, alone):
    with connection.cursor() as cursor:
        on = " ON tools_price" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER tools_price_touch_update{on}")

    code, said = doctor()

    assert code == 1
    assert "changes of tools_price: their triggers are missing" in said


def test_a_public_site_is_told_of_mail_that_reaches_nobody_and_of_sample_content(db, alone, settings):
    settings.IS_HTTPS = True
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.filebased.EmailBackend"}}
    factories.tool(is_sample=True)

    code, said = doctor()

    assert code == 1
    assert "Mail goes to a file" in said
    assert "Sample content stands on a public site" in said


@pytest.mark.parametrize(
    ("hours", "level", "words"), [(None, "warning", "Nobody has looked"), (4, "error", "last look"), (1, "ok", "at")]
)
def test_votes_that_nobody_looks_at_are_told_of(db, hours, level, words):
    assert list(staleness._passes()) == []
    cast(factories.guest(), factories.tool(), 1)
    if hours:
        Round.objects.create(at=timezone.now() - datetime.timedelta(hours=hours))

    [found] = staleness._passes()

    assert (found.level, words in found.words) == (level, True)


def test_a_cache_and_a_broker_that_are_away_are_named(db, settings):
    settings.CACHE_URL, settings.CELERY_TASK_ALWAYS_EAGER = "redis://127.0.0.1:1/0", True

    code, said = doctor()

    assert code == 1
    assert "The cache does not answer" in said


def test_a_migration_that_was_not_applied_is_named(transactional_db, alone):
    loader, recorder = MigrationLoader(connection), MigrationRecorder(connection)
    [last] = loader.graph.leaf_nodes("verdicts")
    names = [last, *loader.get_migration(*last).replaces]
    for name in names:
        recorder.record_unapplied(*name)
    try:
        code, said = doctor()
    finally:
        for name in names:
            recorder.record_applied(*name)

    assert code == 1
    assert "migrations have not been applied" in said


def long_ago(**ago):
    return timezone.now() - datetime.timedelta(**ago)


@pytest.fixture
def nothing_remembered():
    cache.clear()
    yield
    cache.clear()


def test_a_recount_that_did_not_happen_and_one_that_found_something_are_told(db, alone, nothing_remembered):
    cache.set(alarms.KEY, (time.time() - 50 * 3600, 2, 1), timeout=None)

    code, said = doctor()

    assert code == 1
    assert "last recounted 50 hours ago" in said
    assert "mended 2 tallies, and 1 votes are not what the log says" in said


def test_the_nightly_job_tells_what_it_found(db, alone, nothing_remembered):
    tool = factories.tool()
    factories.votes(tool, 3, 1)
    Tally.objects.filter(pk=tool.pk).update(ships=9)

    recount()

    assert doctor()[0] == 1
    recount()
    assert doctor()[0] == 0
    assert alarms.last().drifts == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Salt.objects.create(day=long_ago(days=20).date(), key=b"x" * 32), "longer than the fortnight"),
        (lambda: Session.objects.create(session_key="x", expire_date=long_ago(days=3)), "Sessions that ran out"),
        (lambda: factories_issue(state="missed"), "missed its hour"),
        (
            lambda: factories_issue(
                state="paused", paused_reason="The relay is full.", frozen_at=long_ago(days=1), number=7
            ),
            "is paused: The relay is full. Resume or cancel",
        ),
    ],
)
def test_what_is_stale_is_told_with_what_to_do(db, alone, make, words):
    make()

    assert words in doctor()[1]


def factories_issue(**fields):
    issue = Issue.of(schedule.period_after(long_ago(days=20)))
    Issue.objects.filter(pk=issue.pk).update(**fields)


def test_a_schedule_that_nobody_runs_is_told_where_there_are_workers(db, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False

    assert [it.words for it in staleness._clock_job()] == [
        "No next issue of the weekly mail stands ready: nobody looks at the clock. Is beat running?"
    ]

    ticking.look()
    assert list(staleness._clock_job()) == []


def test_files_that_were_not_collected_are_told(db, alone, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "staticfiles.json").write_text("{}")
    assert "newer than those collected" not in doctor()[1]

    os.utime(tmp_path / "staticfiles.json", (1, 1))

    assert "newer than those collected" in doctor()[1]
