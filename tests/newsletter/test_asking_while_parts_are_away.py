"""A request for the mail while the broker or the mail server is away: what was acknowledged comes to pass."""

from smtplib import SMTPServerDisconnected

import pytest
from celery.exceptions import Retry
from django.core import mail
from kombu.exceptions import OperationalError

from newsletter import mailing, subscribing
from newsletter.addresses import parse
from newsletter.models import Confirmation, Subscriber
from newsletter.tasks import AGAIN_SECONDS, ask, request_subscription

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = ("reader@example.org", "page", "10.0.0.0/24")


@pytest.fixture
def no_broker(monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("Connection refused.")

    monkeypatch.setattr(request_subscription, "delay", refuse)


@pytest.fixture
def no_mail_server(monkeypatch):
    def refuse(*args, **kwargs):
        raise SMTPServerDisconnected("Gone.")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)


def test_without_a_broker_the_request_is_done_at_once(no_broker):
    ask(request_subscription, *ASKED)

    assert Subscriber.objects.get().state == "pending"
    assert [it.to for it in mail.outbox] == [["reader@example.org"]]


def test_without_a_mail_server_no_link_counts_among_those_sent(no_mail_server):
    for _ in range(10):
        with pytest.raises(SMTPServerDisconnected):
            subscribing.request(parse("reader@example.org"), form="page", network="")

    assert not Confirmation.objects.exists()


def test_a_worker_tries_again_in_a_minute_until_the_mail_server_is_back(monkeypatch):
    sent, confirm = [], mailing.confirm
    monkeypatch.setattr(mailing, "confirm", lambda *it: sent.append(1) or (confirm(*it) if len(sent) > 1 else fail()))

    def fail():
        raise SMTPServerDisconnected("Gone.")

    queued = []
    monkeypatch.setattr(request_subscription, "retry", lambda **it: queued.append(it) or Retry())
    request_subscription.push_request(called_directly=False, is_eager=False, args=ASKED, kwargs={})
    try:
        with pytest.raises(Retry):
            request_subscription.run(*ASKED)
        request_subscription.run(*ASKED)
    finally:
        request_subscription.pop_request()

    assert [it["countdown"] for it in queued] == [AGAIN_SECONDS]
    assert len(mail.outbox) == 1
