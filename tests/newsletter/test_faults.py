"""When a part is away in the middle of an issue, or when a reader asks: nobody is lost, and nobody is misled."""

import contextlib
import datetime
import hashlib
import html
import re
from collections import Counter
from email import message_from_bytes
from email.policy import default

import pytest
import time_machine
from django.db import DatabaseError, connection
from kombu import pools

from config.celery import app
from newsletter import leaving, pace, tokens
from newsletter.freezing import freeze
from newsletter.importing import import_subscribers
from newsletter.models import ConsentEvent, Delivery, Issue, LinkHit, SendBatch, SendControl, Subscriber
from tests import factories
from tests.config.test_services import marked, needs_postgres
from tests.newsletter.smtp_server import Server
from tests.newsletter.test_sending import HOUR, frozen, send, sender

AFTER_THE_LEASE = HOUR + datetime.timedelta(minutes=2)
STAMPED = {"email": "reader@example.org"}


def digests(server):
    """Return how many copies of how many different mails each recipient got."""
    copies, different = Counter(server.recipients), {}
    for recipient, text in server.messages:
        different.setdefault(recipient, set()).add(hashlib.sha256(text).digest())
    return {who: (count, len(different[who])) for who, count in copies.items()}


# The database ---------------------------------------------------------------------------------


@marked(needs_postgres)
def test_a_connection_to_the_database_that_breaks_before_the_mark_repeats_that_mail_only(transactional_db):
    """Case 8. The server has taken the third mail, and the ledger does not know it."""
    import psycopg

    frozen(*"abcdef")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [own] = cursor.fetchone()
    where = connection.connection.info

    def breaks(recipient, text):
        if recipient == "c@example.org" and server.recipients.count(recipient) == 1:
            with psycopg.connect(
                host=where.host, port=where.port, user=where.user, password=where.password, dbname=where.dbname
            ) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [own])

    with Server(record=breaks) as server:
        with pytest.raises((DatabaseError, psycopg.Error)):
            send(server)
        connection.close()
        assert server.recipients == [f"{name}@example.org" for name in "abc"]
        send(server, at=AFTER_THE_LEASE)

    assert digests(server) == {f"{name}@example.org": (2 if name == "c" else 1, 1) for name in "abcdef"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.SENT}


FULL = {
    "postgresql": """
        CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER disk_is_full BEFORE UPDATE ON newsletter_delivery FOR EACH ROW
        WHEN (NEW.seq >= 2) EXECUTE FUNCTION disk_is_full();
    """,
    "sqlite": """
        CREATE TRIGGER disk_is_full BEFORE UPDATE ON newsletter_delivery WHEN NEW.seq >= 2
        BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;
    """,
}
EMPTIED = {
    "postgresql": "DROP TRIGGER disk_is_full ON newsletter_delivery; DROP FUNCTION disk_is_full()",
    "sqlite": "DROP TRIGGER disk_is_full",
}


def test_a_disk_that_is_full_stops_the_sending_and_a_free_one_lets_it_go_on(transactional_db):
    """Case 14. What cannot be written down is not sent: one mail at most is in doubt."""
    frozen(*"abcdef")
    with connection.cursor() as cursor:
        cursor.execute(FULL[connection.vendor])
    try:
        with Server() as server:
            with pytest.raises(Exception, match=r"disk is full|No space left"):
                send(server)
            assert server.recipients == [f"{name}@example.org" for name in "abc"]
            assert Delivery.objects.filter(state=Delivery.State.SENT).count() == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute(EMPTIED[connection.vendor])
    with Server() as again:
        send(again, at=AFTER_THE_LEASE)

    assert again.recipients == [f"{name}@example.org" for name in "cdef"]
    assert dict(again.messages)["c@example.org"] == dict(server.messages)["c@example.org"]


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.mark.django_db
def test_a_worker_that_dies_when_all_is_sent_but_the_batch_is_open_repeats_nothing():
    """Case 4."""
    issue = frozen(*"abc")
    with Server() as server:
        worker = sender(server)
        worker.transport.after = lambda: die if len(server.messages) == 3 else None

        def die():
            raise Killed

        # The last mark comes before the death: the transport goes on to ask for more.
        with time_machine.travel(HOUR, tick=False), contextlib.suppress(Killed):
            worker.work()
        assert SendBatch.objects.get().state == "leased"
        send(server, at=AFTER_THE_LEASE)

    assert sorted(server.recipients) == [f"{name}@example.org" for name in "abc"]
    assert SendBatch.objects.get(issue=issue).state == "done"
    assert SendBatch.objects.get().takeovers == 1


# Redis ----------------------------------------------------------------------------------------


@pytest.fixture
def nobody_listens(settings):
    """The cache and the broker are at an address where nobody answers."""
    dead = "redis://127.0.0.1:9"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"{dead}/0",
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
    before = {name: app.conf[name] for name in ("broker_url", "broker_write_url", "task_always_eager")}
    _broker(broker_url=f"{dead}/1", broker_write_url=f"{dead}/1", task_always_eager=False)
    yield
    _broker(**before)


def _broker(**changes):
    app.conf.update(changes)
    pools.reset()
    app._pool = app.amqp._producer_pool = None


@pytest.mark.django_db
def test_with_redis_away_a_reader_is_answered_as_ever_and_an_issue_goes_out_all_the_same(nobody_listens, client, stamp):
    """Case 7."""
    frozen(*"abc")
    body = STAMPED | {"stamp": stamp()}

    page = client.post("/newsletter/subscribe/", body)
    told = client.post("/newsletter/subscribe/", body, content_type="application/json")
    with Server() as server:
        send(server)

    assert (page.status_code, told.status_code) == (202, 202)
    assert Subscriber.objects.get(email="reader@example.org").state == "pending"
    assert len(server.recipients) == 3


@pytest.mark.django_db
def test_confirmations_never_wait_in_the_queue_of_a_digest():
    """Case 57: how long they wait is then a matter of their own worker alone."""
    app.loader.import_default_modules()
    queues = {
        name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks if name.startswith("newsletter")
    }

    assert {queues[f"newsletter.jobs.{name}"] for name in ("freeze_issue", "send_batch", "finish_issue")} == {
        "mail_bulk"
    }
    assert {name for name, queue in queues.items() if queue == "mail_tx"} >= {
        "newsletter.tasks.request_subscription",
        "newsletter.tasks.request_move",
        "newsletter.jobs.tick",
    }


# The rate -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_four_workers_share_one_rate_and_a_new_one_takes_its_place_in_the_line():
    """Case 58. Places in the line are what a rate is made of; whoever sleeps until its own keeps it to the message."""
    SendControl.get()
    SendControl.objects.update(rate=50)
    slept = []
    workers = [pace.Pace(slept.append) for _ in range(4)]
    workers[0].wait("example.org")
    start = SendControl.objects.get().next_at  # the end of the first reservation

    for number in range(400):
        if number == 200:
            workers[1] = pace.Pace(slept.append)  # killed and started anew: what it held is not used
        workers[number % 4].wait("example.org")

    reserved = SendControl.objects.get().next_at - start
    assert 400 / 50 - 0.1 <= reserved <= (400 + 2 * 4 * 5) / 50
    assert max(slept) == pytest.approx(8, abs=1.5)


# Readers --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_reader_erased_while_the_issue_goes_out_is_gone_from_everywhere_for_good(send_form):
    """Case 54."""
    issue = frozen(*"abcdef")
    reader = Subscriber.objects.get(email="f@example.org")
    with Server() as server:
        server.after = lambda: leaving.erase(reader)
        send(server, at=HOUR)
        send(server, at=AFTER_THE_LEASE)

    assert server.recipients.count("f@example.org") <= 1
    assert not Delivery.objects.filter(address="f@example.org").exists()
    assert not Subscriber.objects.filter(email="f@example.org").exists()
    assert import_subscribers(["address\n", "F@example.org\n"], source="list").suppressed == 1
    assert send_form("f@example.org").status_code == 202
    assert Subscriber.objects.get(pk=reader.pk).state == "erased"
    with time_machine.travel(HOUR + datetime.timedelta(days=5), tick=False):
        factories.reviewed_tool("Aider")
    with time_machine.travel(HOUR + datetime.timedelta(days=6, hours=9), tick=False):
        following = freeze(factories.issue("2026-12-07").pk)
    assert (issue.recipient_count, following.recipient_count) == (6, 5)


@pytest.fixture
def send_form(send):
    return lambda email: send("/newsletter/subscribe/", {"email": email})


@pytest.mark.django_db
def test_a_scanner_that_opens_every_link_of_a_digest_changes_nothing(client):
    """Case 34, of the digest; that of the confirmation is in test_subscribing."""
    frozen("a")
    with Server() as server:
        send(server)
    Issue.objects.update(state="done", finished_at=HOUR)
    mail = message_from_bytes(server.messages[0][1], policy=default)
    bodies = "".join(html.unescape(part.get_content()) for part in mail.walk() if not part.is_multipart())
    paths = set(re.findall(r"http://testserver(/[^\s\"'<>)]*)", bodies + mail["List-Unsubscribe"]))
    before = Subscriber.objects.values_list().get()

    statuses = {
        path: {getattr(client, verb)(path).status_code for verb in ("get", "head", "options")} for path in paths
    }

    assert len(paths) > 5
    assert all(found <= ({302, 405} if "/l/" in path else {200, 405}) for path, found in statuses.items()), statuses
    assert not LinkHit.objects.exists()
    assert Subscriber.objects.values_list().get() == before
    assert not ConsentEvent.objects.exists()


@pytest.mark.django_db
def test_one_click_works_in_the_form_that_mail_programs_send_without_a_host_that_knows_cookies(client):
    """Case 37, over HTTP/1.0 and with an empty body beside the field."""
    reader = factories.subscriber()
    path = f"/newsletter/u/{tokens.unsubscribe_token(reader.public_id, 1)}/"

    answer = client.post(
        path, {"List-Unsubscribe": "One-Click"}, SERVER_PROTOCOL="HTTP/1.0", headers={"origin": "null"}
    )

    assert (answer.status_code, answer.headers.get("Location")) == (200, None)
    assert Subscriber.objects.get().state == "unsubscribed"
