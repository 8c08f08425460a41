"""Bounces and complaints: who is never mailed again, and who stays."""

import datetime
import io
import sys

import pytest
from django.core.management import call_command
from django.utils import timezone

from newsletter import bouncing, leaving
from newsletter.models import ProviderEvent, Subscriber, Suppression
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DSN = b"""From: mailer-daemon@example.net
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; example.net

Final-Recipient: rfc822; reader@example.org
Action: failed
Status: %s

--b--
"""
ARF = b"""From: fbl@example.net
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
Original-Rcpt-To: <reader@example.org>

--b--
"""


@pytest.fixture
def reader():
    return factories.subscriber("reader@example.org")


def tell(kind, number=1, weeks=0, address="reader@example.org"):
    at = NOW + datetime.timedelta(weeks=weeks)
    return bouncing.record(kind, esp="test", event_id=str(number), address=address, at=at)


def state():
    return Subscriber.objects.get().state


def test_the_same_report_ten_times_is_one(reader):
    assert [tell("soft") for _ in range(10)] == [True] + [False] * 9
    assert ProviderEvent.objects.count() == 1
    assert len(Subscriber.objects.get().soft_bounce_weeks) == 1


@pytest.mark.parametrize(("kind", "reason"), [("hard", "hard"), ("complaint", "complaint")])
def test_a_dead_address_and_a_complaint_end_it(reader, kind, reason):
    tell(kind)

    assert state() == "suppressed"
    assert Suppression.objects.get().reason == reason
    assert not Subscriber.objects.mailable(timezone.localdate()).exists()


def test_a_policy_refusal_suppresses_nobody(reader):
    tell("policy")

    assert state() == "active"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("weeks", "expected"), [([0, 1], "active"), ([0, 0, 0], "active"), ([0, 2, 4], "suppressed"), ([0, 3, 6], "active")]
)
def test_three_of_the_last_five_weeks_are_too_many(reader, weeks, expected):
    for number, week in enumerate(weeks):
        tell("soft", number, week)

    assert state() == expected


def test_a_mail_that_arrives_resets_the_count(reader):
    for number, kind in enumerate(["soft", "soft", "delivered", "soft"]):
        tell(kind, number, number)

    assert state() == "active"


def test_late_news_of_a_delivery_makes_nobody_active_again_and_a_complaint_still_counts(reader):
    leaving.unsubscribe(reader, form="page")

    tell("delivered", 1)
    assert state() == "unsubscribed"
    tell("complaint", 2)
    assert Suppression.objects.exists()


def test_an_unknown_address_is_suppressed_all_the_same():
    assert tell("hard", address="stranger@example.org")
    assert Suppression.objects.count() == 1


def test_what_is_no_address_is_passed_over():
    assert not tell("hard", address="<>")


def pipe(raw, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    out = io.StringIO()
    call_command("record_bounce", stdout=out)
    return out.getvalue().strip()


@pytest.mark.parametrize(("code", "expected"), [(b"5.1.1", "suppressed"), (b"5.7.1", "active"), (b"5.2.2", "active")])
def test_a_bounce_that_is_piped_in_is_acted_on_once(reader, monkeypatch, code, expected):
    assert pipe(DSN % code, monkeypatch) == "1 reported, 1 new."
    assert state() == expected
    assert pipe(DSN % code, monkeypatch) == "1 reported, 0 new."


def test_a_complaint_that_is_piped_in_is_acted_on(reader, monkeypatch):
    assert pipe(ARF, monkeypatch) == "1 reported, 1 new."
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.parametrize("raw", [b"", b"\xff\0", b"Subject: hello\n\nNo report."])
def test_a_mail_that_is_no_report_changes_nothing(monkeypatch, raw):
    assert pipe(raw, monkeypatch) == "0 reported, 0 new."
