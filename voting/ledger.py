"""The public ledger: one line for every exclusion of votes that is large enough, from the cases and the log of votes.

Nothing here is written by hand, and the log cannot be rewritten: a decision that was taken back stays in its line.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from tools.models import Tool
from tools.statements import statement
from voting.models import Case, CaseVote, Tally, Vote, VoteEvent
from voting.models.case import PUBLIC_ABOVE
from voting.settling import WAITS

ON_A_PAGE = 5  # of a tool
# What a rule of the detector says of a crowd, as readers are told. No rule's words name a network or a reader.
WHY = {
    "crowd": "more on one side than chance explains",
    "hidden": "more of a kind on one side of a rush than on the other",
    "sleepers": "accounts that came all at once",
    "mail": "accounts of one mail domain",
    "address": "one address",
    "network": "one network",
    "wide": "one network",
    "trap": "a field that people do not see was filled in",
}
DONE = {Vote.State.COUNTED: "counted", Vote.State.HELD: "held again", Vote.State.DISCARDED: "discarded"}


@dataclass(frozen=True, slots=True)
class Step:
    """What became of how many votes of a case, and when."""

    at: datetime.datetime
    votes: int
    done: str


@dataclass(frozen=True, slots=True)
class Line:
    """What the public is told of one case."""

    case: Case
    steps: list[Step]

    @property
    def opened_at(self) -> datetime.datetime:
        return self.case.opened_at

    @property
    def changed_at(self) -> datetime.datetime:
        return max([self.case.opened_at, *(step.at for step in self.steps)])

    @property
    def words(self) -> str:
        """Say it in one sentence: “143 ship votes from one network held; discarded 15 Mar 2026”."""
        side = {1: "ship ", -1: "skip ", 0: ""}[self.case.side]
        why = WHY.get(self.case.rule.partition(",")[0], "unlike the tool’s other votes")
        held = f"{self.case.size:,} {side}vote{'s' * (self.case.size != 1)} held ({why})"
        later = [
            f"{'' if step.votes == self.case.size else f'{step.votes:,} '}{step.done} {step.at:%-d %b %Y}"
            for step in self.steps
        ]
        waits = self.case.state == Case.State.OPEN
        if waits and self.case.decision:
            later.append("a second person is looking at it")
        elif waits:
            later.append("being looked at")
        note = f" {self.case.public_line}" if self.case.public_line else ""
        return f"{'; '.join([held, *later])}.{note}"


def lines(cases: Iterable[Case]) -> list[Line]:
    """Return the lines of some cases, in their order. One query for all of them."""
    found = list(cases)
    told: dict[int, list[Step]] = {case.pk: [] for case in found}
    for case_id, at, state, votes in _decisions_on(list(told)):
        told[case_id].append(Step(at, votes, DONE[Vote.State(state or 0)]))
    for case in found:
        if case.state == Case.State.RELEASED and case.released_at:
            told[case.pk].append(Step(case.released_at, case.size, "counted again by the program"))
    return [Line(case, told[case.pk]) for case in found]


def line_of(case: Case) -> Line:
    [line] = lines([case])
    return line


@statement
def _decisions_on(cases: list[int]) -> QuerySet[Any, Any]:
    events = VoteEvent.objects.filter(case_id__in=cases, kind="state", actor__startswith="staff:")
    counted = events.values("case_id", "at", "new_state").annotate(n=Count("pk")).order_by("at", "new_state")
    return counted.values_list("case_id", "at", "new_state", "n")


def of_tool(tool: Tool) -> list[Line]:
    """Return the newest public lines of a tool, `ON_A_PAGE` at most. Two queries, one where there are none."""
    return lines(_public_cases_of(tool.pk))


@statement
def _public_cases_of(tool: int) -> QuerySet[Case]:
    return Case.objects.public().filter(tool=tool)[:ON_A_PAGE]


@dataclass(frozen=True, slots=True)
class Rest:
    """Votes on a tool that are left out now in cases too small for a line, or in none."""

    tool: Tool
    held: int
    discarded: int


def rests() -> list[Rest]:
    """Return the tools with more than `PUBLIC_ABOVE` votes left out that no public line speaks of. Two queries."""
    public = CaseVote.objects.filter(vote=OuterRef("pk"), case__size__gt=PUBLIC_ABOVE)
    many = Tally.objects.alias(out=F("held") + F("discarded")).filter(out__gt=PUBLIC_ABOVE).values("tool")
    out = Vote.objects.filter(tool__in=many).exclude(state=Vote.State.COUNTED).exclude(value=Vote.WITHDRAWN)
    out = out.exclude(reason=WAITS)
    rows = out.exclude(Exists(public)).values("tool", "state").annotate(n=Count("pk")).order_by("tool")
    sums: dict[int, dict[int, int]] = {}
    for tool, state, n in rows.values_list("tool", "state", "n"):
        sums.setdefault(tool, {})[state] = n
    large = {tool: states for tool, states in sums.items() if sum(states.values()) > PUBLIC_ABOVE}
    return [
        Rest(tool, large[tool.pk].get(Vote.State.HELD, 0), large[tool.pk].get(Vote.State.DISCARDED, 0))
        for tool in Tool.objects.public().filter(pk__in=large).order_by("name", "pk")
    ]
