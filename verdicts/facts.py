"""The rows of facts that lie side by side: the tool's own columns, its prices, and its typed facts."""

import datetime
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from django.utils.formats import date_format

from tools.models import Check, Checked, Fact, FactKind, Price, Tool
from tools.models.tool import Named


class FactCell(NamedTuple):
    """One answer: `kind` is yes, no, partial, unknown or text. Unknown is never No."""

    kind: str
    text: str
    note: str = ""
    source_url: str = ""
    check_label: str = ""

    @property
    def words(self) -> str:
        return f"{self.text} ({self.note})" if self.note else self.text


class FactRow(NamedTuple):
    """One question and the answers to it; `key` names the question in addresses."""

    label: str
    cells: tuple[FactCell, ...]
    key: str = ""
    tools: tuple[Named, ...] = ()

    @property
    def beside(self) -> list[tuple[Named, FactCell]]:
        """Each answer with its tool."""
        return list(zip(self.tools, self.cells, strict=True))

    @property
    def differs(self) -> bool:
        """Whether the answers are not all the same. Two unknowns are not known to differ."""
        return len({(cell.kind, cell.text.casefold()) for cell in self.cells}) > 1


UNKNOWN = FactCell("unknown", "Not checked")


def _check_label(row: Checked) -> str:
    return _how_and_when(row.check_method, row.checked_on)


@lru_cache(maxsize=4096)
def _how_and_when(method: str, day: datetime.date | None) -> str:
    label = str(Check(method).label)
    return f"{label}, {date_format(day)}" if day else label


def _own(tool: Tool, text: str) -> FactCell:
    return FactCell("text", text, "", tool.source_url, _check_label(tool)) if text else UNKNOWN


def _price(prices: list[Price]) -> FactCell:
    if not prices:
        return UNKNOWN
    first = prices[0]
    more = f"{len(prices) - 1} more plan{'s' * (len(prices) > 2)}" if len(prices) > 1 else ""
    return FactCell("text", f"{first.plan}: {first.words}", more, first.source_url, _check_label(first))


def _typed(fact: Fact | None) -> FactCell:
    if fact is None or fact.answer == Fact.Answer.UNKNOWN:
        return UNKNOWN
    note = "" if fact.answer == Fact.Answer.TEXT else fact.text
    return FactCell(fact.answer, fact.words, note, fact.source_url, _check_label(fact))


def fact_rows(tools: Sequence[Tool], facts: list[Fact], prices: dict[int, list[Price]]) -> list[FactRow]:
    """Return a row per fact that is known of at least one tool, the differing rows first."""
    kinds = list({fact.kind_id: fact.kind for fact in facts}.values())
    known = [row for row in every_row(tools, facts, prices, kinds) if any(cell.kind != "unknown" for cell in row.cells)]
    return sorted(known, key=lambda row: not row.differs)


def every_row(
    tools: Sequence[Tool], facts: list[Fact], prices: dict[int, list[Price]], kinds: Sequence[FactKind]
) -> list[FactRow]:
    """Return a row for each of the tool's own columns and for each kind of fact, known or not."""

    names = tuple([tool.named for tool in tools])

    def row(key: str, label: str, cell: Callable[[Tool], FactCell]) -> FactRow:
        return FactRow(label, tuple([cell(tool) for tool in tools]), key, names)

    rows = [
        row("entry", "Entry price", lambda tool: _own(tool, tool.get_entry_display() if tool.entry else "")),
        row("price", "Cheapest plan", lambda tool: _price(prices.get(tool.pk, []))),
        row("licence", "Licence", lambda tool: _own(tool, tool.licence)),
        row("vendor", "Vendor", lambda tool: _own(tool, tool.vendor)),
        row("version", "Latest version", lambda tool: _own(tool, _version(tool))),
    ]
    answers = {(fact.tool_id, fact.kind_id): fact for fact in facts}
    for kind in sorted(kinds, key=lambda kind: (kind.position, kind.label)):
        cells = tuple([_typed(answers.get((tool.pk, kind.pk))) for tool in tools])
        rows.append(FactRow(kind.label, cells, f"fact.{kind.slug}", names))
    return rows


def _version(tool: Tool) -> str:
    day = f", {date_format(tool.released_on)}" if tool.released_on else ""
    return f"{tool.latest_version}{day}" if tool.latest_version else ""
