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
from django.db.models import Count, F, OuterRef, Subquery

from newsletter.addresses import fingerprint
from newsletter.models import Subscriber
from tools.models import Category, Check, Entry, Fact, FactKind, Price, State, Tool
from verdicts.models import Comparison, Decision, Evidence, Reviewer, Verdict
from verdicts.models.tally import recount
from verdicts.sample import loading
from voting.models import Tally, User, Vote, VoteEvent, Voter

CHUNK = 2_000
MOST = {"tools": 1_000_000, "votes": 10_000_000, "subscribers": 5_000_000, "seed": 2_147_483_647}
PREFIX = "synthetic-"
HOST = "synthetic.invalid"  # a name that no resolver will ever know
PAST = datetime.timedelta(days=720)
FULL_PANEL, PART_PANEL, WITH_FACTS, WITH_PRICES, DISCONTINUED = 0.10, 0.05, 0.5, 0.3, 0.01
WITHDRAWN, HELD = 0.02, 0.01
CURATED = 12

QUALITIES = ["Amber", "Brisk", "Calm", "Dense", "Eager", "Frugal", "Gentle", "Keen", "Lucid", "Modest", "Quiet"]
THINGS = ["Agent", "Board", "Cache", "Desk", "Engine", "Forge", "Gate", "Index", "Kernel", "Ledger", "Model", "Router"]
PURPOSES = ["answers questions", "routes requests", "keeps traces", "runs models", "writes tests", "stores vectors"]
REASONS = {
    Decision.SHIP: "**It does one thing and says how.** The first call worked from the documentation alone, and the "
    "errors name what to change. {tool} handles the load we gave it without surprises, the limits are written down "
    "before they are met, and the bill grows with what is used. What is missing is spelled out as well, so that "
    "nobody finds out in the second month. For a team that needs this, it is a sound default today.",
    Decision.SKIP: "**It asks for more than it gives.** The first call took several tries, because the documentation "
    "describes an older release. {tool} works in the small and slows down as soon as two people use it. The limits "
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
    """Makes one site of a size: all of it, or nothing."""

    def __init__(self, size: Size, today: datetime.date, track: Callable[..., Iterable[Any]] = everything) -> None:
        size.check()
        self.size = size
        self.track = track
        self.random = Random(size.seed)  # noqa: S311
        self.host = f"seed-{size.seed}.{HOST}"
        self.midnight = datetime.datetime.combine(today, datetime.time.min, datetime.UTC)
        self.judged: dict[int, list[int]] = {}
        self.gathered: dict[type[models.Model], list[Any]] = {}
        self.next_voter = 0
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

    def _write(self, model: type[models.Model], rows: Iterable[models.Model]) -> None:
        written = model._default_manager.bulk_create(list(rows), batch_size=CHUNK)
        self.made[str(model._meta.verbose_name_plural)] += len(written)

    def _write_with_log(self, votes: list[Vote]) -> None:
        """Write votes, and the log that tells of them."""
        self._write(Vote, votes)
        kind = VoteEvent.Kind.CAST
        for start in range(0, len(votes), CHUNK):
            VoteEvent.objects.bulk_create(
                VoteEvent(
                    at=vote.changed_at,
                    vote_id=vote.pk,
                    tool_id=vote.tool_id,
                    voter_id=vote.voter_id,
                    kind=kind,
                    new_value=vote.value,
                    new_state=vote.state,
                    actor="voter",
                )
                for vote in votes[start : start + CHUNK]
            )

    def _chunks(self, total: int, description: str) -> Iterable[range]:
        starts = range(0, total, CHUNK)
        return self.track([range(start, min(start + CHUNK, total)) for start in starts], description=description)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _moment(self, earliest: datetime.datetime) -> datetime.datetime:
        """Return a moment between the earliest one and the last midnight, to the second."""
        span = int((self.midnight - earliest).total_seconds())
        return earliest + datetime.timedelta(seconds=int(span * self.random.random()))

    def _digest(self, text: str, size: int) -> bytes:
        return hashlib.blake2b(f"synthetic {self.size.seed} {text}".encode(), digest_size=size).digest()

    def _uuid(self, text: str) -> uuid.UUID:
        return uuid.UUID(bytes=self._digest(text, 16), version=4)

    # What the rows hang on

    def _make_frame(self) -> None:
        """Find the shelves, the questions, the panel and the editor; make those of the sample site that are missing."""
        frame = loading.read(loading.FOLDER / "site.toml")
        for model, key in ((Category, "categories"), (FactKind, "fact_kinds"), (Reviewer, "reviewers")):
            rows: list[Any] = [model(**row, position=position) for position, row in enumerate(frame[key])]
            model._default_manager.bulk_create(rows, ignore_conflicts=True)
        self.categories = list(Category.objects.order_by("position", "slug").values_list("pk", flat=True))
        self.kinds = list(FactKind.objects.order_by("position", "slug").values_list("pk", flat=True))
        self.panel = list(Reviewer.objects.active().order_by("position", "slug").values_list("pk", flat=True))
        account = {"name": "Synthetic editor", "password": "!"}
        self.editor, _ = User.objects.get_or_create(email=f"editor@{HOST}", defaults=account)

    # Tools and what is said about them

    def _make_tools(self) -> None:
        popularity = self._drawn_votes()
        self.voters = max([self.size.votes // 5, *popularity.values()])
        self._make_voters()
        for numbers in self._chunks(self.size.tools, "Tools"):
            tools = [self._tool(number) for number in numbers]
            self._write(Tool, tools)
            for tool, number in zip(tools, numbers, strict=True):
                self._gather(tool, popularity[number])
            for model in (Fact, Price, Verdict, Vote, Tally):
                if model is Vote:
                    self._write_with_log(self.gathered.pop(Vote, []))
                else:
                    self._write(model, self.gathered.pop(model, []))

    def _gather(self, tool: Tool, votes: int) -> None:
        """Keep what is said about one tool until its chunk is written."""
        worth = self.random.betavariate(4, 2)
        said: dict[type[models.Model], list[Any]] = {
            Fact: self._facts(tool),
            Price: self._prices(tool),
            Verdict: self._verdicts(tool, worth),
            Vote: (cast := self._votes(tool, worth, votes)),
            Tally: [_tally(tool, cast)] if cast else [],
        }
        for model, rows in said.items():
            self.gathered.setdefault(model, []).extend(rows)

    def _tool(self, number: int) -> Tool:
        quality, thing = self.random.choice(QUALITIES), self.random.choice(THINGS)
        since = self._moment(self.midnight - PAST)
        tool = Tool(
            name=f"Synthetic {quality} {thing} {number + 1}",
            slug=f"{PREFIX}{quality}-{thing}-{number + 1}".lower(),
            tagline=f"A made-up tool that {self.random.choice(PURPOSES)}",
            description=f"**{quality} {thing}** was made up to fill the site. It {self.random.choice(PURPOSES)}.",
            category_id=self.random.choice(self.categories),
            vendor=f"Synthetic {self.random.choice(THINGS)} {self.random.randint(1, 40)}",
            homepage=f"https://{self.host}/{number + 1}/",
            licence=self.random.choice(["", "MIT", "Apache-2.0", "proprietary"]),
            entry=self.random.choice(["", *Entry.values]),
            latest_version=self.random.choice(["", "1.0", "2.3", "7.12"]),
            state=State.PUBLISHED,
            published_at=since,
            is_sample=True,
        )
        _claim(tool, tool)
        if self._chance(DISCONTINUED):
            tool.state, tool.discontinued_on = State.DISCONTINUED, self._moment(since).date()
        return tool

    def _facts(self, tool: Tool) -> list[Fact]:
        if not self._chance(WITH_FACTS):
            return []
        kinds = self.random.sample(self.kinds, min(3, len(self.kinds)))
        answers = self.random.choices(["yes", "no", "partial"], k=len(kinds))
        return [
            _claim(Fact(tool=tool, kind_id=kind, answer=answer), tool)
            for kind, answer in zip(kinds, answers, strict=True)
        ]

    def _prices(self, tool: Tool) -> list[Price]:
        if not self._chance(WITH_PRICES):
            return []
        plans = ["Standard", "Team"][: self.random.randint(1, 2)]
        day = _since(tool).date()
        amounts = [Decimal(self.random.randint(5, 400)) for _ in plans]
        return [
            _claim(Price(tool=tool, plan=plan, amount=amount, starts_on=day), tool)
            for plan, amount in zip(plans, amounts, strict=True)
        ]

    def _verdicts(self, tool: Tool, worth: float) -> list[Verdict]:
        """Return the whole panel's verdicts for some tools, one or two for some others; `worth` is the chance of a ship."""
        drawn = self.random.random()
        if drawn < FULL_PANEL:
            self.judged.setdefault(tool.category_id, []).append(tool.pk)
            return [self._verdict(tool, reviewer, worth) for reviewer in self.panel]
        if drawn < FULL_PANEL + PART_PANEL:
            return [self._verdict(tool, reviewer, worth) for reviewer in self.panel[: self.random.randint(1, 2)]]
        return []

    def _verdict(self, tool: Tool, reviewer: int, worth: float) -> Verdict:
        decision = Decision.SHIP if self._chance(worth) else Decision.SKIP
        at = self._moment(_since(tool))
        return Verdict(
            tool=tool,
            reviewer_id=reviewer,
            decision=decision,
            reason=REASONS[decision].format(tool=tool.name),
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
        """Return how many votes each tool gets, by number: the n-th most popular about 1/n of the first (Zipf's law)."""
        if not self.size.votes:
            return Counter()
        ranked = list(range(self.size.tools))
        self.random.shuffle(ranked)
        weights = list(accumulate(1 / rank for rank in range(1, self.size.tools + 1)))
        return Counter(self.random.choices(ranked, cum_weights=weights, k=self.size.votes))

    def _make_voters(self) -> None:
        for numbers in self._chunks(self.voters, "Voters"):
            guests = [Voter(id=self._uuid(f"voter {n}"), cookie_mac=self._digest(f"cookie {n}", 32)) for n in numbers]
            self._write(Voter, guests)

    def _votes(self, tool: Tool, worth: float, count: int) -> list[Vote]:
        return [self._vote(tool, worth) for _ in range(count)]

    def _vote(self, tool: Tool, worth: float) -> Vote:
        """Return the vote of whoever is next in turn: there are enough voters for nobody to meet a tool twice."""
        value = 0 if self._chance(WITHDRAWN) else 1 if self._chance(worth) else -1
        state = Vote.State.HELD if self._chance(HELD) else Vote.State.COUNTED
        voter = self._uuid(f"voter {self.next_voter}")
        self.next_voter = (self.next_voter + 1) % self.voters
        said = {"value": value, "state": state, "changed_at": self._moment(_since(tool))}
        return Vote(tool=tool, voter_id=voter, is_regular=self.voters <= self.size.votes // 2, **said)

    # The rest

    def _make_comparisons(self) -> None:
        """Write about a few pairs that the whole panel has judged, so that the home page has something to lead with."""
        pairs = [pair for shelf in self.judged.values() for pair in zip(shelf[::2], shelf[1::2], strict=False)]
        texts = {f"ship_{which}_if": "the figures say so." for which in ("first", "second", "neither")}
        texts |= {"headline": "Two made-up tools, side by side", "standfirst": "Both were made up to fill the site."}
        days = [self.midnight - datetime.timedelta(days=place) for place in range(CURATED)]
        rows = [
            Comparison(first_id=first, second_id=second, featured_on=day.date(), published_at=day, **texts)
            for (first, second), day in zip(sorted(pairs), days, strict=False)
        ]
        self._write(Comparison, rows)

    def _make_subscribers(self) -> None:
        for numbers in self._chunks(self.size.subscribers, "Subscribers"):
            self._write(Subscriber, [self._subscriber(number) for number in numbers])

    def _subscriber(self, number: int) -> Subscriber:
        [state] = self.random.choices(["active", "pending", "unsubscribed"], weights=[92, 5, 3])
        confirmed_at = self._moment(self.midnight - PAST)
        email = f"reader{number + 1}@{self.host}"
        return Subscriber(
            public_id=self._uuid(f"subscriber {number}"),
            email=email,
            email_norm=email,
            address_hmac=fingerprint(email),
            state=state,
            confirmed_at=None if state == "pending" else confirmed_at,
        )

    def _date_back(self) -> None:
        """Give rows the age that their dates speak of."""
        if connection.vendor == "postgresql":
            # Its own look at the tables, from outside of this transaction, finds them empty: to go by that takes hours.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        recount()
        tools = synthetic_tools()
        tools.update(created_at=F("published_at"), updated_at=F("published_at"))
        voters = Voter.objects.filter(pk__in=Vote.objects.filter(tool__in=tools).values("voter"))
        tools_voted = Vote.objects.filter(voter=OuterRef("pk")).order_by().values("voter").annotate(n=Count("pk"))
        voters.update(
            created_at=self.midnight - PAST,
            first_vote_at=self.midnight - PAST,
            tools_voted=Subquery(tools_voted.values("n")),
        )
        synthetic_subscribers().exclude(confirmed_at=None).update(created_at=F("confirmed_at"))


def _since(tool: Tool) -> datetime.datetime:
    assert tool.published_at is not None
    return tool.published_at


def _claim[Row: (Tool, Fact, Price)](row: Row, tool: Tool) -> Row:
    """Mark a row as what the vendor stated on the tool's first day."""
    row.check_method, row.checked_on, row.source_url = Check.CLAIMED, _since(tool).date(), tool.homepage
    return row


def _tally(tool: Tool, cast: list[Vote]) -> Tally:
    """Return the tally of a tool's votes: those that stand and are counted."""
    values = Counter((vote.value, vote.state) for vote in cast if vote.value)
    ships, skips = values[1, Vote.State.COUNTED], values[-1, Vote.State.COUNTED]
    regulars = sum(vote.is_regular for vote in cast if vote.value and vote.state == Vote.State.COUNTED)
    held = values[1, Vote.State.HELD] + values[-1, Vote.State.HELD]
    era = {"era_ships": ships, "era_skips": skips, "era_regulars": regulars}
    return Tally(tool=tool, ships=ships, skips=skips, regulars=regulars, held=held, **era)
