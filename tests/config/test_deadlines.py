"""Nobody outside can hold a process for ever: every client gives up by itself, on settings that are there for it."""

import datetime
import json
import os
import socket
import threading

import pytest
import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from kombu import Connection
from kombu.exceptions import OperationalError

from config import celery, environment
from config.beat import Scheduler
from tests import afresh
from tests.config.test_environment import PRODUCTION, python, settings_of
from voting.guarding import Throttle

MOST_SECONDS = 30


@pytest.fixture
def silent():
    """The port of a server that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def ends(act):
    """Run it in a thread and return what it raised; AssertionError when it waits for ever."""
    raised = []

    def go():
        try:
            act()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    thread.join(2 * MOST_SECONDS)
    assert not thread.is_alive(), "it waits for ever"
    return raised[0] if raised else None


def test_a_broker_that_hangs_holds_nobody(silent):
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert 0 < options["socket_timeout"] <= 5
    assert 0 < options["socket_connect_timeout"] <= 5

    with Connection(f"redis://127.0.0.1:{silent}/0", transport_options=options) as connection:
        error = ends(
            lambda: connection.ensure_connection(
                max_retries=1, interval_start=0, reraise_as_library_errors=True, timeout=5
            )
        )
        error = error or ends(lambda: connection.SimpleQueue("x").put("y"))

    assert isinstance(error, OperationalError | redis.TimeoutError)


def test_a_cache_that_hangs_holds_nobody_and_is_left_alone_for_a_while(silent, monkeypatch):
    options = {"OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}}
    hanging = RedisCache(f"redis://127.0.0.1:{silent}/0", options)
    asked = []
    monkeypatch.setattr("voting.guarding.Window.cache", hanging)
    monkeypatch.setattr(hanging, "get", lambda *it, get=hanging.get: asked.append(1) or get(*it))
    throttle = Throttle("deadlines", "1/h")
    try:
        assert [throttle.wait("somebody") for _ in range(5)] == [0] * 5
        assert len(asked) == 1
    finally:
        Throttle.paused_until = 0.0


def test_the_database_has_a_deadline_for_connecting_waiting_in_the_pool_and_for_the_statements_of_pages():
    databases = settings_of("DATABASES", **PRODUCTION | {"DATABASE_URL": "postgres://me@db/site"})[0]
    options = databases["default"]["OPTIONS"]

    assert options["connect_timeout"] <= 5
    assert options["pool"]["timeout"] <= 5
    assert options["tcp_user_timeout"] <= 30_000
    assert "idle_in_transaction_session_timeout=300s" in options["options"]
    assert "statement_timeout=0s" in options["options"]  # for jobs and commands
    assert "jit=off" in options["options"]
    assert "random_page_cost=1.1" in options["options"]


def test_pages_give_up_on_a_statement_and_commands_do_not():
    code = "import config.wsgi; from django.conf import settings; print(settings.STATEMENT_SECONDS)"
    here = {"DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "", "CELERY_BROKER_URL": ""}
    done = afresh.python(code, os.environ | here)

    assert done.stdout.split() == ["30"], done.stderr


def test_the_cache_and_the_mail_server_have_deadlines(monkeypatch):
    [caches] = settings_of("CACHES", **PRODUCTION | {"CACHE_URL": "redis://cache/0"})
    monkeypatch.setenv("MAIL_URL", "smtp+tls://mail.example:587")

    assert caches["default"]["OPTIONS"] == {"socket_timeout": 1, "socket_connect_timeout": 1}
    assert environment.mailer("MAIL_URL", "")["OPTIONS"]["timeout"] <= MOST_SECONDS


def test_sign_in_providers_have_a_deadline():
    from allauth.socialaccount import app_settings

    assert 0 < app_settings.REQUESTS_TIMEOUT <= 10


def test_errors_are_told_to_sentry_from_a_thread_with_a_deadline():
    code = (
        "import django; django.setup(); import json, sentry_sdk; client = sentry_sdk.get_client();"
        "print(json.dumps([type(client.transport).__name__, client.transport.TIMEOUT, client.options['shutdown_timeout']]))"
    )
    done = python(code, **PRODUCTION | {"SENTRY_DSN": "https://key@127.0.0.1/1"})
    kind, timeout, at_the_end = json.loads(done.stdout)

    assert "Http" in kind
    assert timeout <= MOST_SECONDS
    assert at_the_end <= 5


# The clock


def scheduler(tmp_path):
    return Scheduler(app=celery.app, schedule_filename=str(tmp_path / "schedule"))


def test_jobs_that_last_ran_in_the_future_are_not_waited_for(tmp_path):
    kept = scheduler(tmp_path)
    ahead = celery.app.now() + datetime.timedelta(days=1)
    for entry in kept.schedule.values():
        entry.last_run_at = ahead
    kept.close()

    again = scheduler(tmp_path)

    assert again.schedule
    assert all(entry.last_run_at < ahead for entry in again.schedule.values())
    assert again.schedule["newsletter-tick"].is_due().next <= 60
    again.close()


def test_a_clock_that_is_set_back_while_beat_runs_is_noticed(tmp_path):
    beat = scheduler(tmp_path)
    beat.populate_heap()
    ahead = celery.app.now() + datetime.timedelta(days=1)
    for entry in beat.schedule.values():
        entry.last_run_at = ahead

    beat.come_back()

    assert beat._heap is None  # what comes next is reckoned anew
    assert all(entry.last_run_at < ahead for entry in beat.schedule.values())
    beat.close()


def test_the_site_uses_that_scheduler():
    assert celery.app.conf.beat_scheduler == "config.beat:Scheduler"
