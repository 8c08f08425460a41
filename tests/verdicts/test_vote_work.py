"""Work that votes are asked for under alert: spent once, for one tool, by one voter, within minutes; and the way without."""

import base64
import datetime
import json
import re
import time

import altcha
import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests import factories
from voting import alert, counting, guests, integrity, stamps, work
from voting.casting import cast
from voting.models import Round, SpentWork, Tally, Vote, Voter, VoteSignal
from voting.origins import Origin
from voting.settling import WAITS

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def cheap(db, monkeypatch):
    """One derivation in two solves it: what is tested is who may use a solution, not how long it takes."""
    cache.clear()
    monkeypatch.setattr(work, "COST", 1)
    monkeypatch.setattr(work, "PREFIX", "")
    yield
    assert counting.drifts() == []


@pytest.fixture
def rushed(settings):
    settings.VOTE_PROOF_OF_WORK = "always"


@pytest.fixture
def tool():
    return factories.tool("Cursor")


def solved(challenge):
    found = altcha.Challenge.from_dict(challenge)
    return altcha.Payload(found, altcha.solve_challenge(found)).to_base64()


def post(client, tool, stamp, *, choice="ship", **extra):
    headers = {name: extra.pop(name) for name in list(extra) if name.startswith("HTTP_")}
    return client.post(f"/tools/{tool.slug}/vote/", {"choice": choice, "stamp": stamp, **extra}, **headers)


def asked(client, tool, stamp):
    answer = post(client, tool, stamp, **JSON)
    assert answer.status_code == 428
    return answer.json()


def counted():
    return list(Vote.objects.values_list("value", "state", "reason"))


# When work is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "usual", "expected"),
    [(0, 0, False), (29, 0, False), (30, 0, True), (30, 1, True), (30, 7, False), (200, 30, True), (200, 50, False)],
)
def test_an_alert_takes_many_votes_and_far_more_than_usual(hour, usual, expected):
    assert alert.is_unusual(hour, usual, alert.OF_A_TOOL) is expected


def test_a_sudden_rush_on_one_tool_is_an_alert_there_and_nowhere_else(tool, monkeypatch):
    monkeypatch.setattr(alert, "OF_A_TOOL", 8)
    monkeypatch.setattr(alert, "OF_THE_SITE", 1_000)
    other, now = factories.tool("Aider"), timezone.now()
    for hours in (20, 40, 60):
        cast(factories.guest(), tool, 1, origin=Origin("192.0.2.1"), at=now - datetime.timedelta(hours=hours))
    assert not alert.is_on(tool.pk)
    for n in range(16):
        cast(factories.guest(), tool, 1, origin=Origin(f"198.51.100.{n}"))
    assert not alert.is_on(tool.pk)  # the answer holds for a moment
    cache.clear()

    assert (alert.is_on(tool.pk), alert.is_on(other.pk)) == (True, False)
    cache.clear()
    assert not alert.is_on(tool.pk, now + datetime.timedelta(hours=2))


@pytest.mark.parametrize(("setting", "expected"), [("never", False), ("always", True)])
def test_the_setting_has_the_last_word(settings, django_assert_num_queries, setting, expected):
    settings.VOTE_PROOF_OF_WORK = setting

    with django_assert_num_queries(0):
        assert alert.is_on(1) is expected


def test_without_an_alert_nobody_is_asked(client, tool):
    stamp = stamps.stamp("cursor", stamps.new_nonce())

    assert post(client, tool, stamp, **JSON).status_code == 200
    assert (counted(), VoteSignal.objects.get().pow) == ([(1, 0, "")], False)


# Solving it --------------------------------------------------------------------------------------


def test_a_vote_that_brings_the_work_counts_at_once(rushed, client, tool):
    stamp = stamps.stamp("cursor", stamps.new_nonce())
    found = asked(client, tool, stamp)
    assert not Voter.objects.exists()  # asking leaves nothing behind
    assert re.fullmatch(r"/static/js/work(\.\w+)?\.js", found["script"])

    answer = post(client, tool, stamp, work=solved(found["work"]), **JSON)

    assert answer.status_code == 200
    assert (counted(), VoteSignal.objects.get().pow) == ([(1, 0, "")], True)


def test_a_solution_is_taken_once_even_by_its_own_voter(rushed, client, tool):
    stamp = stamps.stamp("cursor", stamps.new_nonce())
    solution = solved(asked(client, tool, stamp)["work"])
    post(client, tool, stamp, work=solution, **JSON)

    again = post(client, tool, stamp, work=solution, choice="skip", **JSON)

    assert (again.status_code, counted()) == (428, [(1, 0, "")])
    assert "already sent with this check" in again.json()["errors"]["work"][0]["message"]


def test_another_solution_of_a_spent_challenge_is_a_replay_too(rushed, client, tool):
    stamp = stamps.stamp("cursor", stamps.new_nonce())
    challenge = altcha.Challenge.from_dict(asked(client, tool, stamp)["work"])
    first, second = (altcha.solve_challenge(challenge, counter_start=start) for start in (0, 1_000))
    post(client, tool, stamp, work=altcha.Payload(challenge, first).to_base64(), **JSON)

    again = post(client, tool, stamp, work=altcha.Payload(challenge, second).to_base64(), **JSON)

    assert first.counter != second.counter
    assert (again.status_code, SpentWork.objects.count()) == (428, 1)


def test_nobody_else_and_no_other_tool_can_use_a_solution(rushed, client, tool):
    other, stamp = factories.tool("Aider"), stamps.stamp("cursor", stamps.new_nonce())
    solution = solved(asked(client, tool, stamp)["work"])

    elsewhere = post(client, other, stamps.stamp("aider", stamps.new_nonce()), work=solution, **JSON)
    somebody = post(Client(), tool, stamps.stamp("cursor", stamps.new_nonce()), work=solution, **JSON)

    for answer in (elsewhere, somebody):
        assert answer.status_code == 428
        assert "belongs to another one" in answer.json()["errors"]["work"][0]["message"]
    assert (counted(), SpentWork.objects.count()) == ([], 0)


def test_a_solution_runs_out_within_ten_minutes(rushed, client, tool):
    assert work.HOLDS.total_seconds() <= 600
    with time_machine.travel(timezone.now() - work.HOLDS - datetime.timedelta(minutes=1)):
        stamp = stamps.stamp("cursor", stamps.new_nonce())
        solution = solved(asked(client, tool, stamp)["work"])

    answer = post(client, tool, stamp, work=solution, **JSON)

    assert (answer.status_code, counted()) == (428, [])
    assert "took too long" in answer.json()["errors"]["work"][0]["message"]


def altered(solution, **changes):
    found = json.loads(base64.b64decode(solution))
    found["challenge"]["parameters"] |= changes
    return base64.b64encode(json.dumps(found).encode()).decode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda it: altered(it, cost=0, keyPrefix=""),
        lambda it: altered(it, expiresAt=9_999_999_999),
        lambda it: altered(it, expiresAt=None),
        lambda it: altered(it, data={"tool": "cursor"}),
        lambda it: altered(it, keySignature="00"),
        lambda it: altered(it, algorithm="SHA-1"),
        lambda it: it[:-8],
        lambda it: base64.b64encode(b'{"challenge": null, "solution": []}').decode(),
        lambda it: base64.b64encode(b"[" * 1_000).decode(),
        lambda it: "x" * 3_000,
        lambda it: "\x00",
        lambda it: "é",
    ],
)
def test_what_was_tampered_with_is_refused(rushed, client, tool, damage):
    stamp = stamps.stamp("cursor", stamps.new_nonce())
    solution = solved(asked(client, tool, stamp)["work"])

    answer = post(client, tool, stamp, work=damage(solution), **JSON)

    assert answer.status_code in {400, 428}
    assert (counted(), SpentWork.objects.count()) == ([], 0)


def test_a_guest_who_has_voted_solves_for_the_same_cookie(rushed, client, tool):
    stamp = stamps.stamp("cursor", stamps.new_nonce())
    post(client, tool, stamp, work=solved(asked(client, tool, stamp)["work"]), **JSON)
    later = stamps.stamp("cursor", stamps.new_nonce())

    answer = post(client, tool, later, work=solved(asked(client, tool, later)["work"]), choice="skip", **JSON)

    assert (answer.status_code, counted()) == (200, [(-1, 0, "")])


def test_what_has_run_out_is_forgotten(tool):
    now = timezone.now()
    for name, minutes in (("old", -1), ("new", 4)):
        SpentWork.objects.create(challenge=name, expires_at=now + datetime.timedelta(minutes=minutes))

    assert work.forget_spent() == 1
    assert list(SpentWork.objects.values_list("pk", flat=True)) == ["new"]


# Without script ----------------------------------------------------------------------------------


def test_without_script_the_vote_is_taken_and_waits_for_the_next_pass(rushed, client, tool):
    Round.objects.create(at=timezone.now())
    assert "yours counts after the next check" in client.get("/tools/cursor/vote/?choice=ship").text

    answer = post(client, tool, stamps.stamp("cursor", stamps.new_nonce(), at=time.time() - 30))

    assert (answer.status_code, counted()) == (303, [(1, Vote.State.HELD, WAITS)])
    assert (Tally.objects.get().ships, Tally.objects.get().held) == (0, 1)
    integrity.check(timezone.now() + datetime.timedelta(hours=1))
    assert counted() == [(1, Vote.State.COUNTED, "")]


def test_where_no_passes_are_made_the_vote_without_work_counts_at_once(rushed, client, tool):
    assert "after the next check" not in client.get("/tools/cursor/vote/?choice=ship").text

    post(client, tool, stamps.stamp("cursor", stamps.new_nonce()))

    assert counted() == [(1, 0, "")]


def test_a_vote_that_counted_before_the_alert_is_changed_without_losing_that(client, tool, settings):
    post(client, tool, stamps.stamp("cursor", stamps.new_nonce()))
    settings.VOTE_PROOF_OF_WORK = "always"

    post(client, tool, stamps.stamp("cursor", stamps.new_nonce()), choice="skip")

    assert counted() == [(-1, 0, "")]


def test_the_voter_in_a_challenge_is_not_the_one_in_the_database(rushed, client, tool):
    nonce = stamps.new_nonce()

    found = asked(client, tool, stamps.stamp("cursor", nonce))

    text = json.dumps(found)
    assert nonce not in text
    assert guests.mac_of(nonce).hex()[:16] not in text
