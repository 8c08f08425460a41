"""Cases in the order in which they do harm, and what they do to a tool's number."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from verdicts.scoring import Interval, whole_percent, wilson
from voting.models import Case, Tally, Vote

Sides = tuple[int, int]


def harm(now: Sides, added: Sides) -> float:
    """Return how far a number would move if some votes were added, times the votes it would then have.

    Page views are not counted on this site, so votes stand in for them: more are cast where more people read. A tool
    without votes stands at a half.
    """
    both = now[0] + added[0], now[1] + added[1]
    return abs(_share(now) - _share(both)) * sum(both)


def _share(sides: Sides) -> float:
    return sides[0] / sum(sides) if sum(sides) else 0.5


@dataclass(frozen=True, slots=True)
class Number:
    """The readers' number as it would be: in whole percent, with its interval, however few votes there are."""

    label: str
    ships: int
    skips: int

    @property
    def interval(self) -> Interval | None:
        return wilson(self.ships, self.skips)

    @property
    def percent(self) -> int | None:
        return whole_percent(_share((self.ships, self.skips))) if self.interval else None

    @property
    def low(self) -> int | None:
        return whole_percent(self.interval.low) if self.interval else None

    @property
    def high(self) -> int | None:
        return whole_percent(self.interval.high) if self.interval else None

    @property
    def figure(self) -> str:
        return "—" if self.percent is None else f"{self.percent}\u202f%"

    @property
    def words(self) -> str:
        range_ = "" if self.interval is None else f"{self.low}–{self.high}, "
        return f"{range_}{self.ships:,} ship, {self.skips:,} skip"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A case with the number of its tool now, if all its votes counted, and if none did."""

    case: Any  # a Case with the counts that `weighed` asks for
    now: Number
    counted: Number
    discarded: Number
    harm: float

    @classmethod
    def of(cls, case: Any) -> "Weighed":
        tally: Tally | None = getattr(case.tool, "tally", None)
        now = (tally.ships, tally.skips) if tally else (0, 0)
        out, inside = (case.out_ships, case.out_skips), (case.in_ships, case.in_skips)
        return cls(
            case,
            Number("Now", *now),
            Number("If all counted", now[0] + out[0], now[1] + out[1]),
            Number("If all discarded", max(0, now[0] - inside[0]), max(0, now[1] - inside[1])),
            harm(now, out),
        )

    @property
    def points(self) -> int:
        return round(self.harm)


def weighed(cases: Any) -> list[Weighed]:
    """Return some cases with what they do, the most harmful first. One query."""

    def members(value: int, **state: Any) -> Count:
        return Count("members", filter=Q(members__vote__value=value, **state))

    counted: dict[str, Any] = {"members__vote__state": Vote.State.COUNTED}
    held: dict[str, Any] = {"members__vote__state__in": [Vote.State.HELD, Vote.State.DISCARDED]}
    rows = cases.select_related("tool__tally", "decided_by", "seconded_by").annotate(
        out_ships=members(Vote.SHIP, **held),
        out_skips=members(Vote.SKIP, **held),
        in_ships=members(Vote.SHIP, **counted),
        in_skips=members(Vote.SKIP, **counted),
    )
    return sorted(map(Weighed.of, rows), key=lambda it: (-it.harm, it.case.pk))


def queue() -> list[Weighed]:
    return weighed(Case.objects.open().order_by())
