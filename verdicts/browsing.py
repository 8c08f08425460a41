"""The catalogue: filters with counts, sorting, and the tray of tools to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from tools.models import Entry, FormerSlug, Tool
from verdicts import queries
from verdicts.forms import BrowseForm

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


@dataclass(slots=True)
class Browse:
    """Everything the catalogue page prints."""

    page: Page
    filters: list[Filter]
    sorts: list[Choice]
    query: str
    active: bool
    querystring: str
    tray: Sequence[Tool]

    @property
    def total(self) -> int:
        return self.page.paginator.count

    def context(self) -> dict[str, object]:
        """Return all of it by name, for a template."""
        names = ("page", "filters", "sorts", "query", "active", "total", "tray")
        return {name: getattr(self, name) for name in names} | {"querystring_without_page": self.querystring}


def _matching(tools: QuerySet[Tool], known: dict, *, leaving_out: str = "") -> QuerySet[Tool]:
    """Return the tools that pass all filters, or all but one, which is what a filter's own counts are about."""
    if words := known.get("q"):
        for word in str(words).split():
            formerly = FormerSlug.objects.filter(tool=OuterRef("pk"), slug__icontains=word)
            named = Q(name__icontains=word) | Q(tagline__icontains=word) | Q(vendor__icontains=word)
            tools = tools.filter(named | Exists(formerly))
    if "category" in known and leaving_out != "category":
        tools = tools.filter(category=known["category"])
    if "entry" in known and leaving_out != "entry":
        tools = tools.filter(entry=known["entry"])
    if "panel" in known and leaving_out != "panel":
        tools = queries.with_panel_result(queries.with_panel(tools), str(known["panel"]))
    return tools


def _counts(tools: QuerySet[Tool], column: str) -> dict[str, int]:
    return {row[column]: row["n"] for row in tools.order_by().values(column).annotate(n=Count("pk"))}


def browse(params: QueryDict, tray: Sequence[Tool]) -> Browse:
    """Return one page of the catalogue for the filters, the sort and the page number of an address."""
    form = BrowseForm(params)
    known = form.known()
    public = Tool.objects.public()
    sort = str(known.get("sort", "panel"))
    tools = queries.sort_tools(queries.with_figures(_matching(public, known)), sort)
    page = Paginator(tools, PAGE_SIZE).get_page(params.get("page"))
    page.object_list = queries.scored(list(page.object_list))
    kept = {name: getattr(value, "slug", value) for name, value in known.items()}
    return Browse(
        page=page,
        filters=[
            _category_filter(_matching(public, known, leaving_out="category"), str(kept.get("category", ""))),
            _entry_filter(_matching(public, known, leaving_out="entry"), str(kept.get("entry", ""))),
            _panel_filter(str(kept.get("panel", ""))),
        ],
        sorts=[Choice(value, label, value == sort) for value, label in queries.SORTS.items()],
        query=str(known.get("q", "")),
        active=bool(set(known) - {"sort"}),
        querystring=urlencode([*kept.items(), *[("tools", tool.slug) for tool in tray]]),
        tray=tray,
    )


def _category_filter(tools: QuerySet[Tool], chosen: str) -> Filter:
    counts = _counts(tools, "category__slug")
    shelves = queries.filled_categories()
    choices = [Choice(c.slug, c.name, c.slug == chosen, counts.get(c.slug, 0)) for c in shelves]
    return Filter("category", "Category", choices)


def _entry_filter(tools: QuerySet[Tool], chosen: str) -> Filter:
    counts = _counts(tools, "entry")
    choices = [Choice(str(v), str(label), v == chosen, counts.get(str(v), 0)) for v, label in Entry.choices]
    return Filter("entry", "Entry price", choices)


def _panel_filter(chosen: str) -> Filter:
    choices = [Choice(value, label, value == chosen) for value, label in queries.PANEL_RESULTS.items()]
    return Filter("panel", "Panel", choices)
