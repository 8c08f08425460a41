"""Logs: what a person needs to follow a request into its job, and never a secret."""

import json

from config.celery import app
from tests.config.test_environment import PRODUCTION, python

SECRETS = {
    "SECRET_KEY": "sekrit-key-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "DATABASE_URL": "postgres://shipper:sekrit-of-the-database@127.0.0.1:1/site",
    "CACHE_URL": "redis://:sekrit-of-the-cache@127.0.0.1:1/0",
    "CELERY_BROKER_URL": "redis://:sekrit-of-the-broker@127.0.0.1:1/1",
    "MAIL_URL": "smtp://shipper:sekrit-of-the-mail@127.0.0.1:1",
    "GITHUB_CLIENT_ID": "an-id",
    "GITHUB_SECRET": "sekrit-of-github",
    "METRICS_TOKEN": "sekrit-of-the-metrics",
    "NEWSLETTER_KEYS": "1:sekrit-of-the-newsletter-0123456789abcdef",
    "NEWSLETTER_ADDRESS_KEY": "sekrit-of-the-addresses-0123456789abcdef",
    "SENTRY_DSN": "https://sekritofsentry@127.0.0.1:1/1",
    "LOG_LEVEL": "DEBUG",
}
EVERYTHING_FAILS = """
import logging, django
django.setup()
import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import connection
from django.test import Client
from newsletter.tasks import request_subscription
log = structlog.get_logger("test")

def broken(request):
    key, everything = settings.SECRET_KEY, dict(settings.DATABASES)
    raise RuntimeError("It broke.")

acts = [
    connection.ensure_connection,
    lambda: cache.get("a"),
    lambda: send_mail("a", "b", None, ["a@example.org"]),
    lambda: request_subscription.delay("a@example.org", "page", ""),
    lambda: broken(None),
]
for act in acts:
    try:
        act()
    except Exception:
        log.exception("it failed")
        logging.getLogger("plain").exception("it failed")
client = Client(raise_request_exception=False, headers={"host": "ship.example"})
for path in ("/", "/healthz", "/metrics", "/newsletter/"):
    client.get(path, secure=True)
print("done")
"""


def run(code, **environment):
    return python(code, **PRODUCTION | environment)


def test_no_secret_is_in_what_is_logged_when_everything_fails():
    done = run(EVERYTHING_FAILS, **SECRETS)

    assert done.stdout.endswith("done\n"), done.stderr[-3000:]
    assert done.stderr.count("it failed") >= 10
    found = [line[:600] for line in (done.stdout + done.stderr).splitlines() if "sekrit" in line]
    assert found == []


CHAIN = """
import django, json
django.setup()
import structlog
from config import urls
from config.celery import app
from django.http import HttpResponse
from django.test import Client
from django.urls import path
app.conf.task_always_eager = False
app.conf.broker_url = "memory://"

@app.task
def job():
    pass

def view(request):
    job.delay()
    return HttpResponse(structlog.contextvars.get_contextvars()["request_id"])

urls.urlpatterns.append(path("chain/", view))
headers = {"host": "ship.example", "x-request-id": "made-up-by-a-reader"}
request = Client(headers=headers).get("/chain/", secure=True).text
with app.connection() as connection:
    message = connection.SimpleQueue("celery").get(timeout=5)
print(json.dumps([request, message.headers["__django_structlog__"]["request_id"]]))
"""


def test_a_job_carries_the_id_of_the_request_that_asked_for_it():
    done = run(CHAIN, DATABASE_URL="sqlite://:memory:", PAGE_CACHE_MEGABYTES="0")
    assert done.returncode == 0, done.stderr[-3000:]
    of_request, of_job = json.loads(done.stdout)

    assert of_job == of_request != "made-up-by-a-reader"
    assert "DjangoStructLogInitStep" in {step.__name__ for step in app.steps["worker"]}


def test_no_line_about_a_request_tells_where_it_came_from():
    code = """
import django; django.setup()
from django.test import Client
Client(headers={"host": "ship.example"}, REMOTE_ADDR="192.0.2.77").get("/livez", secure=True)
"""

    done = run(code, DATABASE_URL="sqlite://:memory:", LOG_LEVEL="DEBUG")

    assert "request_finished" in done.stderr
    assert "192.0.2.77" not in done.stderr
