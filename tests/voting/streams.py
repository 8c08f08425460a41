"""Small streams of votes through the real models, at a clock of their own."""

import datetime
import random

from tests import factories
from voting import integrity
from voting.casting import cast
from voting.models import Case, Tally, Vote
from voting.origins import Origin

START = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


class Site:
    """A tool that readers with history have voted on for weeks, half of them ship; and passes, every hour or on demand."""

    def __init__(self, seed=1, regulars=16):
        self.random = random.Random(seed)
        self.tool, self.other = factories.tool(), factories.tool()
        self.now = START
        for n in range(regulars):
            reader, before = factories.guest(), START - 13 * DAY + n * 12 * HOUR
            cast(reader, self.other, self.random.choice([1, -1]), origin=self.home(), at=before - 2 * DAY)
            cast(reader, self.tool, 1 if n % 2 else -1, origin=self.home(), at=before)
        self.check()

    def home(self, **known):
        a, b = self.random.randrange(1, 200), self.random.randrange(250)
        browser = f"Browser/{self.random.randrange(12)}"
        return Origin(**{"address": f"203.{a}.{b}.7", "user_agent": browser, "dwell_ms": 20_000} | known)

    def crowd(self, count, hours, share=1.0, **known):
        """Plan the votes of people who vote on the tool and nothing else, from now on."""
        times = sorted(self.now + self.random.uniform(0, hours) * HOUR for _ in range(count))
        return [(at, 1 if self.random.random() < share else -1, self.home(**known)) for at in times]

    def live(self, plan, hours=0, passes=1):
        """Let votes come in, with passes every hour, until they are through and some hours longer; return their keys."""
        votes, plan = [], list(plan)
        while plan or hours > 0:
            ends = self.now + HOUR
            while plan and plan[0][0] < ends:
                at, value, origin = plan.pop(0)
                votes.append(cast(factories.guest(), self.tool, value, origin=origin, at=at).vote_id)
            hours -= not plan
            self.now = ends
            for _ in range(passes):
                self.check()
        return votes

    def check(self):
        return integrity.check(self.now)

    def counted(self, votes):
        return Vote.objects.filter(pk__in=votes, state=Vote.State.COUNTED).count() / len(votes)

    def case(self):
        return Case.objects.get()

    def tally(self):
        return Tally.objects.get(tool=self.tool)
