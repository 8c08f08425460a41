"""Under attack, asking for the mail costs a little computing; without scripts a few an hour pass."""

import json

import altcha
import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from newsletter import breaker, tokens
from newsletter.models import Confirmation, Subscriber
from tests import factories

pytestmark = pytest.mark.django_db
SUBSCRIBE = "/newsletter/subscribe/"


def links(count, *, used, minutes=60):
    """So many links that were mailed a while ago, and how many of them were used."""
    now = timezone.now()
    reader = factories.subscriber(state="pending")
    made = now - timezone.timedelta(minutes=minutes)
    Confirmation.objects.bulk_create(
        Confirmation(
            subscriber=reader,
            purpose="confirm",
            token_hash=tokens.new_secret()[1],
            created_at=made,
            expires_at=now + timezone.timedelta(days=7),
            used_at=now if number < used else None,
            superseded=True,
        )
        for number in range(count)
    )


@pytest.fixture
def attacked():
    cache.clear()
    links(200, used=39)


@pytest.fixture
def post(client, stamp, jobs_run_at_once, django_capture_on_commit_callbacks):
    def ask(email="reader@example.org", as_json=True, **fields):
        body = {"email": email, "stamp": stamp()} | fields
        with django_capture_on_commit_callbacks(execute=True):
            if as_json:
                return client.post(SUBSCRIBE, json.dumps(body), content_type="application/json")
            return client.post(SUBSCRIBE, body)

    return ask


def solved(said):
    """Work as the script does."""
    challenge = altcha.Challenge.from_dict(said["work"])
    found = altcha.solve_challenge(challenge)
    return altcha.Payload(challenge, found).to_base64()


def test_a_script_works_first_and_is_then_taken_as_ever(attacked, post, stamp):
    same = stamp()

    asked = post(stamp=same)
    assert (asked.status_code, sorted(asked.json())) == (428, ["detail", "script", "work"])
    assert not mail.outbox
    solution = solved(asked.json())
    assert post(stamp=same, work=solution).status_code == 202
    assert [message.to for message in mail.outbox] == [["reader@example.org"]]
    assert post("other@example.org", stamp=same, work=solution).status_code == 428  # spent
    assert post("other@example.org", stamp=stamp(20), work=solved(asked.json())).status_code == 428  # another form's


@pytest.mark.parametrize("work", ["x", "e30=", "A" * 3_000, "null"])
def test_work_that_was_not_done_counts_as_none(attacked, post, work):
    assert post(work=work).status_code == 428
    assert not Subscriber.objects.filter(email="reader@example.org").exists()


def test_without_scripts_a_few_pass_and_the_others_are_asked_to_come_later(attacked, post, monkeypatch):
    monkeypatch.setattr(breaker.WITHOUT, "rate", "2/h")

    answers = [post(f"plain{n}@example.org", as_json=False) for n in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert len(mail.outbox) == 2


def test_a_rush_asks_for_work_too_and_ends_by_itself(post, monkeypatch, time_machine):
    cache.clear()
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)
    monkeypatch.setattr(breaker.SUDDEN, "rate", "3/m")

    assert [post(f"reader{n}@example.org").status_code for n in range(4)] == [202, 202, 202, 428]
    time_machine.shift(61)
    assert post("reader4@example.org").status_code == 202


@pytest.mark.parametrize(("count", "used", "minutes"), [(199, 0, 60), (200, 40, 60), (200, 0, 20), (200, 0, 25 * 60)])
def test_what_is_usual_asks_for_nothing(post, count, used, minutes):
    cache.clear()
    links(count, used=used, minutes=minutes)

    assert post().status_code == 202


def test_the_answer_holds_for_a_minute_and_costs_one_query(attacked, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [breaker.is_tripped() for _ in range(5)] == [True] * 5


def test_following_goes_through_the_same_gate(attacked, client, stamp):
    factories.reviewed_tool("Cursor")
    body = json.dumps({"email": "reader@example.org", "stamp": stamp()})

    assert client.post("/newsletter/follow/cursor/", body, content_type="application/json").status_code == 428
