"""What each page shows, loaded in a number of queries that does not depend on how much there is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from django.db.models import (
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Lower, NullIf

from tools.models import Category, Change, Tool
from tools.statements import Statement, statement
from verdicts import scoring
from verdicts.keeping import keep, kept
from verdicts.models import Comparison, Reviewer, Verdict
from verdicts.scored import ScoredTool, Shelf
from voting.models import TallyDay, with_tally
from voting.models.tally import COUNTERS

HOME_VERDICTS = 6
LEADERS = 3


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


KEPT_SECONDS = 300


def shelf_coverage() -> "dict[int, Coverage]":
    """Return by category how many of its public tools the panel has judged, counted anew once a tool or a change has come."""
    key = f"shelf-coverage-{''.join(map(str, newest_tool()))}-{_newest_change()}"
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


@statement
def newest_tool() -> QuerySet[Any, Any]:
    newest = Tool.objects.filter(pk=RawSQL("SELECT max(id) FROM tools_tool", ()))
    return newest.order_by().values_list("pk", flat=True)


def _newest_change() -> str:
    """Return what is another after every change that readers are told of; empty before the first."""
    return "".join(f"{pk}-{at.timestamp()}" for pk, at in change_written_last())


@statement
def change_written_last() -> QuerySet[Any, Any]:
    newest = Change.objects.filter(pk=RawSQL("SELECT max(id) FROM tools_change", ()))
    return newest.order_by().values_list("pk", "at")


def filled_categories() -> QuerySet[Category]:
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
    newest = _newest(limit * len(panel))()
    first = dict(reversed(newest))
    shown = sorted(first.values(), key=[pk for _, pk in newest].index)[:limit]
    found = {verdict.pk: verdict for verdict in _verdicts_with_words(shown)}
    return [found[pk] for pk in shown if pk in found]


@lru_cache
def _newest(most: int) -> Statement:
    """Return the statement for so many: how many is part of a statement, not a value of it."""
    return statement(lambda: _verdicts_in_public().values_list("tool", "pk")[:most])


@statement
def _verdicts_with_words(verdicts: list[int]) -> QuerySet[Verdict]:
    return with_its_words(Verdict.objects.filter(pk__in=verdicts)).order_by()


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
    categories = cast(list[Shelf], _filled_categories())
    first = [pk for row in _first_places() for pk in row if pk]
    counts = shelf_coverage()
    leaders: dict[int, list[ScoredTool]] = {}
    for tool in scored(_ranked(first)):
        leaders.setdefault(tool.category_id, []).append(tool)
    for category in categories:
        category.leaders = leaders.get(category.pk, [])
        category.coverage = counts.get(category.pk, Coverage(0, 0))
        category.published_count = category.coverage.total
    return categories


@statement
def _filled_categories() -> QuerySet[Category]:
    return filled_categories()


@statement
def _first_places() -> QuerySet[Any, Any]:
    best = Tool.objects.filter(at_quorum(), state="published", category=OuterRef("pk"))
    places = {f"place_{n}": Subquery(sort_tools(best, "panel").values("pk")[n : n + 1]) for n in range(LEADERS)}
    return Category.objects.order_by().annotate(**places).values_list(*places)


@statement
def _ranked(tools: list[int]) -> QuerySet[Tool]:
    return sort_tools(with_figures(Tool.objects.filter(pk__in=tools)), "panel")


def curated_comparisons() -> list[Comparison]:
    """Return published comparisons of public tools, newest feature first, their tools scored."""
    rows = _curated()
    pks = sorted({pk for row in rows for pk in (row.first_id, row.second_id)})
    tools = {tool.pk: tool for tool in scored(_public_with_figures(pks))}
    shown = [row for row in rows if row.first_id in tools and row.second_id in tools]
    for row in shown:
        row.first, row.second = tools[row.first_id], tools[row.second_id]
    return shown


@statement
def _curated() -> QuerySet[Comparison]:
    public = Comparison.objects.published().exclude(first__state="draft").exclude(second__state="draft")
    return public.order_by(F("featured_on").desc(nulls_last=True), "-published_at")[:12]


@statement
def _public_with_figures(tools: list[int]) -> QuerySet[Tool]:
    return with_figures(Tool.objects.public().filter(pk__in=tools)).order_by()


def is_sample_site() -> bool:
    """Tell whether any tool is of the sample site: then every page says so."""
    return bool(_a_sample())


@statement
def _a_sample() -> QuerySet[Any, Any]:
    return Tool.objects.filter(is_sample=True).order_by().values_list("pk")[:1]


# Reviewers -------------------------------------------------------------------------------------


class Record(NamedTuple):
    """A persona's base rates. A flip is a revision that says the opposite of the text it replaced."""

    verdict_count: int = 0
    ship_count: int = 0
    flip_count: int = 0


def with_record(reviewers: QuerySet[Reviewer], records: dict[int, Record] | None = None) -> list[Any]:
    """Return personas with their base rates (those at hand unless given), the rest, and whole percents of them.

    Percents are None without verdicts.
    """
    found: list[Any] = list(reviewers)
    known = base_rates() if records is None else records
    for reviewer in found:
        record = known.get(reviewer.pk, Record())
        total = record.verdict_count
        for name, count in record._asdict().items():
            setattr(reviewer, name, count)
        reviewer.skip_count = total - record.ship_count
        reviewer.ship_percent = scoring.whole_percent(record.ship_count / total) if total else None
        reviewer.flip_percent = scoring.whole_percent(min(1, record.flip_count / total)) if total else None
    return found


def base_rates() -> dict[int, Record]:
    """Return the base rates of every persona that has judged, by key, counted anew once something has changed."""
    change = _newest_change()
    if not change:  # nothing would tell that what is kept is old
        return count_base_rates()
    found = kept(f"base-rates-{change}")
    if found is None:
        found = count_base_rates()
        keep(f"base-rates-{change}", found, KEPT_SECONDS)
    return found


def count_base_rates() -> dict[int, Record]:
    """Count them, which reads every verdict."""
    public = Verdict.objects.published().exclude(tool__state="draft")
    said_ship = Count("pk", filter=Q(decision="ship"))
    counted = public.order_by().values_list("reviewer").annotate(total=Count("pk"), ships=said_ship)
    flips = _count_flips()
    return {reviewer: Record(total, ships, flips.get(reviewer, 0)) for reviewer, total, ships in counted}


def _count_flips() -> dict[int, int]:
    """Return how often each persona has changed its mind in public."""
    later = Verdict.objects.ever_published().exclude(tool__state="draft").filter(number__gt=1)
    before = Verdict.objects.ever_published().filter(
        tool=OuterRef("tool"), reviewer=OuterRef("reviewer"), number__lt=OuterRef("number")
    )
    flipped = later.annotate(previous=Subquery(before.order_by("-number").values("decision")[:1])).exclude(
        decision=F("previous")
    )
    rows = flipped.filter(previous__isnull=False).order_by().values_list("reviewer").annotate(flips=Count("pk"))
    return dict(rows)


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
