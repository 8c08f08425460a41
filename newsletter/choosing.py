"""What an issue is made of: by membership, never by a window of time.

A verdict is new while no issue has had one of that persona on that tool, and changed while the last one that an issue
had says the opposite. So nothing is lost when it is published late or dated back, and nothing comes twice.
"""

import datetime
from dataclasses import dataclass, field
from math import log2
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery

from newsletter.models import Issue, IssueItem, IssuePin
from tools.models import Tool
from verdicts import comparing, queries
from verdicts.models import Comparison, Verdict
from verdicts.scored import ScoredTool

MOST_BLOCKS = 12
MOST_CLOSE_CALLS = 3
KINDS = IssueItem.Kind


@dataclass(slots=True)
class Block:
    """What stands together in the mail: the verdicts on one tool, or one comparison."""

    kind: str
    snapshot: dict[str, Any]
    categories: frozenset[int]
    weight: float
    newest: datetime.datetime
    key: int
    verdicts: list[Verdict] = field(default_factory=list)
    comparison: Comparison | None = None
    tool_id: int | None = None
    pinned: int | None = None

    def order(self) -> tuple:
        pinned = (0, self.pinned) if self.pinned is not None else (1, 0)
        return (*pinned, -self.weight, -self.newest.timestamp(), self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Content:
    """The blocks of an issue, in the order of the mail, and how many had no room."""

    blocks: list[Block]
    more_count: int

    @property
    def verdict_count(self) -> int:
        return sum(len(block.verdicts) for block in self.blocks)


def choose(issue: Issue, *, lock: bool = False) -> Content:
    """Return what the issue would hold if it were frozen now; with `lock`, nobody can retire its verdicts meanwhile."""
    pins = list(issue.pins.select_related("comparison")) if issue.pk else []
    held = [pin for pin in pins if pin.place == IssuePin.Place.HOLD]
    held_tools, held_pairs = {pin.tool_id for pin in held}, {pin.comparison_id for pin in held}
    blocks = [
        *(block for block in _verdict_blocks(issue.cutoff_at, lock) if block.tool_id not in held_tools),
        *(block for block in _comparison_blocks(issue.cutoff_at) if block.key not in held_pairs),
    ]
    for place, pin in enumerate(pin for pin in pins if pin.place == IssuePin.Place.FIRST):
        for block in blocks:
            if (pin.comparison_id and block.comparison == pin.comparison) or (
                pin.tool_id and block.tool_id == pin.tool_id
            ):
                block.pinned = place
    blocks.sort(key=Block.order)
    section = {kind: place for place, kind in enumerate(KINDS.values)}
    chosen = sorted(blocks[:MOST_BLOCKS], key=lambda block: section[block.kind])
    return Content(chosen, len(blocks) - len(chosen))


# Verdicts -------------------------------------------------------------------------------------


def unmailed_verdicts(before: datetime.datetime) -> Any:
    """Return published verdicts that no issue has had, each with `mailed`: what the last one that was mailed says."""
    earlier = IssueItem.objects.filter(
        verdict__tool=OuterRef("tool"), verdict__reviewer=OuterRef("reviewer"), kind__in=[KINDS.NEW, KINDS.CHANGED]
    ).order_by("-verdict__number")
    return (
        Verdict.objects.published()
        .filter(published_at__lt=before, tool__state="published", reviewer__is_active=True)
        .annotate(mailed=Subquery(earlier.values("verdict__decision")[:1]))
        .filter(Q(mailed=None) | ~Q(mailed=F("decision")))
        .order_by("tool", "reviewer__position", "pk")
    )


def _verdict_blocks(before: datetime.datetime, lock: bool) -> list[Block]:
    rows = unmailed_verdicts(before)
    if lock:
        list(Verdict.objects.select_for_update().filter(pk__in=[row.pk for row in rows]).order_by("pk").values("pk"))
    verdicts = list(rows.select_related("reviewer"))
    tools = _scored({verdict.tool_id for verdict in verdicts})
    blocks: dict[tuple[int, str], Block] = {}
    for verdict in verdicts:
        tool = tools[verdict.tool_id]
        verdict.tool = tool
        kind = KINDS.CHANGED if verdict.mailed else KINDS.NEW
        block = blocks.get((tool.pk, kind))
        if block is None:
            snapshot = {"tool": tool_snapshot(tool), "verdicts": []}
            weight = _interest(tool) * (3 if kind == KINDS.CHANGED else 1)
            block = Block(kind, snapshot, frozenset({tool.category_id}), weight, verdict.published_at, tool.pk)
            block.tool_id = tool.pk
            blocks[tool.pk, kind] = block
        block.verdicts.append(verdict)
        block.snapshot["verdicts"].append(verdict_snapshot(verdict))
        block.newest = max(block.newest, verdict.published_at)
    return list(blocks.values())


def _scored(pks: set[int]) -> dict[int, ScoredTool]:
    return {tool.pk: tool for tool in queries.scored(queries.with_figures(Tool.objects.filter(pk__in=pks)))}


def _interest(tool: ScoredTool) -> float:
    """How much there is to say: the panel's dissent, times how many readers have cared to vote."""
    dissent = min(tool.panel.ships, tool.panel.skips)
    return (1 + dissent) * (1 + log2(1 + tool.community.total))


def tool_snapshot(tool: ScoredTool) -> dict[str, Any]:
    """Return what a mail and its page in the archive say of a tool: the very figures of its page."""
    return {
        "id": tool.pk,
        "name": tool.name,
        "path": tool.get_absolute_url(),
        "tagline": tool.tagline,
        "category": tool.category.name,
        "category_id": tool.category_id,
        "panel_figure": tool.panel.figure,
        "panel_words": tool.panel.words,
        "community_figure": tool.community.figure,
        "community_words": tool.community.words,
        "community_detail": tool.community.words.removeprefix(f"{tool.community.figure}, "),
        "entry": tool.entry_label,
    }


def verdict_snapshot(verdict: Any) -> dict[str, Any]:
    return {
        "id": verdict.pk,
        "reviewer": verdict.reviewer.name,
        "decision": verdict.decision,
        "before": verdict.mailed or "",
        "excerpt": verdict.excerpt,
        "note": verdict.revision_note,
        "evidence": verdict.evidence_words,
        "path": verdict.get_absolute_url(),
    }


# Comparisons ----------------------------------------------------------------------------------


def _comparison_blocks(before: datetime.datetime) -> list[Block]:
    """Return comparisons that no issue has had, and pairs too close to call that none has had as such."""
    had = IssueItem.objects.filter(comparison=OuterRef("pk"))
    public = queries.with_figures(Tool.objects.filter(state="published"))
    rows = (
        Comparison.objects.published()
        .filter(published_at__lt=before, first__state="published", second__state="published")
        .annotate(
            is_new=~Exists(had.filter(kind=KINDS.COMPARISON)),
            was_close=Exists(had.filter(Q(kind=KINDS.CLOSE) | Q(snapshot__is_close=True))),
        )
        .filter(Q(is_new=True) | Q(was_close=False))
        .prefetch_related(Prefetch("first", public), Prefetch("second", public))
        .order_by("pk")
    )
    blocks = []
    close = 0
    for row in rows:
        tools = queries.scored(sorted([row.first, row.second], key=lambda tool: tool.slug))
        kind = KINDS.COMPARISON if row.is_new else KINDS.CLOSE
        if kind == KINDS.CLOSE:
            if close == MOST_CLOSE_CALLS or not _is_close(tools):
                continue
            close += 1
        weight = 2 * sum(_interest(tool) for tool in tools) / len(tools)
        categories = frozenset(tool.category_id for tool in tools)
        assert row.published_at is not None
        block = Block(kind, comparison_snapshot(row, tools), categories, weight, row.published_at, row.pk)
        block.comparison = row
        blocks.append(block)
    return blocks


def _is_close(tools: list[ScoredTool]) -> bool:
    return comparing.is_close(*tools)


def comparison_snapshot(comparison: Comparison, tools: list[ScoredTool]) -> dict[str, Any]:
    return {
        "id": comparison.pk,
        "title": " vs ".join(tool.name for tool in tools),
        "path": comparing.comparison_path(tools),
        "headline": comparison.headline,
        "standfirst": comparing.result_in_words(tools),
        "lead": comparing.leader_words(*tools) if any(tool.community.total for tool in tools) else "",
        "is_close": _is_close(tools),
        "tools": [tool_snapshot(tool) for tool in tools],
    }
