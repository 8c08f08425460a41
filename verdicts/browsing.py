"""The catalogue: search, filters with counts, sorting, and the tray of tools to compare."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import QueryDict

from tools import search
from tools.models import Entry, Tool
from verdicts import facets, queries
from verdicts.forms import BrowseForm
from verdicts.matches import explain, tools_against_each_other
from verdicts.scored import ScoredTool
from voting.models import with_tally

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    selected: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    label: str
    choices: list[Choice]


class CountedPaginator(Paginator):
    """A paginator that has been told how much there is."""

    def __init__(self, rows: Any, per_page: int, total: int) -> None:
        super().__init__(rows, per_page)
        self.total = total

    @cached_property
    def count(self) -> int:
        return self.total


@dataclass(slots=True)
class Browse:
    """Everything the catalogue page prints."""

    page: Page
    filters: list[Filter]
    sorts: list[Choice]
    query: str
    found: search.Found | None
    versus: Sequence[Tool]
    active: bool
    counted_at: datetime.datetime | None
    querystring: str
    coverage: str
    tray: Sequence[Tool]

    @property
    def total(self) -> int:
        return self.page.paginator.count

    def context(self) -> dict[str, object]:
        """Return all of it by name, for a template."""
        names = (
            "page",
            "filters",
            "sorts",
            "query",
            "found",
            "versus",
            "active",
            "total",
            "coverage",
            "counted_at",
            "tray",
        )
        return {name: getattr(self, name) for name in names} | {"querystring_without_page": self.querystring}


def browse(params: QueryDict, tray: Sequence[Tool]) -> Browse:
    """Return one page of the catalogue for the words, the filters, the sort and the page number of an address."""
    known = BrowseForm(params).known()
    kept = {name: str(getattr(value, "slug", value)) for name, value in known.items()}
    chosen = {name: value for name, value in kept.items() if name in facets.NAMES}
    words = kept.get("q", "")
    found = search.find(words) if words else None
    sort = kept.get("sort", "match" if found else "panel")
    sort = "panel" if sort == "match" and not found else sort
    counted = facets.counted_among(found.keys, chosen) if found else facets.counted(chosen)
    return Browse(
        page=_page(found, chosen, sort, counted.total, params.get("page")),
        filters=_filters(counted.choices, chosen),
        sorts=[Choice(v, label, v == sort) for v, label in queries.SORTS.items() if found or v != "match"],
        query=words,
        found=found,
        versus=tools_against_each_other(words) if words else [],
        active=bool(set(known) - {"sort"}),
        coverage=_coverage(counted.choices["panel"]).words,
        counted_at=counted.at,
        querystring=urlencode([*kept.items(), *[("tools", tool.slug) for tool in tray]]),
        tray=tray,
    )


def _coverage(results: Mapping[str, int]) -> queries.Coverage:
    """Return how many of the tools that pass the other filters have a panel share."""
    everything = sum(results.values())
    return queries.Coverage(everything - results.get("none", 0), everything)


def _page(found: search.Found | None, chosen: dict[str, str], sort: str, total: int, number: str | None) -> Page:
    """Return one page of scored tools, in order; after a search, each with what of it fits the words."""
    tools = facets.filtered(Tool.objects.public(), chosen)
    if found:
        tools = tools.filter(pk__in=found.keys)
    if found and sort == "match":
        fits = set(tools.values_list("pk", flat=True)) if found.keys else set()
        keys = [key for key in found.keys if key in fits]
        page: Page[Any] = Paginator(keys, PAGE_SIZE).get_page(number)
    else:
        ordered = queries.sort_tools(with_tally(tools) if sort == "readers" else tools, sort)
        page = CountedPaginator(ordered.values_list("pk", flat=True), PAGE_SIZE, total).get_page(number)
    # The keys first, and all else for those alone: a late page passes over many rows, and an index may hold all it needs.
    shown: list[int] = list(page.object_list)
    by_pk = queries.with_figures(Tool.objects.public()).in_bulk(shown)
    rows = [by_pk[key] for key in shown if key in by_pk]
    scored: list[ScoredTool] = queries.scored(rows)
    facets.tell_staleness(scored)
    page.object_list = explain(scored, found) if found else scored
    return page


def _filters(counts: dict[str, Any], chosen: dict[str, str]) -> list[Filter]:
    licences = facets.commonest(counts["licence"], chosen.get("licence", ""))
    offered = {
        "category": ("Category", [(shelf.slug, shelf.name) for shelf in queries.filled_categories()]),
        "entry": ("Entry price", [(str(value), str(label)) for value, label in Entry.choices]),
        "licence": ("Licence", [(licence, licence) for licence in licences]),
        "open": ("Open source", list(facets.OPEN_SOURCE.items())),
        "panel": ("Panel", list(queries.PANEL_RESULTS.items())),
        "tested": ("Tested", list(facets.FRESHNESS.items())),
    }
    return [
        Filter(name, label, [Choice(v, words, v == chosen.get(name), counts[name][v]) for v, words in choices])
        for name, (label, choices) in offered.items()
    ]
