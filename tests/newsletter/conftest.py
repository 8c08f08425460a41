"""Asking for the mail as a reader does, its jobs run at once."""

import re
import time

import pytest
from django.core import mail, signing
from django.core.cache import cache

from config.celery import app


@pytest.fixture
def jobs_run_at_once(settings):
    """Where a broker is set too: what these tests are about is the job, not the way to it."""
    app.conf.update(task_always_eager=True)
    yield
    app.conf.update(task_always_eager=settings.CELERY_TASK_ALWAYS_EAGER)


@pytest.fixture
def stamp():
    """Make the stamp of a form that was rendered a while ago."""
    return lambda age=10: signing.Signer(salt="voting.guarding.SubscribeForm").sign(f"{time.time() - age:.1f}")


@pytest.fixture
def send(client, stamp, jobs_run_at_once, django_capture_on_commit_callbacks):
    """Post a form as a reader at its page does."""

    def post(path, data=None, *, client=client, **more):
        cache.clear()
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(path, {"stamp": stamp()} | (data or {}), **more)

    return post


@pytest.fixture
def link():
    """Return the path of the link that a mail holds: of the last one, unless it says to whom."""

    def of(name, to=""):
        message = [it for it in mail.outbox if not to or it.to == [to]][-1]
        return re.search(rf"http://testserver(/newsletter/{name}/\S+)", message.body)[1]

    return of
