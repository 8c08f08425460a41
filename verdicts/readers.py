"""How readers voted on a tool over time: what its page says below the headline."""

import datetime
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from tools.models import Tool
from tools.statements import statement
from verdicts.scoring import CommunityScore
from voting.models import Tally, TallyDay, Vote

MOST_MONTHS = 24
BAR, HALF = 10, 30


@dataclass(frozen=True, slots=True)
class AllVotes:
    """What all votes on a tool add up to: of every era, and also those that are held or discarded."""

    score: CommunityScore
    counted: int
    held: int
    discarded: int

    @property
    def left_out(self) -> int:
        return self.held + self.discarded


def all_votes_of(tool: Tool) -> AllVotes:
    """Return the sum of all votes on a tool, whatever has become of them. One query over the tool's votes."""
    state, said = Vote.State, Vote.objects.filter(tool=tool).exclude(value=Vote.WITHDRAWN)
    sums = said.aggregate(
        ships=Count("pk", filter=Q(value=Vote.SHIP)),
        skips=Count("pk", filter=Q(value=Vote.SKIP)),
        regulars=Count("pk", filter=Q(is_regular=True)),
        held=Count("pk", filter=Q(state=state.HELD)),
        discarded=Count("pk", filter=Q(state=state.DISCARDED)),
    )
    score = CommunityScore(sums["ships"], sums["skips"], regulars=sums["regulars"])
    return AllVotes(score, score.total - sums["held"] - sums["discarded"], sums["held"], sums["discarded"])


@dataclass(frozen=True, slots=True)
class Month:
    """How many counted ships and skips a month has added; below zero where more were taken back or taken out."""

    first_day: datetime.date
    ships: int
    skips: int
    place: int = 0
    scale: int = 1

    @property
    def x(self) -> int:
        return self.place * BAR + 1

    @property
    def up(self) -> float:
        """Height of the ships above the line, at most `HALF`."""
        return round(max(0, self.ships) * HALF / self.scale, 2)

    @property
    def top(self) -> float:
        return round(HALF - self.up, 2)

    @property
    def down(self) -> float:
        return round(max(0, self.skips) * HALF / self.scale, 2)


@dataclass(frozen=True, slots=True)
class History:
    """The months of a tool, oldest first, and how wide they are when drawn."""

    months: list[Month]

    @property
    def width(self) -> int:
        return len(self.months) * BAR


def history_of(tool: Tool) -> History | None:
    """Return what each month has added to the votes of a tool; None without votes. One query, and the tally's."""
    tally = next(iter(_tally_of(tool.pk)), None)
    if tally is None or tally.ships + tally.skips == 0:
        return None
    ends: dict[datetime.date, tuple[int, int]] = {}
    for day, ships, skips in [*_days_of(tool.pk), (timezone.now().date(), tally.ships, tally.skips)]:
        ends[day.replace(day=1)] = (ships, skips)
    if len(ends) > MOST_MONTHS:
        ends = dict(list(ends.items())[-MOST_MONTHS - 1 :])
        before, *_ = ends.values()
        ends.pop(next(iter(ends)))
    else:
        before = (0, 0)
    steps = pairwise([before, *ends.values()])
    added = [(first, s - a, k - b) for first, ((a, b), (s, k)) in zip(ends, steps, strict=True)]
    scale = max(1, *(n for _, *both in added for n in both))
    return History([Month(*row, place, scale) for place, row in enumerate(added)])


@statement
def _tally_of(tool: int) -> QuerySet[Tally]:
    return Tally.objects.filter(pk=tool)


@statement
def _days_of(tool: int) -> QuerySet[Any, Any]:
    return TallyDay.objects.filter(tool=tool).order_by("day").values_list("day", "ships", "skips")
