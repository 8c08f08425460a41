"""A recorded stream of votes, told to the site at the stream's own clock: through its models, casting, rules and passes.

For judging the judge, on a database made for it. One transaction an hour, which ends with the pass. Most passes go on
from the log instead of reading all votes anew; each day what joined the days before is gone, and the places are named
anew. A pass that starts afresh decides the same (a test compares them).
"""

import csv
import datetime
import json
import math
import uuid
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

from django.db import transaction

from tools.models import Category, State, Tool
from voting import counting, integrity, origins
from voting.ballots import COLUMNS, Bench
from voting.casting import cast
from voting.detector import DAY, HOUR, REGULARS_LEAST, REGULARS_MOST, REGULARS_SHARE
from voting.merging import NotMergeable, merge
from voting.models import Tally, User, Vote, VoteEvent, Voter, VoteSignal, Watch
from voting.origins import Origin

LETTER = {0: "C", 1: "H", 2: "D"}
WEEK = 7 * 24  # passes
QUIET_DAYS = 4  # after the last vote, for late decisions


class Told(NamedTuple):
    """One event of a stream."""

    id: int
    ts: float
    cookie: str
    ip: str
    ua: str
    account: str
    account_created: float
    email_domain: str
    tool: str
    value: int
    referrer: str
    dwell: float
    pages: int
    honeypot: int


def read(lines: Iterable[str]) -> Iterator[Told]:
    for line in lines:
        fields = json.loads(line)
        yield Told(**{name: fields[name] for name in Told._fields})


class Replay:
    """Tells a stream and writes the decisions: when, which event, and what became of it."""

    def __init__(self, out: TextIO, *, afresh_every: int = WEEK) -> None:
        self.rows = csv.writer(out)
        self.rows.writerow(["ts", "event_id", "state"])
        self.afresh_every = afresh_every
        self.tools: dict[str, Tool] = {}
        self.voters: dict[str, Voter] = {}
        self.account_of: dict[str, str] = {}
        self.event_of: dict[int, int] = {}  # by vote: the event that spoke last
        self.hidden: set[int] = set()
        self.bench: Bench | None = None
        self.followed = 0
        self.passes = 0

    def tell(self, events: Iterable[Told]) -> None:
        """Tell all events, and make the passes between them and for some quiet days afterwards."""
        hour: list[Told] = []
        ends = 0.0
        for event in events:
            ends = ends or _next_hour(event.ts)
            while event.ts >= ends:
                self._hour(hour, ends)
                hour, ends = [], ends + HOUR
            hour.append(event)
        for _ in range(int(QUIET_DAYS * DAY / HOUR) if ends else 0):
            self._hour(hour, ends)
            hour, ends = [], ends + HOUR

    @transaction.atomic
    def _hour(self, events: list[Told], ends: float) -> None:
        self._make_voters(events)
        for event in events:
            self._event(event)
        now = datetime.datetime.fromtimestamp(ends, datetime.UTC)
        if now.hour == 0:
            origins.prune(now.date())
        if now.hour % 6 == 0:  # hourly on the site; only the percentages that are shown depend on it
            counting.refresh_regulars(now)
        self._pass(now)

    def _make_voters(self, events: list[Told]) -> None:
        """Make whoever appears in an hour for the first time, tools too."""
        for name in sorted({it.tool for it in events} - set(self.tools)):
            category, _ = Category.objects.get_or_create(slug="replayed", defaults={"name": "Replayed"})
            at = datetime.datetime.fromtimestamp(events[0].ts, datetime.UTC)
            self.tools[name] = Tool.objects.create(
                name=name, slug=name, category=category, state=State.PUBLISHED, published_at=at
            )
        guests = {it.cookie: None for it in events if it.cookie not in self.voters}
        made = [Voter(pk=uuid.uuid4(), cookie_mac=f"replayed {cookie}".encode()[:32]) for cookie in guests]
        accounts = {it.account: it for it in events if it.account and it.account not in self.voters}
        users = User.objects.bulk_create(
            User(
                email=f"{it.account}@{it.email_domain}",
                password="!",  # noqa: S106 - nobody signs in
                date_joined=datetime.datetime.fromtimestamp(it.account_created, datetime.UTC),
            )
            for it in accounts.values()
        )
        made += [Voter(pk=uuid.uuid4(), account=user) for user in users]
        Voter.objects.bulk_create(made)
        self.voters |= dict(zip([*guests, *accounts], made, strict=True))

    def _event(self, event: Told) -> None:
        at = datetime.datetime.fromtimestamp(event.ts, datetime.UTC)
        if event.account and self.account_of.get(event.cookie) != event.account:
            self.account_of[event.cookie] = event.account
            self._sign_in(event, at)
        voter = self.voters[event.account or self.account_of.get(event.cookie) or event.cookie]
        origin = Origin(
            event.ip,
            event.ua,
            f"//{event.referrer}" if event.referrer else "",
            round(event.dwell * 1000),
            event.pages,
            honeypot=bool(event.honeypot),
        )
        tool = self.tools[event.tool]
        outcome = cast(voter, tool, event.value, origin=origin, at=at)
        vote, state = outcome.vote_id, outcome.state
        if vote is None:  # it said so already
            vote, state = Vote.objects.filter(voter=voter, tool=tool).values_list("pk", "state").first() or (None, None)
        if vote is not None and state is not None:
            self.event_of[vote] = event.id
            self._write(event.ts, vote, state)

    def _sign_in(self, event: Told, at: datetime.datetime) -> None:
        """Merge, and say what states the votes of the account have then."""
        last = VoteEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        try:
            moved = merge(self.voters[event.cookie], self.voters[event.account], at=at)
        except NotMergeable:
            return
        if not moved:
            return
        merged = VoteEvent.objects.filter(pk__gt=last, kind="merge").order_by("pk")
        by_tool: dict[int, int] = {}
        for vote, tool, state in merged.values_list("vote_id", "tool", "new_state"):
            if state is None:
                by_tool[tool] = self.event_of.pop(vote, 0)
            else:
                self.event_of[vote] = max(self.event_of.get(vote, 0), by_tool.get(tool, 0))
                self._write(event.ts, vote, state)

    def _pass(self, now: datetime.datetime) -> None:
        if self.bench is None or self.passes % self.afresh_every == 0:
            self.bench = Bench(now)
        else:
            self._follow(self.bench, now)
            if now.hour == 0:
                self.bench.rejoin(now.date())
        self.passes += 1
        self.bench.detector.review(now.timestamp())
        outcome = integrity.carry_out(self.bench, now)
        self.followed = VoteEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        for vote, (state, _) in outcome.moved.items():
            self._write(now.timestamp(), vote, state)
        self._say_what_is_shown(now)

    def _follow(self, bench: Bench, now: datetime.datetime) -> None:
        """Tell the detector what the log holds since the last pass."""
        new = VoteEvent.objects.filter(pk__gt=self.followed).exclude(kind="state").order_by("pk")
        touched: dict[int, None] = {}
        merged = set()
        for kind, vote, voter, guest, value in new.values_list(
            "kind", "vote_id", "voter_id", "from_voter_id", "new_value"
        ):
            if kind == "merge" and (guest, voter) not in merged:
                merged.add((guest, voter))
                bench.detector.merge(guest, voter)
            if value is None:
                bench.ballots.pop(vote, None)
                touched.pop(vote, None)
            else:
                touched[vote] = None
        rows = Vote.objects.filter(pk__in=touched).order_by("changed_at", "pk").values_list(*COLUMNS)
        bench.follow(rows, VoteSignal.objects.filter(pk__in=touched), now.date())

    def _say_what_is_shown(self, now: datetime.datetime) -> None:
        doubted = set(Watch.objects.filter(in_doubt=True).values_list("pk", flat=True))
        hidden = {
            pk
            for pk, ships, skips, regulars in Tally.objects.values_list("pk", "ships", "skips", "regulars")
            if pk in doubted or regulars < max(REGULARS_LEAST, min(REGULARS_MOST, REGULARS_SHARE * (ships + skips)))
        }
        names = {tool.pk: name for name, tool in self.tools.items()}
        for pk in sorted(hidden ^ self.hidden):
            self.rows.writerow([f"{now.timestamp():.3f}", f"tool:{names[pk]}", "hide" if pk in hidden else "show"])
        self.hidden = hidden

    def _write(self, ts: float, vote: int, state: int) -> None:
        self.rows.writerow([f"{ts:.3f}", self.event_of[vote], LETTER[state]])


def _next_hour(ts: float) -> float:
    return (math.floor(ts / HOUR) + 1) * HOUR
