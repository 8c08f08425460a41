"""A page for programs: the same page object as the HTML, written as JSON or as Markdown."""

import datetime
import json
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from tools.freshness import kept_while
from tools.models import Price, Tool
from tools.text import clean_line, plain_text
from verdicts import comparing, queries, scoring
from verdicts.changes import Change
from verdicts.comparing import ComparisonPage
from verdicts.facts import FactCell, FactRow
from verdicts.models import Verdict
from verdicts.scored import ScoredTool
from verdicts.tool_page import ToolPage, staleness_words, tool_page

type AnyPage = ToolPage | ComparisonPage
TYPES = {"md": "text/markdown; charset=utf-8", "json": "application/json"}


# JSON ---------------------------------------------------------------------------------------------


def as_data(page: AnyPage) -> dict[str, Any]:
    """Return everything a page prints, for programs. Unknown is null, never false or 0."""
    data: dict[str, Any] = {
        "title": page.title,
        "url": page.canonical_url,
        "as_of": _day(page),
        "method_version": scoring.METHOD_VERSION,
        "tools": [_tool(tool, _of_tool(page, tool)) for tool in page.columns],
        "facts": [_fact_row(row, page.columns) for row in _facts(page)],
        "changes": [_change(change) for change in page.changes],
    }
    if isinstance(page, ToolPage):
        data["prices"] = [_price(price) for price in page.prices]
        return data
    texts = page.curated
    data |= {"result": page.standfirst, "lead_among_readers": page.lead or None}
    data["advice"] = {
        "headline": texts.headline if texts else None,
        "ship_if": {tool.slug: _advice(texts, tool) for tool in page.columns} if texts else {},
        "ship_neither_if": plain_text(texts.ship_neither_if) if texts else None,
    }
    return data


def _day(page: AnyPage) -> datetime.date:
    return getattr(page, "as_of", None) or timezone.localdate()


def _facts(page: AnyPage) -> list[FactRow]:
    return page.facts if isinstance(page, ToolPage) else page.all_fact_rows


def _advice(texts: Any, tool: Tool) -> str:
    return plain_text(texts.ship_first_if if texts.first_id == tool.pk else texts.ship_second_if)


def _of_tool(page: AnyPage, tool: Tool) -> list[tuple[Any, Verdict | None]]:
    place = page.columns.index(tool)  # type: ignore[arg-type]
    return [(row.reviewer, row.cells[place]) for row in page.scorecard]


def _tool(tool: ScoredTool, said: list[tuple[Any, Verdict | None]]) -> dict[str, Any]:
    panel, readers = tool.panel, tool.community
    return {
        "name": tool.name,
        "slug": tool.slug,
        "url": settings.SITE_URL + tool.get_absolute_url(),
        "tagline": tool.tagline,
        "description": plain_text(tool.description),
        "category": {"name": tool.category.name, "slug": tool.category.slug},
        "vendor": tool.vendor or None,
        "homepage": tool.homepage or None,
        "licence": tool.licence or None,
        "latest_version": tool.latest_version or None,
        "state": tool.state,
        "entry": {
            "kind": tool.entry or None,
            "label": tool.entry_label,
            "price": _price(tool.price) if tool.price else None,
        },
        "panel": {"ships": panel.ships, "total": panel.total, "percent": panel.percent, "words": panel.words},
        "community": {
            "ships": readers.ships,
            "skips": readers.skips,
            "votes": readers.total,
            "percent": readers.percent,
            "low": readers.low,
            "high": readers.high,
            "words": readers.words,
            "about": readers.era_words or None,
            "being_checked": readers.held,
            "verified": {
                "ships": readers.verified_ships,
                "skips": readers.verified_skips,
                "percent": readers.verified_percent,
                "words": readers.verified_words or None,
            },
        },
        "verdicts": [_verdict(reviewer, verdict) for reviewer, verdict in said],
    }


def _verdict(reviewer: Any, verdict: Verdict | None) -> dict[str, Any]:
    told = {"reviewer": reviewer.name, "reviewer_url": settings.SITE_URL + reviewer.get_absolute_url()}
    if verdict is None:
        return told | {"decision": None}
    return told | {
        "decision": verdict.decision,
        "reason": plain_text(verdict.reason),
        "evidence": verdict.get_evidence_display(),
        "tool_version": verdict.tool_version or None,
        "tested_on": verdict.tested_on,
        "stale": verdict.staleness or None,
        "published_at": verdict.published_at,
        "responsible_editor": verdict.editor_name,
    }


def _price(price: Price) -> dict[str, Any]:
    names = ("plan", "amount", "currency", "unit", "period", "words", "starts_on", "checked_on")
    return {name: getattr(price, name) for name in names} | {
        "check": price.get_check_method_display(),
        "source": price.source_url or None,
    }


def _fact_row(row: FactRow, columns: Sequence[Tool]) -> dict[str, Any]:
    cells = {tool.slug: _fact(cell) for tool, cell in zip(columns, row.cells, strict=True)}
    return {"label": row.label, "differs": row.differs, "answers": cells}


def _fact(cell: FactCell) -> dict[str, Any]:
    names = {
        "kind": cell.kind,
        "text": cell.text,
        "note": cell.note,
        "source": cell.source_url,
        "check": cell.check_label,
    }
    return {name: value or None for name, value in names.items()}


def _change(change: Change) -> dict[str, Any]:
    return {"on": change.on, "tool": change.tool.slug, "text": change.text}


# Markdown -----------------------------------------------------------------------------------------


def marked(text: str) -> str:
    """Return one line of Markdown that shows this text and nothing else: no tag, link, emphasis, cell, heading or list."""
    inline = re.sub(r"([\\`*_\[\]|<>~&])", r"\\\1", clean_line(text))
    return re.sub(r"^(\d{0,9})([#+\-=.)])", r"\1\\\2", inline)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def figures_table(page: AnyPage) -> str:
    """Return the figures of the page as a Markdown table to paste elsewhere."""
    stale = [staleness_words([v for _, v in _of_tool(page, tool) if v]) for tool in page.columns]
    rows = [
        ["Panel", *[f"{tool.panel.figure} ({tool.panel.words})" for tool in page.columns]],
        ["Community", *[tool.community.words for tool in page.columns]],
        ["Entry price", *[tool.entry_label for tool in page.columns]],
    ]
    if any(stale):
        rows.append(["Stale", *[marked(words) or "No" for words in stale]])
    names = [f"[{marked(tool.name)}]({settings.SITE_URL}{tool.get_absolute_url()})" for tool in page.columns]
    return table(["", *names], rows)


def as_markdown(page: AnyPage) -> str:
    """Return the page as CommonMark with one kind of table. Names and texts of others are escaped, reasons are quoted."""
    parts = [f"# {marked(page.title)}", f"As of {date_format(_day(page))} · <{page.canonical_url}>"]
    if isinstance(page, ComparisonPage):
        parts.append(marked(page.standfirst))
    parts.append(figures_table(page))
    parts += [f"**{marked(tool.name)}:** {marked(tool.tagline)}" for tool in page.columns if tool.tagline]
    if rows := _facts(page):
        header = ["Fact", *[marked(tool.name) for tool in page.columns]]
        cells = [[marked(row.label), *[marked(_answer(cell)) for cell in row.cells]] for row in rows]
        parts += ["## Facts", table(header, cells)]
    parts.append("## The panel")
    for tool in page.columns:
        said = [verdict for _, verdict in _of_tool(page, tool) if verdict]
        parts.append(f"### {marked(tool.name)}: {tool.panel.words}")
        parts += [_quotation(verdict) for verdict in said] or ["No verdicts yet."]
    if page.changes:
        lines = [
            f"- {date_format(change.on)}: {marked(f'{change.tool.name}: {change.text}')}" for change in page.changes
        ]
        parts += ["## What changed", "\n".join(lines)]
    parts.append(
        f"Reviewers are editorial lenses, not people. Method {scoring.METHOD_VERSION}: <{settings.SITE_URL}/methodology/>"
    )
    return "\n\n".join(parts) + "\n"


def _answer(cell: FactCell) -> str:
    details = ", ".join(part for part in (cell.note, cell.check_label) if part)
    return f"{cell.text} ({details})" if details else cell.text


def _quotation(verdict: Verdict) -> str:
    evidence = marked(verdict.evidence_words)
    name, decision = marked(str(verdict.reviewer)), verdict.get_decision_display()
    return f"**{name}: {decision}.** {evidence}\n\n> {marked(plain_text(verdict.reason))}"


# Serving ------------------------------------------------------------------------------------------


def _answer_with(page: AnyPage, form: str) -> HttpResponse:
    text = as_markdown(page) if form == "md" else json.dumps(as_data(page), cls=DjangoJSONEncoder, ensure_ascii=False)
    answer = HttpResponse(text, content_type=TYPES[form])
    answer["Link"] = f'<{page.canonical_url}>; rel="canonical"'
    return kept_while(answer, page.columns)


@require_safe
def tool_twin(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    found = queries.with_figures(Tool.objects.public().named(slug)).first()
    if found is None:
        raise Http404("No such tool.")
    if found.slug != slug or request.GET:
        return redirect("tool_twin", found.slug, form, permanent=True)
    return _answer_with(tool_page(found), form)


@require_safe
def comparison_twin(request: HttpRequest, pair: str, form: str) -> HttpResponseBase:
    tools = comparing.columns_of(pair)
    path = comparing.SEPARATOR.join(tool.slug for tool in tools)
    if len(tools) == 1:
        return redirect("tool_twin", path, form, permanent=True)
    if pair != path or request.GET:
        return redirect("comparison_twin", path, form, permanent=True)
    return _answer_with(comparing.comparison_page(tools), form)
