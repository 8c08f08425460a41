"""What each page shows, loaded in a number of queries that does not depend on how much there is."""

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

from django.db import connection
from django.db.models import (
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Lower, NullIf
from django.utils import timezone

from tools.models import Category, Change, Fact, FactKind, Price, Tool
from tools.statements import statement
from verdicts import scoring
from verdicts.keeping import keep, kept
from verdicts.models import Comparison, Reviewer, Verdict
from verdicts.scored import ScoredTool, Shelf
from voting.models import TallyDay, with_tally
from voting.models.tally import COUNTERS

HOME_VERDICTS = 6
LEADERS = 3
PAIRS = 6


# Figures --------------------------------------------------------------------------------------


def with_panel(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """Add `panel_ships` and `panel_total`, the published verdicts of active personas, and `panel_share` from 0 to 1."""
    counted = {f"panel_{field}": Coalesce(f"panel_tally__{field}", 0) for field in ("ships", "total")}
    share = Cast("panel_ships", FloatField()) / NullIf(F("panel_total"), 0)
    return tools.annotate(**counted).annotate(panel_share=share)


def with_figures(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """Add everything a row or card about a tool needs, without another query."""
    return with_panel(with_tally(tools)).select_related("category")


def scored(tools: Iterable[Tool]) -> list[ScoredTool]:
    """Return the tools, each with `panel` and `community` scores made from its columns."""
    found = cast(list[ScoredTool], list(tools))
    for tool in found:
        tool.panel = scoring.PanelScore(tool.panel_ships, tool.panel_total)
        tool.community = scoring.CommunityScore.of_row(tool)
    return found


def community_of_day(row: TallyDay | None) -> scoring.CommunityScore:
    """Return the score that a tool had at the end of a past day; no votes where none had been cast by then."""
    if row is None:
        return scoring.CommunityScore(0, 0)
    named = {f"vote_{name}": getattr(row, name) for name in (*COUNTERS, "era_label")}
    return scoring.CommunityScore.of_row(SimpleNamespace(**named))


def at_quorum() -> Q:
    """Tools with enough verdicts for a percentage."""
    return Q(standing__gte=scoring.STANDING_AT_QUORUM)


# Lists ----------------------------------------------------------------------------------------

SORTS = {
    "match": "Best match",
    "panel": "Panel result",
    "readers": "Most reader votes",
    "newest": "Newest",
    "name": "Name",
}


def sort_tools(tools: QuerySet[Tool], sort: str) -> QuerySet[Tool]:
    """Return the tools in one of `SORTS`; the name, then the key, always break ties."""
    by_name: list[Any] = [Lower("name"), "pk"]
    if sort == "name":
        return tools.order_by(*by_name)
    if sort == "newest":
        return tools.order_by("-published_at", *by_name)
    if sort == "readers":
        return tools.order_by((F("vote_ships") + F("vote_skips")).desc(), *by_name)
    return tools.order_by("-standing", *by_name)


PANEL_RESULTS = {
    "unanimous": "All say ship",
    "ship": "Most say ship",
    "split": "Split",
    "skip": "Most say skip",
    "none": "No percentage yet",
}


def with_panel_result(tools: QuerySet[Tool], result: str) -> QuerySet[Tool]:
    """Keep the tools with one of `PANEL_RESULTS`."""
    least, beyond = scoring.panel_bounds(result)
    found = tools.filter(standing__gte=least)
    return found if beyond is None else found.filter(standing__lt=beyond)


def filled_categories() -> QuerySet[Category]:
    """Categories that have public tools."""
    return Category.objects.filter(Exists(Tool.objects.public().filter(category=OuterRef("pk")))).order_by(
        "position", "name"
    )


KEPT_SECONDS = 300


def shelf_coverage() -> "dict[int, Coverage]":
    """Return by category how many of its public tools the panel has judged, counted anew once a tool or a change has come."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT max(id) FROM tools_tool), (SELECT max(id) FROM tools_change)")
        tool, change = cursor.fetchone()
    key = f"shelf-coverage-{tool or 0}-{change or 0}"
    found = kept(key)
    if found is None:
        judged = Count("pk", filter=at_quorum())
        rows = Tool.objects.public().order_by().values_list("category").annotate(judged=judged, rows=Count("pk"))
        found = {category: Coverage(*counts) for category, *counts in rows}
        keep(key, found, KEPT_SECONDS)
    return found


def shelf_counts() -> dict[int, int]:
    """Return the number of public tools by category."""
    return {category: it.total for category, it in shelf_coverage().items()}


def _newest_change() -> str:
    """Return what is another after every change that readers are told of."""
    return " ".join(f"{pk}-{at.timestamp()}" for pk, at in _change_written_last()) or "none"


@statement
def _change_written_last() -> QuerySet[Any, Any]:
    newest = Change.objects.filter(pk=RawSQL("SELECT max(id) FROM tools_change", ()))
    return newest.order_by().values_list("pk", "at")


def shelves() -> QuerySet[Category]:
    """Categories that have public tools, without counting them."""
    public = Tool.objects.public().filter(category=OuterRef("pk")).order_by()
    return Category.objects.filter(Exists(public)).order_by("position", "name")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is listed the panel has judged: a share says nothing about the rest."""

    judged: int
    total: int

    @property
    def words(self) -> str:
        if not self.total:
            return ""
        tools = "tool" if self.total == 1 else "tools"
        return f"The panel has judged {self.judged:,} of {self.total:,} {tools}; the others have no panel share."


def coverage() -> Coverage:
    """Return how many public tools have a panel share."""
    shelves = shelf_coverage().values()
    return Coverage(sum(it.judged for it in shelves), sum(it.total for it in shelves))


# Home -----------------------------------------------------------------------------------------


def newest_verdicts(panel: Collection[Reviewer], limit: int = HOME_VERDICTS) -> list[Verdict]:
    """Return the newest verdict of each of the tools judged last, so that one tool cannot fill the list.

    A persona has one published verdict on a tool, so that many tools stand among that many times the panel's verdicts.
    """
    newest = list(_verdicts_in_public().values_list("tool", "pk")[: limit * len(panel)])
    first = dict(reversed(newest))
    shown = sorted(first.values(), key=[pk for _, pk in newest].index)[:limit]
    found = with_its_words(Verdict.objects.all()).in_bulk(shown)
    return [found[pk] for pk in shown if pk in found]


def latest_verdicts(limit: int) -> QuerySet[Verdict]:
    """Return the verdicts published last."""
    return with_its_words(_verdicts_in_public())[:limit]


def with_its_words(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Add what is printed of a verdict: its tool and shelf, its persona, and who answers for it."""
    return verdicts.select_related("tool__category", "reviewer", "editor")


def _verdicts_in_public() -> QuerySet[Verdict]:
    """Verdicts that the site shows, newest first: the rest is asked for each, so that they are read in their index's order."""
    said_by = Reviewer.objects.active().filter(pk=OuterRef("reviewer")).order_by()
    about = Tool.objects.filter(pk=OuterRef("tool"), state="published").order_by()
    found = Verdict.objects.published().filter(Exists(about), Exists(said_by))
    return found.order_by("-published_at", "-pk")


def categories_with_leaders() -> list[Shelf]:
    """Return categories that have tools, each with `leaders`: its best by panel share, among those at quorum."""
    categories = cast(list[Shelf], list(filled_categories()))
    best = Tool.objects.filter(at_quorum(), state="published", category=OuterRef("pk"))
    places = {f"place_{n}": Subquery(sort_tools(best, "panel").values("pk")[n : n + 1]) for n in range(LEADERS)}
    first = [pk for row in Category.objects.order_by().annotate(**places).values_list(*places) for pk in row if pk]
    ranked = sort_tools(with_figures(Tool.objects.filter(pk__in=first)), "panel")
    counts = shelf_coverage()
    leaders: dict[int, list[ScoredTool]] = {}
    for tool in scored(ranked):
        leaders.setdefault(tool.category_id, []).append(tool)
    for category in categories:
        category.leaders = leaders.get(category.pk, [])
        category.coverage = counts.get(category.pk, Coverage(0, 0))
        category.published_count = category.coverage.total
    return categories


def curated_comparisons(of: QuerySet[Comparison] | None = None) -> list[Comparison]:
    """Return published comparisons of public tools, newest feature first, their tools scored."""
    public = with_figures(Tool.objects.public())
    rows = list(
        (Comparison.objects.all() if of is None else of)
        .exclude(published_at=None)
        .exclude(first__state="draft")
        .exclude(second__state="draft")
        .prefetch_related(Prefetch("first", public), Prefetch("second", public))
        .order_by(F("featured_on").desc(nulls_last=True), "-published_at")[:12]
    )
    for row in rows:
        scored([row.first, row.second])
    return rows


# One or several tools --------------------------------------------------------------------------


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
    for peer in _judged_beside(list(here), list({tool.category_id for tool in tools})):
        pairs += [(tool, peer) for tool in tools if tool.category_id == peer.category_id][:1]
    unique = {frozenset((a.pk, b.pk)): (here.get(a.pk, a), here.get(b.pk, b)) for a, b in reversed(pairs)}
    found = list(reversed(unique.values()))[:PAIRS]
    for tool in (tool for pair in found for tool in pair if tool.pk not in here):
        tally = getattr(tool, "panel_tally", None)
        cast(ScoredTool, tool).panel = (
            scoring.PanelScore(tally.ships, tally.total) if tally else scoring.PanelScore(0, 0)
        )
    return found


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


# Reviewers -------------------------------------------------------------------------------------


def with_record(reviewers: QuerySet[Reviewer]) -> list[Any]:
    """Return personas with their base rates: `verdict_count`, `ship_count`, `flip_count` and whole percents of them.

    A flip is a revision that says the opposite of the text it replaced. Percents are None without verdicts.
    """
    visible = Q(verdicts__state="published") & ~Q(verdicts__tool__state="draft")
    found: list[Any] = list(
        reviewers.annotate(
            verdict_count=Count("verdicts", filter=visible),
            ship_count=Count("verdicts", filter=visible & Q(verdicts__decision="ship")),
        ).order_by("position", "name")  # grouping drops the model's own order
    )
    flips = count_flips(found)
    for reviewer in found:
        total = reviewer.verdict_count
        reviewer.skip_count = total - reviewer.ship_count
        reviewer.flip_count = flips.get(reviewer.pk, 0)
        reviewer.ship_percent = scoring.whole_percent(reviewer.ship_count / total) if total else None
        reviewer.flip_percent = scoring.whole_percent(min(1, reviewer.flip_count / total)) if total else None
    return found


def records() -> dict[int, Any]:
    """Return every persona with its base rates, by key, counted anew once something has changed."""
    key = f"records-{_newest_change()}"
    found = kept(key)
    if found is None:
        found = {reviewer.pk: reviewer for reviewer in with_record(Reviewer.objects.all())}
        keep(key, found, KEPT_SECONDS)
    return found


def count_flips(reviewers: list[Reviewer]) -> dict[int, int]:
    """Return how often each persona has changed its mind in public, counted in the database."""
    later = Verdict.objects.ever_published().exclude(tool__state="draft").filter(reviewer__in=reviewers, number__gt=1)
    before = Verdict.objects.ever_published().filter(
        tool=OuterRef("tool"), reviewer=OuterRef("reviewer"), number__lt=OuterRef("number")
    )
    flipped = later.annotate(previous=Subquery(before.order_by("-number").values("decision")[:1])).exclude(
        decision=F("previous")
    )
    rows = flipped.filter(previous__isnull=False).order_by().values("reviewer").annotate(flips=Count("pk"))
    return {row["reviewer"]: row["flips"] for row in rows}


# Robots ----------------------------------------------------------------------------------------


def indexable_pairs() -> list[tuple[Tool, Tool]]:
    """Return the pairs worth finding, in the order of their addresses: both panels at quorum, same shelf or curated."""
    judged = with_panel(Tool.objects.public()).filter(at_quorum()).only("name", "slug", "category").order_by("slug")
    by_pk = {tool.pk: tool for tool in judged}
    shelves: dict[int, list[Tool]] = {}
    for tool in by_pk.values():
        shelves.setdefault(tool.category_id, []).append(tool)
    pairs = {(a.pk, b.pk) for shelf in shelves.values() for a, b in combinations(shelf, 2)}
    for first, second in Comparison.objects.published().values_list("first", "second"):
        if first in by_pk and second in by_pk:
            pairs.add((first, second) if by_pk[first].slug < by_pk[second].slug else (second, first))
    return sorted(((by_pk[a], by_pk[b]) for a, b in pairs), key=lambda pair: (pair[0].slug, pair[1].slug))
