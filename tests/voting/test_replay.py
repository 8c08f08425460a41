"""`replay_votes`: a recorded stream through the real models; and what a pass decides does not hang on when it began."""

import csv
import json
import random

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from tests import factories
from voting import counting
from voting.casting import cast
from voting.models import Case, Vote, Voter, VoteSignal

pytestmark = pytest.mark.django_db
BEGINS = 1767225600  # midnight


def event(at, cookie, value=1, **fields):
    told = {
        "cookie": cookie,
        "cookie_issued": BEGINS,
        "ip": "203.0.113.9",
        "ua": "Browser/1",
        "account": "",
        "account_created": 0,
        "email_domain": "",
        "tool": "one",
        "referrer": "",
        "dwell": 20.0,
        "pages": 1,
        "honeypot": 0,
    }
    return {**told, "ts": BEGINS + at, "value": value, **fields}


def small_stream():
    """Two days of readers who come back, then a crowd that says ship, in two parts with a night between."""
    chance = random.Random(5)
    events = []
    for n in range(24):
        ip = f"198.51.{n}.7"
        for tool, at in (("two", n * 7000), ("one", n * 7000 + 30 * 3600)):
            events.append(event(at, f"reader {n}", 1 if n % 2 else -1, tool=tool, ip=ip))
    for n in range(50):
        at = 60 * 3600 + chance.uniform(0, 5) * 3600 + (12 * 3600 if n > 35 else 0)
        events.append(event(at, f"bought {n}", 1, ip=f"192.{n}.2.7", ua=f"Browser/{n % 7}"))
    events.sort(key=lambda it: it["ts"])
    return [{"id": n, **it} for n, it in enumerate(events)]


def replayed(tmp_path, events, **options):
    source, out = tmp_path / "events.jsonl", tmp_path / "decisions.csv"
    source.write_text("".join(json.dumps(it) + "\n" for it in events), encoding="utf-8")
    call_command("replay_votes", source, decisions=out, **options)
    with out.open(encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["ts", "event_id", "state"]
    return rows[1:]


def last_states(rows):
    return {int(row[1]): row[2] for row in rows if not row[1].startswith("tool:")}


def test_a_bought_crowd_is_held_and_readers_who_come_back_count(tmp_path):
    events = small_stream()

    rows = replayed(tmp_path, events)

    states = last_states(rows)
    assert set(states) == {it["id"] for it in events}
    bought = [states[it["id"]] for it in events if it["cookie"].startswith("bought")]
    assert bought.count("H") >= 0.8 * len(bought)
    assert {states[it["id"]] for it in events if it["cookie"].startswith("reader")} == {"C"}
    assert [float(row[0]) for row in rows] == sorted(float(row[0]) for row in rows)
    assert Case.objects.exists()
    assert counting.drifts() == []
    assert counting.replay() == []
    assert not VoteSignal.objects.filter(vote__changed_at__lt="2025-12-25T00:00Z").exists()


def test_whether_the_detector_goes_on_or_starts_afresh_each_hour_it_decides_the_same(tmp_path):
    found = []
    for hours in (1, 5, 24):
        with transaction.atomic():
            found.append(replayed(tmp_path, small_stream(), afresh_every=hours))
            transaction.set_rollback(True)

    assert found[0] == found[1] == found[2]


def test_changes_withdrawals_traps_and_sign_ins_are_told_by_the_event_that_spoke_last(tmp_path):
    signed = {"account": "u1", "account_created": BEGINS, "email_domain": "example.org"}
    events = [
        event(10, "a", 1),
        event(20, "a", -1),
        event(30, "b", 1, honeypot=1, ip="192.0.2.1"),
        event(40, "c", 1),
        event(50, "c", 0),
        event(60, "d", 1, tool="two"),
        event(70, "d", 1, **signed),
        event(80, "e", -1, tool="two", **signed),
        event(90, "d", -1, tool="two"),
    ]

    states = last_states(replayed(tmp_path, [{"id": n, **it} for n, it in enumerate(events)]))

    assert states == {0: "C", 1: "C", 2: "D", 3: "C", 4: "C", 5: "C", 6: "C", 7: "C", 8: "C"}
    assert Voter.objects.filter(account__isnull=False).count() == 1
    assert sorted(Vote.objects.values_list("value", flat=True)) == [-1, -1, 0, 1, 1]


def test_it_is_refused_where_there_are_votes_and_for_a_stream_that_is_none(tmp_path):
    with pytest.raises(CommandError, match="cannot be told"):
        replayed(tmp_path, [{"id": 1}])
    cast(factories.guest(), factories.tool(), 1)
    with pytest.raises(CommandError, match="holds votes"):
        replayed(tmp_path, small_stream())
