"""Reports of mail providers over the web: real bodies of two of them, and what else may be posted there."""

import base64
import hashlib
import hmac
import json

import pytest

from newsletter.models import ProviderEvent, Subscriber, Suppression
from tests import factories

pytestmark = pytest.mark.django_db
SECRET, KEY = "reports:0123456789-abcdefghijklmnopqrstuvwxyz", "a-signing-key-of-mailgun"
POSTMARK = {
    "RecordType": "Bounce",
    "MessageStream": "broadcast",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Tag": "",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Metadata": {},
    "ServerID": 23,
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    "Email": "Reader@Example.org",
    "From": "digest@ship.example",
    "BouncedAt": "2026-11-23T16:33:54.9070259Z",
    "DumpAvailable": True,
    "Inactive": True,
    "CanActivate": True,
    "Subject": "Ship or skip: Cursor",
}
SPAM = POSTMARK | {
    "RecordType": "SpamComplaint",
    "ID": 42,
    "Type": "SpamComplaint",
    "TypeCode": 100001,
    "Details": "Test spam complaint details",
}
DELIVERED = {
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Recipient": "reader@example.org",
    "DeliveredAt": "2026-11-23T09:14:00Z",
    "Details": "Test delivery webhook details",
    "Tag": "",
    "ServerID": 23,
    "Metadata": {},
    "RecordType": "Delivery",
    "MessageStream": "broadcast",
}
MAILGUN = {
    "event": "failed",
    "id": "G9Bn5sl1TC6nu79C8C0bwg",
    "timestamp": 1795426434.0,
    "log-level": "error",
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {
        "attempt-no": 1,
        "message": "550 5.1.1 <reader@example.org>: Recipient address rejected: User unknown",
        "code": 550,
        "enhanced-code": "5.1.1",
        "description": "",
        "session-seconds": 0.4,
    },
    "envelope": {"sender": "digest@ship.example", "transport": "smtp", "targets": "reader@example.org"},
    "message": {
        "headers": {
            "to": "reader@example.org",
            "message-id": "2026-W48.abcdefghijklmnopqrstuvwxyz@ship.example",
            "from": "digest@ship.example",
            "subject": "Ship or skip: Cursor",
        },
        "attachments": [],
        "size": 31_000,
    },
    "recipient": "reader@example.org",
    "recipient-domain": "example.org",
    "user-variables": {},
    "tags": [],
}


@pytest.fixture(autouse=True)
def configured(settings):
    settings.MAIL_HOOKS = ["postmark", "mailgun", "brevo"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


@pytest.fixture
def reader():
    return factories.subscriber("reader@example.org")


@pytest.fixture
def post(client):
    def send(body, esp="postmark", secret=SECRET):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        login = "Basic " + base64.b64encode(secret.encode()).decode()
        return client.post(
            f"/hooks/mail/{esp}/", raw, content_type="application/json", headers={"authorization": login}
        )

    return send


def signed(event, token="a-token-of-mailgun", key=KEY):
    signature = hmac.new(key.encode(), f"1795426435{token}".encode(), hashlib.sha256).hexdigest()
    return {"signature": {"token": token, "timestamp": "1795426435", "signature": signature}, "event-data": event}


def state():
    return Subscriber.objects.get().state


def test_a_dead_address_ends_the_subscription_once_however_often_it_is_told(post, reader):
    answers = [post(POSTMARK).status_code for _ in range(10)]

    assert answers == [200] * 10
    assert (state(), Suppression.objects.get().reason, Suppression.objects.get().source) == (
        "suppressed",
        "hard",
        "postmark",
    )
    event = ProviderEvent.objects.get()
    assert (event.kind, event.detail, event.subscriber) == ("hard", {"code": "5.1.1"}, reader)


def test_a_complaint_ends_it_for_good(post, reader):
    assert post(SPAM).status_code == 200
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"Type": "SoftBounce", "Details": "smtp;452 4.2.2 The mailbox is full"}, "soft"),
        ({"Type": "HardBounce", "Details": "smtp;550 5.7.26 This mail is unauthenticated"}, "policy"),
        ({"Type": "SoftBounce", "Details": "no code at all, of 10.1.1.1"}, "soft"),
        ({"Type": "HardBounce", "Details": ""}, "hard"),
        ({"Type": "Transient", "Details": ""}, "other"),
        ({"Type": "DMARCPolicy", "Details": ""}, "policy"),
        ({"Type": "Unsubscribe", "Details": ""}, "unsubscribed"),
    ],
)
def test_each_kind_of_report_counts_as_what_it_is(post, reader, changes, kind):
    post(POSTMARK | changes)

    assert ProviderEvent.objects.get().kind == kind
    assert state() == {"hard": "suppressed", "unsubscribed": "unsubscribed"}.get(kind, "active")


def test_reports_out_of_order_make_nobody_active_again(post, reader):
    post(POSTMARK)
    assert [post(DELIVERED).status_code for _ in range(2)] == [200, 200]

    assert state() == "suppressed"
    assert ProviderEvent.objects.filter(kind="delivered").count() == 1  # it has no number of its own


def test_a_delivery_resets_the_count_of_soft_bounces(post, reader):
    Subscriber.objects.update(soft_bounce_weeks=["2026-11-02", "2026-11-09"])

    post(DELIVERED)

    assert Subscriber.objects.get().soft_bounce_weeks == []


def test_a_signed_report_says_which_issue_it_is_about(post, reader):
    issue = factories.issue("2026-11-23", number=7)

    assert post(signed(MAILGUN), "mailgun").status_code == 200
    assert (ProviderEvent.objects.get().issue_no, state()) == (issue.number, "suppressed")


def test_a_temporary_failure_is_noted_and_nothing_else(post, reader):
    status = MAILGUN["delivery-status"] | {"message": "421 4.7.0 Try again later"}
    post(signed(MAILGUN | {"severity": "temporary", "reason": "generic", "delivery-status": status}), "mailgun")

    assert (ProviderEvent.objects.get().kind, state()) == ("other", "active")


def test_a_provider_without_codes_is_taken_at_its_word(post, reader):
    post({"event": "soft_bounce", "email": "reader@example.org", "ts_epoch": 1795426434000, "reason": "full"}, "brevo")
    assert state() == "active"
    post({"event": "hard_bounce", "email": "reader@example.org", "ts_epoch": 1795426434000, "reason": "gone"}, "brevo")
    assert state() == "suppressed"


def test_an_unknown_address_is_answered_all_the_same(post):
    assert post(POSTMARK | {"Email": "stranger@example.net"}).status_code == 200
    assert post(POSTMARK | {"ID": 1, "Email": "no address"}).status_code == 200
    assert post(POSTMARK | {"ID": 2, "RecordType": "Open", "Email": "reader@example.org"}).status_code == 200
    assert ProviderEvent.objects.count() == 1


@pytest.mark.parametrize("secret", ["reports:wrong", "", "other:0123456789-abcdefghijklmnopqrstuvwxyz"])
def test_who_does_not_know_the_secret_is_refused(post, reader, secret):
    assert post(POSTMARK, secret=secret).status_code == 403
    assert state() == "active"


def test_a_wrong_signature_is_refused(post, reader):
    assert post(signed(MAILGUN, key="another-key"), "mailgun").status_code == 403
    assert post({"event-data": MAILGUN}, "mailgun").status_code == 403
    assert state() == "active"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b'"x"', b"{", b'{"RecordType": "Inbound"}'])
def test_a_body_that_is_no_report_is_refused(post, body):
    assert post(body).status_code == 400


def test_a_body_of_five_megabytes_is_not_read(post):
    assert post(b"x" * 5_000_000).status_code == 413


def test_there_is_no_such_page_unless_the_settings_name_the_provider(post, client, settings):
    assert post(POSTMARK, "sparkpost").status_code == 404
    settings.MAIL_HOOKS = []
    assert post(POSTMARK).status_code == 404
    assert client.head("/hooks/mail/postmark/").status_code == 404


def test_a_provider_that_looks_whether_the_page_is_there_finds_it(client):
    assert client.head("/hooks/mail/postmark/").status_code == 200
    assert client.get("/hooks/mail/postmark/").status_code == 405
