"""The judge of crowds: bought votes gain nothing, and honest crowds that look like them are not thrown out."""

import random

import pytest

from voting.detector import COUNTED, DAY, DISCARDED, HOUR, Ballot, Detector, Reference, log_tail_poisson

TOOL = "tool"
BROWSERS = [f"browser {n}" for n in range(30)]


class Stream:
    """Three weeks of ordinary votes on a few tools, half of which say ship, and whatever a test adds to them."""

    def __init__(self, seed=1, share=0.5):
        self.random, self.share = random.Random(seed), share
        self.ballots, self.voters = [], 0
        self.attack, self.honest = set(), set()
        for day in range(21):
            for _ in range(40):
                self.visit(day * DAY + self.random.uniform(0, DAY))
        self.now = 21 * DAY

    def visit(self, at):
        """A reader who votes on one to four tools; every third comes back on another day."""
        voter = self.new_voter()
        place = self.home()
        times = [at] if self.random.random() < 0.7 else [at, at + self.random.uniform(1, 6) * DAY]
        for time in times:
            tools = self.random.sample([TOOL, "a", "b", "c", "d"], self.random.choice([1, 1, 2, 4]))
            for n, tool in enumerate(tools):
                self.add(time + 40 * n, voter, tool=tool, honest=True, **place)

    def new_voter(self):
        self.voters += 1
        return f"voter {self.voters}"

    def home(self):
        a, b, c = (self.random.randrange(200) for _ in range(3))
        return {"address": f"{a}.{b}.{c}", "network": f"{a}.{b}", "wide": f"{a}", "agent": self.random.choice(BROWSERS)}

    def add(self, at, voter, *, tool=TOOL, value=None, share=None, honest=False, **known):
        if value is None:
            value = 1 if self.random.random() < (self.share if share is None else share) else -1
        ballot = Ballot(
            len(self.ballots), at, voter, tool, value, **{"dwell": self.random.lognormvariate(3, 0.7)} | known
        )
        self.ballots.append(ballot)
        (self.honest if honest else self.attack).add(ballot.id)

    def crowd(self, count, hours, *, honest=False, start=None, **known):
        """People who vote on the tool and nothing else."""
        start = self.now if start is None else start
        for _ in range(count):
            place = {**self.home(), **known}
            self.add(start + self.random.uniform(0, hours) * HOUR, self.new_voter(), honest=honest, **place)

    def judged(self, days=6):
        """Return the shares of attack and of honest votes on the tool that count in the end."""
        detector, coming = Detector(), sorted(self.ballots, key=lambda it: it.at)
        end, time, n = max(it.at for it in coming) + days * DAY, 2 * HOUR, 0
        while time < end:
            while n < len(coming) and coming[n].at < time:
                detector.receive(coming[n])
                n += 1
            detector.review(time)
            time += 2 * HOUR
        self.detector = detector
        return self.counted(self.attack), self.counted(self.honest)

    def counted(self, ids):
        mine = [it for it in self.ballots if it.id in ids and it.tool == TOOL]
        return sum(it.state == COUNTED for it in mine) / len(mine) if mine else None


def test_ordinary_votes_all_count():
    attack, honest = Stream().judged()

    assert attack is None
    assert honest >= 0.995


ATTACKS = {
    "one address": {
        "count": 60,
        "hours": 3,
        "value": 1,
        "address": "x",
        "network": "x",
        "wide": "x",
        "agent": BROWSERS[0],
    },
    "one network": {"count": 80, "hours": 10, "value": 1, "network": "n", "wide": "w"},
    "paid crowd": {"count": 100, "hours": 30, "value": 1},
    "brigade": {"count": 150, "hours": 8, "value": -1},
    "drip": {"count": 150, "hours": 24 * 20, "value": 1},
}


@pytest.mark.parametrize("known", ATTACKS.values(), ids=ATTACKS)
def test_a_bought_crowd_gains_next_to_nothing_and_takes_few_with_it(known):
    stream = Stream()
    stream.crowd(**known)

    attack, honest = stream.judged()

    assert attack <= 0.15
    assert honest >= 0.93


LOOKALIKES = {
    "news surge": {"count": 400, "hours": 12, "share": 0.4},
    "newsletter fans": {"count": 120, "hours": 12, "share": 0.66},
    "classroom": {"count": 45, "hours": 1, "address": "school", "network": "school", "wide": "school"},
    "conference": {"count": 45, "hours": 3, "share": 0.45, "address": "hall", "network": "hall", "wide": "hall"},
}


@pytest.mark.parametrize("known", LOOKALIKES.values(), ids=LOOKALIKES)
def test_an_honest_crowd_counts(known):
    stream = Stream()
    stream.crowd(honest=True, **known)

    _, honest = stream.judged()

    assert honest >= 0.97


def test_a_launch_day_counts_on_a_tool_nobody_has_voted_on():
    stream = Stream()
    for ballot in stream.ballots:
        ballot.tool = "a" if ballot.tool == TOOL else ballot.tool
    stream.honest.clear()
    stream.crowd(130, 10, honest=True, share=0.75)

    assert stream.judged()[1] >= 0.97


def test_an_outrage_that_voters_with_history_share_counts_in_the_end():
    stream = Stream(share=0.7)
    regulars = [it.voter for it in stream.ballots[:400:5]]
    stream.crowd(120, 30, honest=True, share=0.15)
    for voter in regulars[:40]:
        stream.add(stream.now + stream.random.uniform(0, 40) * HOUR, voter, share=0.15, honest=True, **stream.home())

    assert stream.judged()[1] >= 0.9


def test_accounts_of_one_rare_mail_domain_that_meet_on_a_tool_are_held():
    stream = Stream()
    for n in range(5):
        stream.add(
            stream.now + n * HOUR, stream.new_voter(), value=1, account=True, domain="rare.example", **stream.home()
        )

    assert stream.judged()[0] == 0


def test_a_filled_trap_is_discarded_at_once_and_a_change_of_mind_does_not_launder_it():
    detector = Detector()

    assert detector.receive(Ballot(1, 0.0, "bot", TOOL, 1, honeypot=True)) == DISCARDED
    assert detector.receive(Ballot(2, 60.0, "bot", TOOL, -1)) == DISCARDED


def test_of_a_guest_and_an_account_that_are_one_the_later_vote_stands_with_the_worse_state():
    detector = Detector()
    detector.receive(Ballot(1, 0.0, "guest", TOOL, 1, honeypot=True))
    detector.receive(Ballot(2, 60.0, "account", TOOL, -1))

    detector.merge("guest", "account")

    [stands] = detector.now_of[TOOL].values()
    assert (stands.id, stands.voter, stands.value) == (2, "account", -1)


def test_a_percentage_needs_voters_with_history():
    detector = Detector()
    for n in range(30):
        detector.receive(Ballot(n, n * 60.0, f"new {n}", TOOL, 1))
    assert not detector.has_regulars(TOOL, DAY)

    stream = Stream()
    stream.judged()
    assert stream.detector.has_regulars(TOOL, stream.now)


def test_the_reference_allows_more_the_less_is_known():
    sure, unsure = Reference(0.6, 200, 0.25), Reference(0.6, 10, 0.8)

    assert 0.6 < sure.most(1) < unsure.most(1) < 1
    assert 0.4 < sure.most(-1) < unsure.most(-1) < 1


@pytest.mark.parametrize(("count", "mean", "chance"), [(0, 3, 1), (3, 3, 1), (10, 3, 0.0011025), (5, 0.5, 0.00017212)])
def test_a_poisson_tail_is_what_tables_say(count, mean, chance):
    from math import exp

    assert exp(log_tail_poisson(count, mean)) == pytest.approx(chance, rel=1e-3)
