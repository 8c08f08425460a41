"""A made-up site of any size, to see what pages and jobs cost when there is much of everything.

The same size and seed make the same rows, with dates that lie before the day it is made. Every tool says that it is
synthetic, in its name and its address, and counts as sample content. Rows are written in chunks, without history.
"""

import datetime
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F

from newsletter.models import Subscriber
from tools.models import Category, Check, Entry, Fact, FactKind, Price, State, Tool
from verdicts.models import Comparison, Decision, Evidence, Reviewer, Verdict
from verdicts.sample import loading
from voting.models import Tally, User, Vote, Voter

CHUNK = 2_000
MOST = {"tools": 1_000_000, "votes": 10_000_000, "subscribers": 5_000_000, "seed": 2_147_483_647}
PREFIX = "synthetic-"
HOST = "synthetic.invalid"  # a name that no resolver will ever know
FULL_PANEL, PART_PANEL, WITH_FACTS, WITH_PRICES = 0.10, 0.05, 0.5, 0.3
WITHDRAWN, HELD = 0.02, 0.01
CURATED = 12

QUALITIES = (
    "Amber Brisk Calm Dense Eager Frugal Gentle Hollow Keen Lucid Modest Narrow Opaque Plain Quiet Rapid".split()
)
THINGS = "Agent Board Cache Desk Engine Forge Gate Index Kernel Ledger Model Prompt Queue Router Store Tracer".split()
PURPOSES = [
    "answers from documents",
    "routes requests",
    "keeps traces",
    "runs models",
    "writes tests",
    "stores vectors",
]
REASONS = {
    Decision.SHIP: "**It does one thing and says how.** The first call worked from the documentation alone, and the "
    "errors name what to change. {thing} handles the load we gave it without surprises, the limits are written down "
    "before they are met, and the bill grows with what is used. What is missing is spelled out as well, so that "
    "nobody finds out in the second month. For a team that needs this, it is a sound default today.",
    Decision.SKIP: "**It asks for more than it gives.** The first call took several tries, because the documentation "
    "describes an older release. {thing} works in the small and slows down as soon as two people use it. The limits "
    "are met before they are read, and leaving means writing the data out by hand. Others do the same with fewer "
    "parts. It may become useful once the interface settles; until then we would not build on it.",
}


class Refused(Exception):
    """Why no synthetic site was made, in words for whoever asked."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much to make of what, and from which seed."""

    tools: int = 0
    votes: int = 0
    subscribers: int = 0
    seed: int = 1

    def __str__(self) -> str:
        return f"{self.tools:,} tools, {self.votes:,} votes and {self.subscribers:,} subscribers from seed {self.seed}"

    def check(self) -> None:
        """Raise Refused for a number that makes no sense."""
        for field in fields(self):
            if not 0 <= getattr(self, field.name) <= MOST[field.name]:
                raise Refused(f"--{field.name} must be a number from 0 to {MOST[field.name]:,}.")
        if self.votes and not self.tools:
            raise Refused("Votes need tools to be about: ask for some with --tools.")


def synthetic_tools() -> models.QuerySet[Tool]:
    """Return the tools that were made here."""
    return Tool.objects.filter(is_sample=True, slug__startswith=PREFIX)


def synthetic_subscribers() -> models.QuerySet[Subscriber]:
    return Subscriber.objects.filter(email__endswith=f".{HOST}")


def size_of_site() -> Size | None:
    """Return the size of the synthetic site in this database, None where there is none."""
    tools, subscribers = synthetic_tools(), synthetic_subscribers()
    marked = tools.values_list("homepage", flat=True).first() or subscribers.values_list("email", flat=True).first()
    if marked is None:
        return None
    seed = int(marked.split("seed-")[1].split(".")[0])
    return Size(tools.count(), Vote.objects.filter(tool__in=tools).count(), subscribers.count(), seed)


def everything(rows: Iterable[Any], description: str) -> Iterable[Any]:
    """Go through rows without showing how far one is."""
    return rows


class SyntheticSite:
    """Makes one site of a size, all of it or nothing."""

    def __init__(self, size: Size, today: datetime.date, track: Callable[..., Iterable[Any]] = everything) -> None:
        size.check()
        self.size = size
        self.track = track
        self.random = Random(size.seed)  # noqa: S311
        self.host = f"seed-{size.seed}.{HOST}"
        self.midnight = datetime.datetime.combine(today, datetime.time.min, datetime.UTC)
        self.judged: dict[int, list[int]] = {}
        self.made: Counter[str] = Counter()

    @transaction.atomic
    def make(self, *, force: bool = False) -> Counter[str]:
        """Write the rows and return how many of each kind were written: none if this very site is there already.

        Raises Refused where the database holds another synthetic site, or real tools unless `force` is set.
        """
        if not force and Tool.objects.filter(is_sample=False).exists():
            raise Refused(
                "This database holds real tools. Use an empty one; --force adds made-up content beside the real."
            )
        present = size_of_site()
        if present not in (None, self.size):
            raise Refused(f"This database already holds {present}. Use an empty one for another size or seed.")
        if present is None:
            self._make_frame()
            self._make_tools()
            self._make_comparisons()
            self._make_subscribers()
            self._date_back()
        return self.made

    # What the rows hang on

    def _make_frame(self) -> None:
        """Find the panel, the shelves, the questions and the editor; make those of the sample site where one is missing."""
        frame = loading.read(loading.FOLDER / "site.toml")
        numbered = {key: list(enumerate(frame[key])) for key in ("categories", "fact_kinds", "reviewers")}
        for model, key in ((Category, "categories"), (FactKind, "fact_kinds"), (Reviewer, "reviewers")):
            rows = [model(**row, position=position) for position, row in numbered[key]]
            model._default_manager.bulk_create(rows, ignore_conflicts=True)
        self.categories = list(Category.objects.order_by("position", "slug").values_list("pk", flat=True))
        self.kinds = list(FactKind.objects.order_by("position", "slug").values_list("pk", flat=True))
        self.panel = list(Reviewer.objects.active().order_by("position", "slug").values_list("pk", flat=True))
        account = {"name": "Synthetic editor", "password": "!"}
        self.editor, _ = User.objects.get_or_create(email=f"editor@{HOST}", defaults=account)

    def _write(self, model: type[models.Model], rows: Iterable[models.Model]) -> None:
        written = model._default_manager.bulk_create(list(rows), batch_size=CHUNK)
        self.made[str(model._meta.verbose_name_plural)] += len(written)

    # Tools and what is said about them

    def _make_tools(self) -> None:
        self.popularity = self._drawn_votes()
        self.voters = max([self.size.votes // 5, *self.popularity.values()])
        self._make_voters()
        for start in self._chunks(self.size.tools, "Tools"):
            numbers = range(start, min(start + CHUNK, self.size.tools))
            tools = [self._tool(number) for number in numbers]
            self._write(Tool, tools)
            self._write(Fact, (fact for tool in tools for fact in self._facts(tool)))
            self._write(Price, (price for tool in tools for price in self._prices(tool)))
            self._write(Verdict, (verdict for tool in tools for verdict in self._verdicts(tool)))
            votes = {tool.pk: self._votes(tool, number) for tool, number in zip(tools, numbers, strict=True)}
            self._write(Vote, (vote for cast in votes.values() for vote in cast))
            self._write(Tally, (_tally(pk, cast) for pk, cast in votes.items() if cast))

    def _chunks(self, total: int, description: str) -> Iterable[int]:
        return self.track(range(0, total, CHUNK), description=description)

    def _tool(self, number: int) -> Tool:
        quality, thing = self.random.choice(QUALITIES), self.random.choice(THINGS)
        published_at = self._moment(self.midnight - datetime.timedelta(days=720))
        home = f"https://{self.host}/{number + 1}/"
        tool = Tool(
            name=f"Synthetic {quality} {thing} {number + 1}",
            slug=f"{PREFIX}{quality}-{thing}-{number + 1}".lower(),
            tagline=f"A made-up tool that {self.random.choice(PURPOSES)}",
            description=f"**{quality} {thing}** was made up to fill the site. It {self.random.choice(PURPOSES)}.",
            category_id=self.random.choice(self.categories),
            vendor=f"Synthetic {self.random.choice(THINGS)} {self.random.randint(1, 40)}",
            homepage=home,
            licence=self.random.choice(["", "MIT", "Apache-2.0", "proprietary"]),
            entry=self.random.choice(["", *Entry.values]),
            latest_version=self.random.choice(["", f"{self.random.randint(0, 9)}.{self.random.randint(0, 30)}"]),
            state=State.PUBLISHED,
            published_at=published_at,
            is_sample=True,
            **self._claimed(published_at, home),
        )
        if self.random.random() < 0.01:
            tool.state, tool.discontinued_on = State.DISCONTINUED, self._moment(published_at).date()
        tool.worth = self.random.betavariate(4, 2)
        return tool

    def _moment(self, earliest: datetime.datetime) -> datetime.datetime:
        """Return a moment between the earliest one and the last midnight, to the second."""
        return earliest + datetime.timedelta(
            seconds=int((self.midnight - earliest).total_seconds() * self.random.random())
        )

    def _claimed(self, at: datetime.datetime, source: str) -> dict[str, object]:
        return {"check_method": Check.CLAIMED, "checked_on": at.date(), "source_url": source}

    def _facts(self, tool: Tool) -> Iterable[Fact]:
        if self.random.random() < WITH_FACTS:
            for kind in self.random.sample(self.kinds, min(3, len(self.kinds))):
                answer = self.random.choice(["yes", "no", "partial"])
                yield Fact(tool=tool, kind_id=kind, answer=answer, **self._claimed(tool.published_at, tool.homepage))

    def _prices(self, tool: Tool) -> Iterable[Price]:
        if self.random.random() < WITH_PRICES:
            day = tool.published_at.date()
            for plan in ["Standard", "Team"][: self.random.randint(1, 2)]:
                amount = Decimal(self.random.randint(5, 400))
                claimed = self._claimed(tool.published_at, tool.homepage)
                yield Price(tool=tool, plan=plan, amount=amount, starts_on=day, **claimed)

    def _verdicts(self, tool: Tool) -> Iterable[Verdict]:
        """Yield the whole panel's verdicts for some tools, one or two for some others."""
        drawn = self.random.random()
        panel = self.panel if drawn < FULL_PANEL else self.panel[: self.random.randint(1, 2)]
        if drawn >= FULL_PANEL + PART_PANEL:
            return
        if drawn < FULL_PANEL:
            self.judged.setdefault(tool.category_id, []).append(tool.pk)
        for reviewer in panel:
            decision = Decision.SHIP if self.random.random() < tool.worth else Decision.SKIP
            at = self._moment(tool.published_at)
            yield Verdict(
                tool=tool,
                reviewer_id=reviewer,
                decision=decision,
                reason=REASONS[decision].format(thing=tool.name),
                evidence=self.random.choice(Evidence.values),
                tool_version=tool.latest_version,
                tested_on=at.date(),
                editor=self.editor,
                state=Verdict.State.PUBLISHED,
                published_at=at,
                edits=1,
            )

    # Voters and votes

    def _drawn_votes(self) -> Counter[int]:
        """Return how many votes each tool gets, by its number: the n-th most popular about 1/n of the first (Zipf's law)."""
        if not self.size.votes:
            return Counter()
        ranked = list(range(self.size.tools))
        self.random.shuffle(ranked)
        weights = list(accumulate(1 / rank for rank in range(1, self.size.tools + 1)))
        return Counter(self.random.choices(ranked, cum_weights=weights, k=self.size.votes))

    def _voter_id(self, number: int) -> uuid.UUID:
        return uuid.UUID(bytes=self._digest(f"voter {number}", 16), version=4)

    def _digest(self, text: str, size: int) -> bytes:
        return hashlib.blake2b(f"synthetic {self.size.seed} {text}".encode(), digest_size=size).digest()

    def _make_voters(self) -> None:
        self.next_voter = 0
        for start in self._chunks(self.voters, "Voters"):
            numbers = range(start, min(start + CHUNK, self.voters))
            self._write(
                Voter, (Voter(id=self._voter_id(n), cookie_mac=self._digest(f"cookie {n}", 32)) for n in numbers)
            )

    def _votes(self, tool: Tool, number: int) -> list[Vote]:
        """Return the tool's votes, each by the next voter in turn: nobody comes twice, as there are enough of them."""
        cast = []
        for _ in range(self.popularity[number]):
            value = 1 if self.random.random() < tool.worth else -1
            luck = self.random.random()
            vote = Vote(tool=tool, value=0 if luck < WITHDRAWN else value, changed_at=self._moment(tool.published_at))
            vote.voter_id = self._voter_id(self.next_voter)
            vote.state = Vote.State.HELD if luck > 1 - HELD else Vote.State.COUNTED
            self.next_voter = (self.next_voter + 1) % self.voters
            cast.append(vote)
        return cast

    # The rest

    def _make_comparisons(self) -> None:
        """Write about a few pairs of tools that the whole panel has judged, so that the home page has something to lead with."""
        pairs = [pair for shelf in self.judged.values() for pair in zip(shelf[::2], shelf[1::2], strict=False)]
        texts = {f"ship_{which}_if": "the figures say so." for which in ("first", "second", "neither")}
        texts |= {"headline": "Two made-up tools, side by side", "standfirst": "Both were made up to fill the site."}
        for place, (first, second) in enumerate(sorted(pairs)[:CURATED]):
            day = self.midnight - datetime.timedelta(days=place)
            row = Comparison(first_id=first, second_id=second, featured_on=day.date(), published_at=day, **texts)
            self._write(Comparison, [row])

    def _make_subscribers(self) -> None:
        for start in self._chunks(self.size.subscribers, "Subscribers"):
            numbers = range(start, min(start + CHUNK, self.size.subscribers))
            self._write(Subscriber, [self._subscriber(number) for number in numbers])

    def _subscriber(self, number: int) -> Subscriber:
        [state] = self.random.choices(["active", "pending", "unsubscribed"], weights=[92, 5, 3])
        confirmed_at = self._moment(self.midnight - datetime.timedelta(days=720))
        return Subscriber(
            public_id=uuid.UUID(bytes=self._digest(f"subscriber {number}", 16), version=4),
            email=f"reader{number + 1}@{self.host}",
            state=state,
            confirmed_at=None if state == "pending" else confirmed_at,
        )

    def _date_back(self) -> None:
        """Let nothing be older than the day it was made, and tell PostgreSQL at once how much there is now."""
        tools = synthetic_tools()
        tools.update(created_at=F("published_at"), updated_at=F("published_at"))
        voters = Voter.objects.filter(pk__in=Vote.objects.filter(tool__in=tools).values("voter"))
        voters.update(created_at=self.midnight - datetime.timedelta(days=720))
        synthetic_subscribers().exclude(confirmed_at=None).update(created_at=F("confirmed_at"))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")


def _tally(tool: int, cast: list[Vote]) -> Tally:
    """Return the tally of a tool's votes: those that stand and are counted."""
    values = Counter(vote.value for vote in cast if vote.state == Vote.State.COUNTED)
    return Tally(tool_id=tool, ships=values[1], skips=values[-1])
