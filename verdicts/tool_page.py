"""The page of one tool, as one object: its HTML, its twins, its badge and its card are made of it."""

import datetime
from dataclasses import dataclass

from django.conf import settings

from tools.models import Price, Tool
from verdicts import comparing, details, queries
from verdicts.changes import Change, changes_of
from verdicts.comparing import Pair, ScoreRow
from verdicts.facts import FactRow, fact_rows
from verdicts.models import Verdict
from verdicts.scored import ScoredTool


@dataclass(slots=True)
class ToolPage:
    """Everything the page of a tool prints."""

    tool: ScoredTool
    prices: list[Price]
    facts: list[FactRow]
    scorecard: list[ScoreRow]
    changes: list[Change]
    pairs: list[Pair]

    @property
    def title(self) -> str:
        return self.tool.name

    @property
    def columns(self) -> list[ScoredTool]:
        return [self.tool]

    @property
    def canonical_path(self) -> str:
        return self.tool.get_absolute_url()

    @property
    def canonical_url(self) -> str:
        return settings.SITE_URL + self.canonical_path

    @property
    def robots(self) -> str:
        return "noindex, nofollow" if self.tool.is_draft else ""

    @property
    def verdicts(self) -> list[Verdict]:
        return [cell for row in self.scorecard for cell in row.cells if cell]

    @property
    def staleness(self) -> list[str]:
        return staleness_of(self.verdicts)

    @property
    def staleness_words(self) -> str:
        return staleness_words(self.verdicts)

    @property
    def tested_on(self) -> datetime.date | None:
        """The day of the newest test."""
        return max((verdict.tested_on for verdict in self.verdicts), default=None)


def staleness_of(verdicts: list[Verdict]) -> list[str]:
    """Return why some verdicts are stale, a reason for each that is."""
    return [verdict.staleness for verdict in verdicts if verdict.staleness]


def staleness_words(verdicts: list[Verdict]) -> str:
    """Return “2 of 4 verdicts are stale: …”; empty while all are fresh."""
    reasons = staleness_of(verdicts)
    if not reasons:
        return ""
    verb = "is" if len(reasons) == 1 else "are"
    return f"{len(reasons)} of {len(verdicts)} verdicts {verb} stale: {'; '.join(dict.fromkeys(reasons)).lower()}."


def tool_page(found: Tool, *, with_records: bool = False) -> ToolPage:
    """Return the page about a tool that has been through `queries.with_figures`."""
    [tool] = queries.scored([found])
    with details.asked_ahead([tool], with_records=with_records):
        return _made_page(tool, with_records=with_records)


def _made_page(tool: ScoredTool, *, with_records: bool) -> ToolPage:
    prices = details.current_prices([tool])
    tool.price = next(iter(prices.get(tool.pk, [])), None)
    return ToolPage(
        tool=tool,
        prices=prices.get(tool.pk, []),
        facts=fact_rows([tool], details.facts_of([tool]), prices),
        scorecard=comparing.score_rows(
            details.panel_of_today(),
            [tool],
            details.scorecard_verdicts([tool]),
            queries.base_rates() if with_records else None,
        ),
        changes=changes_of([tool]),
        pairs=[comparing.pair_of(a, b) for a, b in details.neighbours([tool])],
    )
