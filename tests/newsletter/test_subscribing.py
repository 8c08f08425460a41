"""Asking for the mail, confirming, choosing, leaving: what a reader, a machine and a stranger can do."""

import datetime
import json
import re
import time

import pytest
from django.core import mail, signing
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from config.celery import app
from newsletter import leaving, subscribing, tokens
from newsletter.models import Confirmation, ConsentEvent, ConsentText, Subscriber, Suppression
from tests import factories

pytestmark = pytest.mark.django_db
SUBSCRIBE = "/newsletter/subscribe/"


@pytest.fixture(autouse=True)
def empty_throttles():
    cache.clear()


@pytest.fixture(autouse=True)
def jobs_run_at_once(settings):
    """Where a broker is set too: what these tests are about is the job, not the way to it."""
    app.conf.update(task_always_eager=True)
    yield
    app.conf.update(task_always_eager=settings.CELERY_TASK_ALWAYS_EAGER)


def stamp(age=10):
    return signing.Signer(salt="voting.guarding.SubscribeForm").sign(f"{time.time() - age:.1f}")


@pytest.fixture
def ask(client, django_capture_on_commit_callbacks):
    def post(email="reader@example.org", client=client, **fields):
        cache.clear()
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(SUBSCRIBE, {"email": email, "stamp": stamp()} | fields)

    return post


def link(name, of=-1):
    return re.search(rf"http://testserver(/newsletter/{name}/\S+)", mail.outbox[of].body)[1]


def test_a_reader_asks_confirms_and_is_subscribed(ask, client):
    response = ask("Reader@Example.org")
    path = link("confirm")

    assert response.status_code == 202
    assert Subscriber.objects.get().state == "pending"
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 200
    subscriber = Subscriber.objects.get()
    assert (subscriber.state, subscriber.email_norm) == ("active", "reader@example.org")
    assert list(ConsentEvent.objects.values_list("kind", flat=True)) == ["requested", "confirmed"]
    assert ConsentEvent.objects.filter(network="127.0.0.0/24").count() == 2


def test_the_secret_of_a_link_is_not_in_the_database(ask):
    ask()

    secret = link("confirm").split("/")[3]
    assert bytes(Confirmation.objects.get().token_hash) == tokens.digest(secret)


def test_every_address_gets_the_same_answer(ask):
    factories.subscriber("active@example.org")
    factories.subscriber("gone@example.org", state="unsubscribed")
    leaving.suppress(factories.subscriber("bad@example.org").address_hmac, reason="hard", source="test")
    leaving.erase(factories.subscriber("erased@example.org"))
    names = ["new@example.org", "active@example.org", "gone@example.org", "bad@example.org", "erased@example.org"]

    answers = [ask(name) for name in [*names, "a@mailinator.com", "abuse@example.org"]]
    trapped = ask("new2@example.org", subject_line="x")

    assert {(answer.status_code, answer.content) for answer in [*answers, trapped]} == {(202, answers[0].content)}
    assert [message.to for message in mail.outbox] == [[name] for name in names[:3]]


@pytest.mark.parametrize("fields", [{"subject_line": "x"}, {"stamp": "now"}])
def test_a_machine_is_answered_and_nothing_is_mailed(ask, fields):
    if fields.get("stamp"):
        fields = {"stamp": stamp(age=0)}

    assert ask(**fields).status_code == 202
    assert not mail.outbox
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_form_that_is_not_ours_is_refused_in_json_as_in_html(client, as_json):
    body = {"email": "a@example.org", "stamp": "forged"}
    response = client.post(
        SUBSCRIBE, json.dumps(body) if as_json else body, **({"content_type": "application/json"} if as_json else {})
    )

    assert response.status_code == 400
    assert not Subscriber.objects.exists()


def test_json_is_answered_in_json(client):
    body = json.dumps({"email": "a@example.org", "stamp": stamp()})

    response = client.post(SUBSCRIBE, body, content_type="application/json")

    assert (response.status_code, list(response.json())) == (202, ["detail"])


@pytest.mark.parametrize(
    "body", ["", "[]", "{", "nul", '{"email": 1}', '{"email": "' + "a" * 1_000_000 + '"}', "[" * 9_000]
)
def test_json_that_is_none_is_refused(client, body):
    assert client.post(SUBSCRIBE, body, content_type="application/json").status_code == 400


def test_a_stamp_is_good_for_a_few_addresses_only(client):
    cache.clear()
    same = stamp()
    for number in range(20):
        answer = client.post(
            SUBSCRIBE, {"email": f"a{number}@example.org", "stamp": same}, REMOTE_ADDR=f"10.0.{number}.1"
        )
        assert answer.status_code == 202

    assert Subscriber.objects.count() == 5


def test_an_address_that_is_typed_wrong_is_explained(client):
    response = client.post(SUBSCRIBE, {"email": "a@", "stamp": stamp()})

    assert response.status_code == 400
    assert "That is not an e-mail address." in response.text


def test_too_many_requests_from_one_address_are_told_to_wait(client):
    answers = [client.post(SUBSCRIBE, {"email": f"a{n}@example.org", "stamp": stamp(n + 5)}) for n in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_one_address_gets_three_mails_a_day_and_five_a_month(ask, time_machine):
    for day in range(4):
        time_machine.move_to(datetime.datetime(2026, 11, 1 + day, 12, tzinfo=datetime.UTC), tick=False)
        for _ in range(5):
            ask()
        if day == 0:
            assert len(mail.outbox) == 3

    assert len(mail.outbox) == 5


def test_who_is_subscribed_is_told_once_a_day(ask):
    factories.subscriber("reader@example.org")

    ask()
    ask()

    assert [message.subject for message in mail.outbox] == ["You already read Weekly AI Tool Verdicts"]


def test_a_scanner_that_follows_every_link_changes_nothing(ask, client):
    ask()

    for path in re.findall(r"http://testserver(/\S*)", mail.outbox[0].alternatives[0].content.replace('"', " ")):
        client.get(path)
        client.head(path)

    assert Subscriber.objects.get().state == "pending"


def test_a_newer_link_replaces_the_older(ask, client):
    ask()
    older = link("confirm")
    ask()

    assert client.post(older).status_code == 410
    assert client.post(link("confirm")).status_code == 200


def test_a_link_works_once_and_a_second_press_is_told_so_kindly(ask, client):
    ask()
    client.post(link("confirm"))

    again = client.post(link("confirm"))

    assert (again.status_code, "You are subscribed" in again.text) == (200, True)
    assert ConsentEvent.objects.filter(kind="confirmed").count() == 1


def test_a_link_works_for_seven_days(ask, client):
    ask()
    Confirmation.objects.update(expires_at=timezone.now())

    assert [client.get(link("confirm")).status_code, client.post(link("confirm")).status_code] == [410, 410]
    assert Subscriber.objects.get().state == "pending"


def test_a_link_of_an_erased_reader_is_unknown(ask, client):
    ask()
    leaving.erase(Subscriber.objects.get())

    assert client.post(link("confirm")).status_code == 404
    assert Subscriber.objects.get().state == "erased"


def test_a_press_from_another_site_is_refused(ask):
    ask()

    response = Client(enforce_csrf_checks=True).post(link("confirm"))

    assert response.status_code == 403
    assert Subscriber.objects.get().state == "pending"


def test_pages_behind_links_are_private(ask, client):
    ask()
    response = client.get(link("confirm"))

    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]


def test_the_confirmation_mail_byte_by_byte(ask):
    ask('"><script>@example.org')
    ask("reader@example.org", name="Buy https://spam.example now")

    [message] = mail.outbox
    raw = message.message()
    assert raw["To"] == "reader@example.org"
    assert raw["Subject"] == "Confirm: Weekly AI Tool Verdicts"
    assert raw["Auto-Submitted"] == "auto-generated"
    assert None not in (raw["Date"], raw["From"])
    assert raw["Message-ID"].endswith("@testserver>")
    assert [part.get_content_type() for part in raw.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert b"spam" not in raw.as_bytes()
    assert max(map(len, raw.as_bytes().splitlines())) <= 998


# Leaving


@pytest.mark.parametrize(
    "form",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
    ],
)
def test_one_click_ends_it_without_cookie_or_redirect(form):
    reader = factories.subscriber()
    path = f"/newsletter/u/{tokens.unsubscribe_token(reader.public_id, 3)}/"
    stranger = Client(enforce_csrf_checks=True, headers={"origin": "https://mail.example"})

    answers = [stranger.post(path, **form) for _ in range(2)]

    assert [(answer.status_code, answer.cookies.output()) for answer in answers] == [(200, "")] * 2
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"
    assert ConsentEvent.objects.get().detail == {"issue": 3}


def test_a_person_unsubscribes_with_a_button_of_our_page(client):
    reader = factories.subscriber()
    path = f"/newsletter/u/{tokens.unsubscribe_token(reader.public_id)}/"

    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert client.get(path).status_code == 200
    assert Subscriber.objects.get().state == "active"
    assert client.post(path).status_code == 200
    assert Subscriber.objects.get().state == "unsubscribed"


def test_the_link_works_years_later_and_when_the_reader_is_gone(client, time_machine):
    reader = factories.subscriber()
    path = f"/newsletter/u/{tokens.unsubscribe_token(reader.public_id, 1)}/"
    time_machine.move_to("2029-12-01")

    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    Subscriber.objects.all().delete()
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_who_left_can_come_back(ask, client):
    reader = factories.subscriber("reader@example.org")
    leaving.unsubscribe(reader, form="page")

    ask()
    client.post(link("confirm"))

    reader.refresh_from_db()
    assert (reader.state, reader.unsubscribed_at) == ("active", None)


# Preferences, export, erasure


def preferences(reader):
    return f"/newsletter/p/{tokens.preferences_token(reader.public_id)}/"


def test_a_reader_chooses_topics_how_often_and_a_pause(client):
    first, other = factories.category("agents"), factories.category("writing")
    reader = factories.subscriber()
    until = timezone.localdate() + datetime.timedelta(days=20)
    page = client.get(preferences(reader))
    bits = page.context["form"].bits

    client.post(
        preferences(reader),
        {"chosen": [bits[other.pk]], "frequency": "monthly", "tz": "Europe/Berlin", "paused_until": until},
    )

    reader.refresh_from_db()
    assert (reader.topics, reader.frequency, reader.tz, reader.paused_until) == (
        1 << bits[other.pk],
        "monthly",
        "Europe/Berlin",
        until,
    )
    assert first.pk in bits
    assert list(Subscriber.objects.mailable(timezone.localdate())) == []
    assert list(Subscriber.objects.mailable(until)) == [reader]


@pytest.mark.parametrize(
    "wrong", [{"tz": "Mars/Base"}, {"frequency": "hourly"}, {"paused_until": "2999-01-01"}, {"chosen": "99"}]
)
def test_preferences_that_make_no_sense_are_refused(client, wrong):
    reader = factories.subscriber()

    response = client.post(preferences(reader), {"frequency": "weekly", "tz": "UTC"} | wrong)

    assert response.status_code == 400


def test_an_old_version_of_a_token_opens_nothing(client):
    reader = factories.subscriber(token_version=2)

    assert client.get(preferences(reader)).status_code == 404


def test_data_is_downloaded_by_a_mailed_link(client):
    reader = factories.subscriber("reader@example.org")
    leaving.unsubscribe(factories.subscriber("stranger@example.org"), form="page")

    client.post(preferences(reader) + "export/")
    assert mail.outbox[0].to == ["reader@example.org"]
    told = client.post(link("export"))

    assert told["Content-Disposition"].startswith("attachment")
    assert told.json()["address"] == "reader@example.org"
    assert [event["what"] for event in told.json()["consent"]] == ["exported"]
    assert "stranger" not in told.text
    assert client.post(link("export")).status_code == 410


def test_erasure_leaves_a_digest_and_nothing_else(client, ask):
    reader = factories.subscriber("reader@example.org", tz="Europe/Berlin")

    client.post(preferences(reader) + "erase/")
    client.get(link("erase"))
    assert Subscriber.objects.get().state == "active"
    client.post(link("erase"))

    row = Subscriber.objects.get()
    assert (row.state, row.email, row.email_norm) == ("erased", "", None)
    assert Suppression.objects.get().reason == "erased"
    assert client.get(preferences(reader)).status_code == 404
    ask("reader@example.org")
    assert len(mail.outbox) == 1
    assert Subscriber.objects.get().state == "erased"


# What the database refuses


@pytest.mark.parametrize(
    "change", [{"state": "odd"}, {"email": ""}, {"email_norm": None}, {"confirmed_at": None}, {"frequency": "hourly"}]
)
def test_a_subscriber_that_cannot_be_is_refused_by_the_database(change):
    factories.subscriber()

    with pytest.raises(IntegrityError), transaction.atomic():
        Subscriber.objects.update(**change)


@pytest.mark.parametrize("model", [ConsentEvent, ConsentText])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_consent_is_only_added_to(model, verb):
    reader = factories.subscriber()
    subscribing.consenting.note(reader, "confirmed", text=True)
    change = "kind = 'erased'" if model is ConsentEvent else "body = ''"

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(model._meta.db_table, change))


def test_consent_outlives_the_subscriber():
    reader = factories.subscriber()
    leaving.unsubscribe(reader, form="page")

    reader.delete()

    assert ConsentEvent.objects.get().subscriber is None


def test_tokens_and_addresses_are_in_no_log(ask, client, caplog):
    caplog.set_level("DEBUG")
    ask("hidden@example.org")
    client.get(link("confirm"))
    from config.redacting import hidden

    assert "hidden@example.org" not in caplog.text
    secret = link("confirm").split("/")[3]
    assert hidden({"request": f"GET /newsletter/confirm/{secret}/"}) == {"request": "GET /newsletter/confirm/[token]/"}
