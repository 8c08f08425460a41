"""What changed, read from the dated rows themselves: verdict revisions, prices, versions, states."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone

from tools.models import Price, Tool
from verdicts.models import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One dated sentence about one tool."""

    at: datetime.datetime
    tool: Tool
    text: str
    key: str

    @property
    def on(self) -> datetime.date:
        return timezone.localdate(self.at)


def changes_of(tools: Sequence[Tool], limit: int = 20) -> list[Change]:
    """Return the latest changes to some tools, newest first, in three queries."""
    found = [*_verdict_changes(tools), *_price_changes(tools), *_tool_changes(tools)]
    return sorted(found, key=lambda change: (change.at, change.key), reverse=True)[:limit]


def _verdict_changes(tools: Sequence[Tool]) -> list[Change]:
    by_pk = {tool.pk: tool for tool in tools}
    rows = (
        Verdict.objects.ever_published()
        .filter(tool__in=tools)
        .select_related("reviewer")
        .defer("reason")
        .order_by("tool", "reviewer", "number")
    )
    changes = []
    for _, revisions in groupby(rows, key=lambda row: (row.tool_id, row.reviewer_id)):
        before = None
        for verdict in revisions:
            tool = by_pk[verdict.tool_id]
            changes.append(
                Change(_known(verdict.published_at), tool, _verdict_words(verdict, before), f"verdict-{verdict.pk}")
            )
            if verdict.state == Verdict.State.WITHDRAWN:
                words = f"{verdict.reviewer} withdrew the verdict: {verdict.withdrawal_reason}"
                changes.append(Change(_known(verdict.retired_at), tool, words, f"verdict-{verdict.pk}-withdrawn"))
            before = verdict
    return changes


def _verdict_words(verdict: Verdict, before: Verdict | None) -> str:
    note = f": {verdict.revision_note}" if verdict.revision_note else ""
    if before is None:
        return f"{verdict.reviewer} says {verdict.decision}"
    if before.decision != verdict.decision:
        return f"{verdict.reviewer} changed from {before.decision} to {verdict.decision}{note}"
    return f"{verdict.reviewer} revised the verdict, still {verdict.decision}{note}"


def _price_changes(tools: Sequence[Tool]) -> list[Change]:
    by_pk = {tool.pk: tool for tool in tools}
    rows = Price.objects.filter(tool__in=tools, starts_on__lte=timezone.localdate()).order_by(
        "tool", "plan", "starts_on"
    )
    changes = []
    for _, steps in groupby(rows, key=lambda row: (row.tool_id, row.plan)):
        before = None
        for price in steps:
            was = f" (was {before.words})" if before else ""
            changes.append(
                Change(
                    _start_of(price.starts_on),
                    by_pk[price.tool_id],
                    f"{price.plan}: {price.words}{was}",
                    f"price-{price.pk}",
                )
            )
            before = price
    return changes


def _tool_changes(tools: Sequence[Tool]) -> list[Change]:
    """Changes of version, state and entry price, from the tool's own history since it became public."""
    by_pk = {tool.pk: tool for tool in tools}
    fields = ("history_id", "history_date", "id", "state", "latest_version", "entry")
    rows = Tool.history.filter(id__in=by_pk).order_by("id", "history_date", "history_id").only(*fields)
    changes = []
    for pk, steps in groupby(rows, key=lambda row: row.id):
        before = None
        for step in steps:
            for text in _tool_words(step, before):
                changes.append(Change(step.history_date, by_pk[pk], text, f"tool-{step.history_id}"))
            before = step
    return changes


def _tool_words(step: Tool, before: Tool | None) -> list[str]:
    if step.state == "draft":
        return []
    if before is None or before.state == "draft":
        return ["Listed"]
    words = []
    if step.latest_version and step.latest_version != before.latest_version:
        words.append(f"Version {step.latest_version} is out")
    if step.state == "discontinued" and before.state != "discontinued":
        words.append("Discontinued")
    if step.entry and before.entry and step.entry != before.entry:
        words.append(
            f"Entry price is now {step.get_entry_display().lower()} (was {before.get_entry_display().lower()})"
        )
    return words


def _start_of(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, datetime.UTC)


def _known(moment: datetime.datetime | None) -> datetime.datetime:
    """Return a moment that the database's constraints say is there."""
    assert moment is not None
    return moment
