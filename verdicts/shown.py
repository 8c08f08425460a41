"""What parts of a page print, as plain values: two that are equal look alike (`config/templatetags/remembered.py`).

They answer to the names by which templates ask rows of the database, `get_absolute_url` and `get_evidence_display` among
them, so that a part need not know which of the two it was given.
"""

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.utils.safestring import SafeString

from tools.addresses import address
from tools.models import Change, Tool
from tools.models.tool import Named
from tools.text import render_markdown
from verdicts.models import Decision, Evidence, Reviewer, Verdict
from verdicts.queries import Record
from verdicts.scored import ScoredTool
from verdicts.scoring import PanelScore

if TYPE_CHECKING:
    from verdicts.comparing import Pair, ScoreRow


class Column(NamedTuple):
    """A tool at the head of a column or in a link: its name, its address, and what the panel says."""

    name: str
    slug: str
    panel: PanelScore


def columns(tools: Sequence[ScoredTool]) -> tuple[Column, ...]:
    return tuple([Column(tool.name, tool.slug, tool.panel) for tool in tools])


class About(NamedTuple):
    """What a tool is, in the words of its vendor's own pages."""

    name: str
    slug: str
    tagline: str
    description: str
    homepage: str

    @property
    def get_absolute_url(self) -> str:
        return address("tool", self.slug)

    @property
    def description_html(self) -> SafeString:
        return render_markdown(self.description)


def about(tool: Tool) -> About:
    return About(tool.name, tool.slug, tool.tagline, tool.description, tool.homepage)


class Persona(NamedTuple):
    name: str
    slug: str
    lens: str = ""

    @property
    def get_absolute_url(self) -> str:
        return address("reviewer", self.slug)


class Said(NamedTuple):
    """A verdict, as a cell of a scorecard prints it."""

    tool: Named
    reviewer: Persona
    decision: str
    reason: str
    evidence: str
    tool_version: str
    tested_on: datetime.date
    staleness: str

    @property
    def get_decision_display(self) -> str:
        return Decision(self.decision).label

    @property
    def get_evidence_display(self) -> str:
        return Evidence(self.evidence).label

    @property
    def reason_html(self) -> SafeString:
        return render_markdown(self.reason)


def said(verdict: Verdict, reviewer: Persona) -> Said:
    return Said(
        verdict.tool.named,
        reviewer,
        verdict.decision,
        verdict.reason,
        verdict.evidence,
        verdict.tool_version,
        verdict.tested_on,
        verdict.staleness,
    )


class SaidRow(NamedTuple):
    """What one persona says of each tool."""

    reviewer: Persona
    record: Record | None
    cells: tuple[Said | None, ...]


def said_rows(scorecard: "Sequence[ScoreRow]") -> tuple[SaidRow, ...]:
    return tuple([_said_row(row.reviewer, row.record, row.cells) for row in scorecard])


def _said_row(reviewer: Reviewer, record: Record | None, cells: Sequence[Verdict | None]) -> SaidRow:
    persona = Persona(reviewer.name, reviewer.slug, reviewer.lens)
    return SaidRow(persona, record, tuple([said(verdict, persona) if verdict else None for verdict in cells]))


class Dated(NamedTuple):
    """A line about a change."""

    on: datetime.date
    tool: Named
    text: str


def dated(changes: Sequence[Change]) -> tuple[Dated, ...]:
    return tuple([Dated(change.on, change.tool.named, change.text) for change in changes])


class Link(NamedTuple):
    """A link to a comparison."""

    url: str
    title: str
    headline: str
    tools: tuple[Column, ...]


def links(pairs: "Sequence[Pair]") -> tuple[Link, ...]:
    return tuple([Link(pair.url, pair.title, pair.headline, columns(pair.tools)) for pair in pairs])  # type: ignore[arg-type]
