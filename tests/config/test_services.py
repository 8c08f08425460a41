"""What only real connections show: editors who act in the same instant, and jobs that a worker does elsewhere."""

import datetime
import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from tests import factories
from tests.environment import TESTING
from tools.models import Tool
from verdicts.models import Verdict
from voting.tasks import forget_expired_sessions

BASE = Path(__file__).resolve().parents[2]
ON_POSTGRES = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
WITH_BROKER = not settings.CELERY_TASK_ALWAYS_EAGER

needs_postgres = [
    pytest.mark.postgres,
    pytest.mark.skipif(not ON_POSTGRES, reason="DATABASE_URL does not name PostgreSQL"),
]
needs_worker = [
    pytest.mark.worker,
    pytest.mark.skipif(not WITH_BROKER, reason="CELERY_BROKER_URL does not name Redis"),
]


def marked(marks):
    def decorate(test):
        for mark in marks:
            test = mark(test)
        return test

    return decorate


# At the same time ----------------------------------------------------------------------------------


@pytest.fixture
def shared_database(transactional_db, tmp_path):
    """A database that several threads can use: the test's own, or on SQLite, where that lives in memory, a copy in a file."""
    if ON_POSTGRES:
        yield
        return
    memory = connections["default"]
    memory.ensure_connection()
    path = tmp_path / "shared.sqlite3"
    with sqlite3.connect(path) as copy:
        memory.connection.backup(copy)
    connections["default"] = type(memory)({**memory.settings_dict, "NAME": str(path)}, "default")
    yield
    connections["default"].close()
    connections["default"] = memory


def at_once(*jobs):
    """Run jobs in threads that start together; return what each one returned or raised."""
    start = threading.Barrier(len(jobs))
    results = [None] * len(jobs)
    model = connections["default"]

    def run(place, job):
        connections["default"] = own = type(model)(model.settings_dict, "default")
        try:
            own.ensure_connection()
            start.wait(timeout=60)
            results[place] = job()
        except Exception as error:
            results[place] = error
        finally:
            own.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return results


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def of_one_persona():
    return list(Verdict.objects.order_by("number").values_list("number", "state"))


def test_two_editors_who_publish_one_draft_publish_it_once(shared_database):
    draft = factories.verdict(factories.tool(), published=False)

    results = at_once(*[Verdict.objects.get(pk=draft.pk).publish] * 4)

    assert results == [None] * 4
    assert of_one_persona() == [(1, "published")]
    assert Verdict.objects.get().edits == 1


def test_of_two_first_drafts_for_one_persona_one_stands(shared_database):
    tool = factories.tool()
    factories.verdict(tool, "skeptic", published=False)

    results = at_once(*[lambda: factories.verdict(Tool.objects.get(), published=False) for _ in range(2)])

    assert Verdict.objects.filter(reviewer__slug="builder").count() == 1
    [refused] = [result for result in results if not isinstance(result, Verdict)]
    assert isinstance(refused, IntegrityError | ValidationError)


@pytest.mark.parametrize("published", [True, False])
def test_of_two_editors_who_revise_at_once_one_is_told_of_the_conflict(shared_database, published):
    seen = factories.verdict(factories.tool(), published=published)

    def revise(words):
        return lambda: Verdict.objects.get(pk=seen.pk).revise(seen_edits=seen.edits, reason=words).reason

    results = at_once(revise("Words of one."), revise("Words of the other."))

    [kept] = [result for result in results if isinstance(result, str)]
    assert kinds(results) == ["EditConflict", "str"]
    assert Verdict.objects.drafts().get().reason == kept


def test_a_verdict_that_is_revised_while_it_is_published_has_one_published_text(shared_database):
    draft = factories.verdict(factories.tool(), published=False)
    mine, theirs = Verdict.objects.get(pk=draft.pk), Verdict.objects.get(pk=draft.pk)

    results = at_once(mine.publish, lambda: theirs.revise(seen_edits=draft.edits, reason="Other words."))

    assert Verdict.objects.published().count() == 1
    assert kinds(results) in (["EditConflict", "NoneType"], ["NoneType", "Verdict"])


def test_a_verdict_withdrawn_while_its_revision_is_published_leaves_one_text(shared_database):
    first = factories.verdict(factories.tool())
    revision = first.revise(seen_edits=first.edits, decision="skip", revision_note="It broke.")
    old, new = Verdict.objects.get(pk=first.pk), Verdict.objects.get(pk=revision.pk)
    editor = factories.editor()

    results = at_once(lambda: old.withdraw(by=editor, reason="Wrong tool."), new.publish)

    assert of_one_persona() in ([(1, "withdrawn"), (2, "published")], [(1, "superseded"), (2, "published")])
    assert kinds(results) in (["NoneType", "NoneType"], ["NoneType", "ValidationError"])


def test_an_editor_who_comes_second_by_an_instant_never_overwrites(shared_database):
    """Many rounds, so that the threads meet in as many orders as they can."""
    seen = factories.verdict(factories.tool(), published=False)
    for _ in range(5):
        edits = Verdict.objects.get().edits

        def revise(edits=edits):
            return Verdict.objects.get().revise(seen_edits=edits, reason=f"Seen at {edits}.")

        results = at_once(revise, revise, revise)

        assert kinds(results) == ["EditConflict", "EditConflict", "Verdict"]
    assert Verdict.objects.get(pk=seen.pk).edits == seen.edits + 5


@marked(needs_postgres)
def test_more_threads_than_pooled_connections_wait_for_their_turn(shared_database):
    factories.tool()
    most = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]

    def ask(_):
        try:
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT count(*) FROM tools_tool, pg_sleep(0.05)")
                return cursor.fetchone()[0]
        finally:
            connections["default"].close()  # back to the pool, as after a request

    with ThreadPoolExecutor(3 * most) as threads:
        assert list(threads.map(ask, range(3 * most))) == [1] * (3 * most)


@marked(needs_postgres)
def test_editors_of_different_verdicts_do_not_wait_for_each_other(shared_database):
    tool = factories.tool()
    drafts = [factories.verdict(tool, slug, published=False) for slug in factories.PERSONAS]

    assert at_once(*[draft.publish for draft in drafts]) == [None] * 4
    assert Verdict.objects.published().count() == 4


# Elsewhere -----------------------------------------------------------------------------------------


@pytest.fixture
def broker(transactional_db, tmp_path_factory):
    """The broker for one test at a time, also when tests run in several processes: they would answer each other's pings."""
    with (tmp_path_factory.getbasetemp().parent / "broker.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def health(client):
    response = client.get("/healthz")
    return response.status_code, response.text


@pytest.fixture
def worker(broker, client, tmp_path):
    """A Celery worker of its own, on the database of this test. Comes when it answers, and is gone afterwards."""
    database = urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    services = {
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "CACHE_URL": settings.CACHE_URL,
    }
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config.celery",
        "worker",
        "--pool",
        "solo",
        "--loglevel",
        "WARNING",
    ]
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(command, cwd=BASE, env=os.environ | TESTING | services, stdout=log, stderr=log)
    try:
        until(lambda: import_module("config.celery").app.control.ping(timeout=1), process, tmp_path / "worker.log")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(is_so, process, log, seconds=90):
    """Wait until something is so; fail with the worker's words when it does not come to be."""
    end = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


def session(expires):
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["reader"] = "someone"
    store.set_expiry(expires)
    store.save()
    return store


@marked([*needs_worker, *needs_postgres])
def test_a_worker_forgets_expired_sessions_and_keeps_live_ones(worker, tmp_path):
    live = session(timezone.now() + datetime.timedelta(days=1))
    dead = session(timezone.now() - datetime.timedelta(days=1))
    rows = dead.model.objects

    forget_expired_sessions.delay()

    until(lambda: not rows.filter(pk=dead.session_key).exists(), worker, tmp_path / "worker.log")
    assert list(rows.values_list("pk", flat=True)) == [live.session_key]


@marked(needs_worker)
def test_health_fails_where_no_worker_answers(broker, client):
    status, text = health(client)

    assert status == 500
    assert "Celery workers unavailable" in text


@marked([*needs_worker, *needs_postgres])
def test_health_is_good_with_a_worker(worker, client):
    assert health(client)[0] == 200
