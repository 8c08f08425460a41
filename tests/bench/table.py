"""The one table that a benchmark prints: what, its ratio, to what, and the goal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.measuring import Spread
from tests.bench.newsletter import GOALS as MAIL_GOALS

MOST_GROWTH, LEAST_OF_A_VOTE = 1.3, 0.5
SERVED = {  # how a page is served: (which ratio, to what, the goal)
    "nginx, kept page": ("of nginx's file", "nginx, a file", 0.85),
    "kept in this process": ("of the bare view", "a bare Django view", 1.0),
    "kept in Redis": ("of the bare view", "a bare Django view", 0.6),
    "made afresh": ("of the bare view", "a bare Django view", 0.04),
    "made, nothing known": ("of the bare view", "a bare Django view", 0.04),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: a ratio to a reference of the same run, with the least or the most it should be, if anything."""

    part: str
    what: str
    ratio: Spread
    reference: str
    least: float | None = None
    most: float | None = None

    @property
    def goal(self) -> str:
        if self.least is None and self.most is None:
            return ""
        met = (self.least or 0) <= self.ratio.median <= (self.most or float("inf"))
        bound = f"at least {self.least}" if self.least is not None else f"at most {self.most}"
        return f"{bound}: {'met' if met else 'missed'}"

    def words(self) -> str:
        return f"{self.part:<8}{self.what:<28}{self.ratio.words('.3g'):<30}{self.reference:<34}{self.goal}".rstrip()


def rows(found: dict[str, Any]) -> Iterator[Row]:
    """Return a row for each figure that was measured."""
    for page, row in _figures(found, "pages"):
        grown = f"the same at {found['tools']:,} tools"
        yield Row("growth", f"{page} at {found['growth']:,}", row["cost_when_grown"], grown, most=MOST_GROWTH)
    for page, row in _figures(found, "pages"):
        yield Row("afresh", page, row["of_the_bare_view"], "a bare Django view, in process")
    for name, row in _figures(found, "serving"):
        if name in SERVED:
            ratio, reference, least = SERVED[name]
            yield Row("served", name, row[ratio], reference, least)
    for name, row in _figures(found, "votes"):
        yield Row("votes", name, row["of_the_bare_statement"], "bare INSERT … ON CONFLICT", LEAST_OF_A_VOTE)
    for name, ratio in _figures({"mail": found.get("mail", {}).get("of_smtp_source", {})}, "mail"):
        yield Row("mail", name, Spread(**ratio), "smtp-source", MAIL_GOALS.get(name))


def _figures(found: dict[str, Any], part: str) -> list[tuple[str, Any]]:
    return list(found.get(part, {}).items())


def lines(found: dict[str, Any]) -> list[str]:
    """Return the table, and below it what could not be measured and why."""
    head = f"{'':<8}{'':<28}{'ratio (least-most)':<30}{'to':<34}goal"
    missing = [f"{part.capitalize()}: not measured, {why}" for part, why in found["not_measured"].items()]
    return [f"Machine: {found['machine']}", "", head, *[row.words() for row in rows(found)], *missing]
