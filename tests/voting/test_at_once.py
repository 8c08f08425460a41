"""Voters who act in the same instant, with real threads: nothing counted twice, nothing lost, nobody refused."""

import random
import threading
from contextlib import suppress

import pytest
from django.db import connections
from django.db.models import Count

from tests import factories
from tests.config.test_services import marked, needs_postgres, shared_database
from voting import counting, integrity, judging
from voting.casting import VoterGone, cast
from voting.erasing import delete_votes, forget_voter
from voting.merging import NotMergeable, merge, undo_merge
from voting.models import Tally, Vote, Voter
from voting.origins import Origin

__all__ = ["shared_database"]  # a fixture


def at_once(jobs):
    """Run jobs in threads that start together, each with a connection of its own; return what they raised."""
    start, errors, model = threading.Barrier(len(jobs)), [], connections["default"]
    plain = {**model.settings_dict, "OPTIONS": {k: v for k, v in model.settings_dict["OPTIONS"].items() if k != "pool"}}

    def run(job):
        connections["default"] = own = type(model)(plain, "default")
        try:
            start.wait(timeout=60)
            job()
        except Exception as error:
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return errors


def all_is_exact():
    doubles = Vote.objects.values("voter", "tool").annotate(n=Count("pk")).filter(n__gt=1)
    return counting.drifts() == [] and counting.replay() == [] and not doubles.exists()


class Crowd:
    """One thread's share of a busy evening: whatever can happen to votes, in any order."""

    def __init__(self, seed, tools, guests, accounts):
        self.random = random.Random(seed)
        self.tools, self.guests, self.accounts = tools, guests, accounts

    def __call__(self):
        for _ in range(40):
            act = self.random.choice(
                [self.vote] * 6 + [self.judge, self.judge, self.undo, self.sign_in, self.erase, self.look]
            )
            with suppress(VoterGone, NotMergeable):  # someone else was quicker: an answer, not an error
                act()

    def anybody(self):
        return self.random.choice(self.guests + self.accounts)

    def vote(self):
        value = self.random.choice([1, 1, -1, 0])
        cast(
            self.anybody(), self.random.choice(self.tools), value, origin=Origin(f"192.0.2.{self.random.randint(1, 9)}")
        )

    def judge(self):
        votes = list(Vote.objects.values_list("pk", flat=True).order_by("?")[:10])
        state = self.random.choice(Vote.State.choices)[0]
        judging.decide(votes, Vote.State(state), actor="rule:R4", reason="test", case_id=self.random.randint(1, 9))

    def look(self):
        integrity.check()

    def undo(self):
        judging.undo(self.random.randint(1, 9), actor="staff:1")

    def sign_in(self):
        guest = self.random.choice(self.guests)
        if self.random.random() < 0.3:
            undo_merge(guest, actor="staff:1")
        else:
            merge(guest, self.random.choice(self.accounts))

    def erase(self):
        self.random.choice([delete_votes, forget_voter])(self.anybody())


@marked(needs_postgres)
def test_sixteen_threads_of_everything_leave_no_error_and_no_drift(shared_database):
    tools = [factories.tool() for _ in range(3)]
    guests, accounts = [factories.guest() for _ in range(8)], [factories.account() for _ in range(4)]

    errors = at_once([Crowd(seed, tools, guests, accounts) for seed in range(16)])

    assert errors == []
    assert all_is_exact()
    assert Vote.objects.exists()


def test_a_few_threads_of_everything_leave_no_drift_on_any_database(shared_database):
    tools = [factories.tool() for _ in range(2)]
    guests, accounts = [factories.guest() for _ in range(3)], [factories.account()]

    errors = at_once([Crowd(seed, tools, guests, accounts) for seed in range(3)])

    assert errors == []
    assert all_is_exact()


@pytest.mark.parametrize("values", [[1], [1, -1]])
def test_twenty_simultaneous_clicks_of_one_reader_are_one_vote(shared_database, values):
    tool, reader = factories.tool(), factories.guest()

    errors = at_once([lambda n=n: cast(reader, tool, values[n % len(values)]) for n in range(20)])

    assert errors == []
    tally = Tally.objects.get()
    assert tally.ships + tally.skips == Vote.objects.count() == 1
    assert Voter.objects.get().tools_voted == 1
    assert all_is_exact()


def test_counting_anew_while_readers_vote_finds_and_makes_no_drift(shared_database):
    tool, readers = factories.tool(), [factories.guest() for _ in range(24)]
    cast(readers[0], tool, 1)
    Tally.objects.update(ships=40)

    def recount():
        for _ in range(5):
            counting.repair(counting.drifts())

    clicks = [lambda part=n: [cast(it, tool, 1) for it in readers[part::3]] for n in range(3)]
    assert at_once([*clicks, recount]) == []

    counting.repair(counting.drifts())
    assert Tally.objects.get().ships == 24
    assert all_is_exact()
