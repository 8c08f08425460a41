"""Through a real Celery worker: whatever happens to the tasks, the database decides."""

import datetime
import os
import subprocess
import sys
from importlib import import_module
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import Redis

from newsletter import jobs
from newsletter.freezing import freeze
from newsletter.models import Delivery, Issue, SendBatch, SendControl
from newsletter.schedule import period_after
from tests import factories
from tests.config.test_services import BASE, broker, marked, needs_postgres, needs_worker, until
from tests.environment import TESTING
from tests.newsletter.smtp_server import Server

__all__ = ["broker"]
RECIPIENTS = 40


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def bulk_worker(broker, server, tmp_path):
    """A worker of the queue of the weekly mail, on the database of this test."""
    database = urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    services = {
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "MAIL_BULK_URL": f"smtp://127.0.0.1:{server.port}",
    }
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-c", "2", "-Q", "mail_bulk"]
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(command, cwd=BASE, env=os.environ | TESTING | services, stdout=log, stderr=log)
    try:
        until(lambda: import_module("config.celery").app.control.ping(timeout=1), process, tmp_path / "worker.log")
        yield lambda is_so: until(is_so, process, tmp_path / "worker.log")
    finally:
        process.terminate()
        process.wait(timeout=30)


def issue_on_its_way():
    """An issue that may go out now."""
    names = sorted(f"reader{n:02}@example.org" for n in range(RECIPIENTS))
    for name in names:
        factories.subscriber(name)
    factories.reviewed_tool("Cursor")
    made = Issue.of(period_after(timezone.now() - datetime.timedelta(days=9)))
    Issue.objects.filter(pk=made.pk).update(cutoff_at=timezone.now(), sends_at=timezone.now())
    freeze(made.pk)
    SendBatch.objects.update(wave_at=timezone.now())
    return names


def is_sent():
    return Delivery.objects.filter(state=Delivery.State.SENT).count() == RECIPIENTS


@marked([*needs_postgres, *needs_worker])
def test_a_task_delivered_five_times_sends_its_batch_once(bulk_worker, server):
    names = issue_on_its_way()
    for _ in range(5):
        jobs.send_batch.delay(SendBatch.objects.get().pk)

    bulk_worker(is_sent)

    assert sorted(server.recipients) == names


@marked([*needs_postgres, *needs_worker])
def test_what_a_flushed_broker_has_lost_is_made_up_for_by_the_next_tick_and_the_issue_is_finished(bulk_worker, server):
    names = issue_on_its_way()
    SendControl.objects.update_or_create(id=1, defaults={"rate": RECIPIENTS})  # a second for all of them

    jobs.tick()
    bulk_worker(lambda: len(server.recipients) > 3)
    jobs.send_batch.delay(SendBatch.objects.get().pk)
    with Redis.from_url(settings.CELERY_BROKER_URL) as store:
        store.flushdb()
    assert not is_sent()
    jobs.tick()
    bulk_worker(is_sent)
    bulk_worker(lambda: SendBatch.objects.get().state == "done")
    jobs.tick()
    bulk_worker(lambda: Issue.objects.filter(state="done").exists())

    assert sorted(server.recipients) == names
