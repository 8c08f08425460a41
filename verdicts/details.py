"""What a page about one or several tools shows of them: as of today, all asked in one go, or as of a past moment."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils import timezone

from tools.models import Category, Fact, FactKind, Price, Tool
from tools.statements import NOW, statement, together
from verdicts import scoring
from verdicts.changes import changes_on_a_page
from verdicts.models import Comparison, Reviewer, Verdict
from verdicts.queries import change_written_last, sort_tools, with_figures
from verdicts.scored import ScoredTool

PAIRS = 6


def tool_at(slug: str) -> Tool | None:
    """Return the tool that has this address now, else the one that had it last, with its figures."""
    return next(iter(_tool_at(slug) or _tool_formerly_at(slug)), None)


@statement
def _tool_at(slug: str) -> QuerySet[Tool]:
    return with_figures(Tool.objects.filter(slug=slug))


@statement
def _tool_formerly_at(slug: str) -> QuerySet[Tool]:
    return with_figures(Tool.objects.filter(former_slugs__slug=slug))


def scorecard_verdicts(tools: Sequence[Tool], as_of: datetime.datetime | None = None) -> list[Verdict]:
    """Return the verdicts on some tools, with all that a cell prints: the published ones, or those of a past moment."""
    by_pk = {tool.pk: tool for tool in tools}
    if as_of:
        found = list(_in_their_places(Verdict.objects.as_of(as_of).filter(tool__in=tools)))
    else:
        found = _verdicts_of_today(list(by_pk))
    for verdict in found:
        verdict.tool = by_pk[verdict.tool_id]
    return found


def _in_their_places(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    return verdicts.select_related("reviewer", "editor").order_by("reviewer__position", "pk")


@statement
def _verdicts_of_today(tools: list[int]) -> QuerySet[Verdict]:
    return _in_their_places(Verdict.objects.published().filter(tool__in=tools))


def asked_ahead(tools: Sequence[Tool], *, with_records: bool) -> AbstractContextManager[None]:
    """Ask what the page about some tools shows of today, all at once: the functions here find it inside the block."""
    pks = [tool.pk for tool in tools]
    calls: list[Any] = [
        (panel_of_today, ()),
        (_verdicts_of_today, (pks,)),
        (_prices_on, (pks, timezone.localdate())),
        (_facts_of_today, (pks,)),
        (changes_on_a_page, (pks, NOW)),
        (_curated_with, (pks,)),
        (_judged_beside, (pks, _shelves_of(tools))),
    ]
    if len(tools) == 2:
        calls.append((_comparison_of, tuple(sorted(pks))))
    if with_records:
        calls.append((change_written_last, ()))
    return together(*calls)


OWN_TEXT = ["name", "tagline", "description", "entry", "vendor", "licence", "latest_version", "released_on"]
OWN_TEXT += ["check_method", "checked_on", "source_url"]


def turn_back(tools: Sequence[Tool], moment: datetime.datetime) -> None:
    """Give tools the words about them that stood at a past moment; what has no history stays as it is."""
    past = {row.pk: row for row in Tool.history.as_of(moment).filter(id__in=[tool.pk for tool in tools])}
    shelves = Category.objects.in_bulk({row.category_id for row in past.values()})
    for tool in tools:
        for column in OWN_TEXT if tool.pk in past else []:
            setattr(tool, column, getattr(past[tool.pk], column))
        if tool.pk in past:
            tool.category = shelves.get(past[tool.pk].category_id, tool.category)


@statement
def panel_of_today() -> QuerySet[Reviewer]:
    return Reviewer.objects.active()


def panel_of(moment: datetime.datetime) -> list[Reviewer]:
    """Return the personas that made up the panel at a past moment, in the words of that day, at today's addresses."""
    past = {row.pk: row for row in Reviewer.history.as_of(moment)}
    panel = list(Reviewer.objects.all())
    for reviewer in panel:
        for column in ("name", "lens", "position", "is_active") if reviewer.pk in past else ():
            setattr(reviewer, column, getattr(past[reviewer.pk], column))
    return sorted((it for it in panel if it.is_active), key=lambda it: (it.position, it.name))


def curated_comparison(tools: Sequence[Tool], moment: datetime.datetime | None = None) -> Comparison | None:
    """Return what an editor has published about this pair, or had at a past moment."""
    if len(tools) != 2:
        return None
    first, second = sorted(tool.pk for tool in tools)
    row = next(iter(_comparison_of(first, second)), None)
    if row is not None and moment is not None and row.history.exists():
        row = Comparison.history.as_of(moment).filter(id=row.pk).first()
    if row is None or row.published_at is None or (moment is not None and row.published_at > moment):
        return None
    return row


@statement
def _comparison_of(first: int, second: int) -> QuerySet[Comparison]:
    return Comparison.objects.filter(first=first, second=second)


def current_prices(
    tools: Sequence[Tool], moment: datetime.datetime | None = None, *, day: datetime.date | None = None
) -> dict[int, list[Price]]:
    """Return the prices on offer by tool, the cheapest first; those of a past moment as they were known then."""
    prices: dict[int, list[Price]] = {}
    if moment is None:
        found = _prices_on([tool.pk for tool in tools], day or timezone.localdate())
    else:
        found = _prices_at(tools, moment)
    for price in found:
        prices.setdefault(price.tool_id, []).append(price)
    return prices


@statement
def _prices_on(tools: list[int], day: datetime.date) -> QuerySet[Price]:
    return Price.objects.filter(tool__in=tools).on(day).order_by("amount", "plan")


def _prices_at(tools: Sequence[Tool], moment: datetime.datetime) -> list[Price]:
    """Return the last row of each plan by then, from the rows that had been written by then; rows without history count."""
    told = set(Price.history.filter(tool__in=tools).values_list("id", flat=True))
    rows = [
        *Price.history.as_of(moment).filter(tool__in=tools),
        *Price.objects.filter(tool__in=tools).exclude(pk__in=told),
    ]
    begun = sorted((row for row in rows if row.starts_on <= moment.date()), key=lambda row: row.starts_on)
    plans = {(row.tool_id, row.plan): row for row in begun}
    return sorted((row for row in plans.values() if row.is_offered), key=lambda row: (row.amount, row.plan))


def facts_of(tools: Sequence[Tool], as_of: datetime.datetime | None = None) -> list[Fact]:
    """Return the typed facts of some tools, by kind; the answers of a past moment when asked."""
    if as_of is None:
        return _facts_of_today([tool.pk for tool in tools])
    kinds = FactKind.objects.in_bulk()
    past = list(Fact.history.as_of(as_of).filter(tool__in=tools))
    for fact in past:
        fact.kind = kinds[fact.kind_id]
    return sorted(past, key=lambda fact: (fact.kind.position, fact.kind.label))


@statement
def _facts_of_today(tools: list[int]) -> QuerySet[Fact]:
    return Fact.objects.filter(tool__in=tools).select_related("kind").order_by("kind__position", "kind__label")


LINKED = ("name", "slug", "category", "panel_tally__ships", "panel_tally__total")


def neighbours(tools: Sequence[Tool]) -> list[tuple[Tool, Tool]]:
    """Return pairs a reader of these tools is likely to want next: curated ones first, then judged tools of the shelf.

    Only what a link to a pair prints is loaded: names, addresses and the panel's result.
    """
    here = {tool.pk: tool for tool in tools}
    curated = _curated_with(list(here))
    pairs = [(row.first, row.second) for row in curated if len(tools) == 1 or {row.first_id, row.second_id} != {*here}]
    for peer in _judged_beside(list(here), _shelves_of(tools)):
        pairs += [(tool, peer) for tool in tools if tool.category_id == peer.category_id][:1]
    unique = {frozenset((a.pk, b.pk)): (here.get(a.pk, a), here.get(b.pk, b)) for a, b in reversed(pairs)}
    found = list(reversed(unique.values()))[:PAIRS]
    for tool in (tool for pair in found for tool in pair if tool.pk not in here):
        tally = getattr(tool, "panel_tally", None)
        cast(ScoredTool, tool).panel = (
            scoring.PanelScore(tally.ships, tally.total) if tally else scoring.PanelScore(0, 0)
        )
    return found


def _shelves_of(tools: Sequence[Tool]) -> list[int]:
    return sorted({tool.category_id for tool in tools})


@statement
def _curated_with(tools: list[int]) -> QuerySet[Comparison]:
    sides = [f"{side}__{column}" for side in ("first", "second") for column in LINKED]
    return (
        Comparison.objects.published()
        .filter(Q(first__in=tools) | Q(second__in=tools))
        .exclude(first__state="draft")
        .exclude(second__state="draft")
        .select_related("first__panel_tally", "second__panel_tally")
        .only(*sides)[:PAIRS]
    )


@statement
def _judged_beside(tools: list[int], shelves: list[int]) -> QuerySet[Tool]:
    judged = Tool.objects.filter(state="published", category__in=shelves, standing__gt=0).exclude(pk__in=tools)
    return sort_tools(judged, "panel").select_related("panel_tally").only(*LINKED)[:PAIRS]
