"""The command that says what is wrong, and only what is."""

import datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests import factories
from voting.casting import cast
from voting.models import Round


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
    ("hours", "code", "words"), [(None, 0, "Nobody has looked"), (4, 1, "last look"), (1, 0, "ok")]
)
def test_votes_that_nobody_looks_at_are_told_of(db, alone, hours, code, words):
    cast(factories.guest(), factories.tool(), 1)
    if hours:
        Round.objects.create(at=timezone.now() - datetime.timedelta(hours=hours))

    found, said = doctor()

    assert (found, words in said) == (code, True)


def test_a_cache_and_a_broker_that_are_away_are_named(db, settings):
    settings.CACHE_URL, settings.CELERY_TASK_ALWAYS_EAGER = "redis://127.0.0.1:1/0", True

    code, said = doctor()

    assert code == 1
    assert "The cache does not answer" in said


def test_a_migration_that_was_not_applied_is_named(transactional_db, alone):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'verdicts' AND name LIKE '0007%'")
    try:
        code, said = doctor()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) "
                "VALUES ('verdicts', '0007_count_the_panel', CURRENT_TIMESTAMP)"
            )

    assert code == 1
    assert "migrations have not been applied" in said
