"""Another address for the mail: both have to agree, and nobody learns who else reads it."""

import datetime

import pytest
from django.core import mail

from newsletter import leaving, tokens, watching
from newsletter.addresses import fingerprint
from newsletter.models import Confirmation, ConsentEvent, Subscriber
from tests import factories

pytestmark = pytest.mark.django_db
FORMER, NEW = "former@example.org", "new@example.org"


@pytest.fixture
def reader():
    return factories.subscriber(FORMER, topics=0, frequency="monthly", soft_bounce_weeks=["2026-11-02"])


def preferences(reader):
    return f"/newsletter/p/{tokens.preferences_token(reader.public_id, 0, reader.token_version)}/"


@pytest.fixture
def ask(send, reader):
    return lambda email=NEW: send(preferences(reader) + "address/", {"email": email})


def now(reader):
    reader.refresh_from_db()
    return reader.email


@pytest.mark.parametrize("order", [(FORMER, NEW), (NEW, FORMER)])
def test_the_mail_moves_once_both_addresses_have_agreed(ask, client, reader, link, order):
    ask()
    first, second = (link("move", to=address) for address in order)

    assert [client.get(path).status_code for path in (first, second)] == [200, 200]
    assert now(reader) == FORMER
    assert "One more to go" in client.post(first).text
    assert now(reader) == FORMER
    assert "The mail has moved" in client.post(second).text

    assert (now(reader), reader.email_norm, bytes(reader.address_hmac)) == (NEW, NEW, fingerprint(NEW))
    assert (reader.state, reader.frequency, reader.soft_bounce_weeks) == ("active", "monthly", [])
    assert [client.post(path).status_code for path in (first, second)] == [410, 410]


def test_what_was_agreed_is_written_down_without_an_address(ask, client, reader, link):
    ask()
    client.post(link("move", to=FORMER))
    client.post(link("move", to=NEW))

    events = [(event.kind, bytes(event.address_hmac), event.detail) for event in ConsentEvent.objects.all()]
    assert events == [
        ("requested", fingerprint(FORMER), {"to": fingerprint(NEW).hex()}),
        ("moved", fingerprint(NEW), {"former": fingerprint(FORMER).hex()}),
    ]


def test_links_of_older_mails_unsubscribe_but_open_no_preferences(ask, client, reader, link):
    older, leave = preferences(reader), f"/newsletter/u/{tokens.unsubscribe_token(reader.public_id, 1)}/"
    ask()
    client.post(link("move", to=FORMER))
    client.post(link("move", to=NEW))

    assert client.get(older).status_code == 404
    assert client.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    now(reader)
    assert reader.state == "unsubscribed"


def test_whoever_reads_the_mail_at_the_new_address_is_told_so_and_nothing_moves(ask, reader):
    there = factories.subscriber(NEW)

    ask()

    assert [message.to for message in mail.outbox] == [[NEW]]
    assert "already" in mail.outbox[0].subject
    assert (now(reader), now(there)) == (FORMER, NEW)


def test_the_answer_is_the_same_whatever_is_known_of_the_new_address(ask, reader):
    factories.subscriber("active@example.org")
    factories.subscriber("gone@example.org", state="unsubscribed")
    leaving.suppress(factories.subscriber("bad@example.org").address_hmac, reason="hard", source="test")
    leaving.erase(factories.subscriber("erased@example.org"))
    names = [f"{it}@example.org" for it in ("new", "active", "gone", "bad", "erased", "former")]

    answers = [ask(name) for name in [*names, "a@mailinator.com", "abuse@example.org"]]

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert [message.to for message in mail.outbox] == [
        [FORMER],
        ["new@example.org"],
        ["active@example.org"],
        [FORMER],
        ["gone@example.org"],
    ]


@pytest.mark.parametrize("there", ["pending", "unsubscribed"])
def test_a_new_address_that_left_or_never_confirmed_can_take_over(ask, client, reader, link, there):
    other = factories.subscriber(NEW, state=there)
    leaving.consenting.note(other, "requested", form="page")
    ask()
    client.post(link("move", to=NEW))
    client.post(link("move", to=FORMER))

    assert now(reader) == NEW
    assert Subscriber.objects.count() == 1
    assert ConsentEvent.objects.filter(address_hmac=fingerprint(NEW), form="page").count() == 1


@pytest.mark.parametrize("what", ["subscribes", "complains", "leaves", "late", "newer"])
def test_what_happens_before_both_have_agreed_ends_the_move(ask, client, reader, link, what):
    ask()
    first, second = link("move", to=FORMER), link("move", to=NEW)
    client.post(first)
    if what == "subscribes":
        factories.subscriber(NEW)
    elif what == "complains":
        leaving.suppress(fingerprint(NEW), reason="complaint", source="test")
    elif what == "leaves":
        leaving.unsubscribe(reader, form="page")
    elif what == "late":
        Confirmation.objects.filter(used_at=None).update(expires_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    else:
        ask("third@example.org")

    assert client.post(second).status_code == 410
    assert now(reader) == FORMER


def test_agreements_to_two_different_moves_move_nothing(ask, client, reader, link):
    ask()
    client.post(link("move", to=FORMER))
    ask("third@example.org")

    assert "One more to go" in client.post(link("move", to="third@example.org")).text
    assert now(reader) == FORMER


def test_an_address_that_is_typed_wrong_is_explained_at_its_field(ask, reader):
    answer = ask("new@")

    assert answer.status_code == 400
    assert 'id="move-error">That is not an e-mail address.' in answer.text
    assert not mail.outbox


def test_a_mailbox_is_asked_three_times_a_day_at_most(ask):
    for number in range(6):
        ask(f"new{number}@example.org")

    assert len(mail.outbox) == 6


def test_erasing_ends_the_move_and_forgets_the_new_address(ask, client, reader, link):
    ask()
    second = link("move", to=NEW)
    leaving.erase(reader)

    assert client.post(second).status_code == 404
    assert not Confirmation.objects.exists()


def test_what_is_followed_moves_along(ask, client, reader, link):
    watching.follow(reader, [factories.tool("Cursor")], form="test")
    ask()
    client.post(link("move", to=NEW))
    client.post(link("move", to=FORMER))

    assert [str(follow) for follow in Subscriber.objects.get(email=NEW).follows.all()] == ["Cursor"]
