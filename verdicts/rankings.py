"""Rankings: the panel's and the readers', overall and by category, and what they hide and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Abs, Cast, Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from tools.freshness import kept_as_list
from tools.models import Category, State, Tool
from verdicts import queries, scoring
from verdicts.scored import ScoredTool
from voting.models import Tally

MOST = 25
LISTED = 10


@dataclass(frozen=True, slots=True)
class Place:
    rank: int
    is_shared: bool
    tool: ScoredTool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The first places, how many tools are ranked, and how many are not."""

    places: list[Place]
    ranked: int
    hidden: int


def places_of(tools: Sequence[ScoredTool], ranks: Sequence[int]) -> list[Place]:
    return [Place(rank, ranks.count(rank) > 1, tool) for tool, rank in zip(tools, ranks, strict=True)]


def by_panel(tools: QuerySet[Tool], total: int) -> Ranking:
    """Rank tools at quorum by the panel's share; equal shares share a rank."""
    judged = tools.filter(queries.at_quorum())
    found = queries.scored(queries.sort_tools(queries.with_figures(judged), "panel")[:MOST])
    shares = [tool.panel.ships / tool.panel.total for tool in found]
    ranked = judged.count()
    return Ranking(places_of(found, [1 + shares.index(share) for share in shares]), ranked, total - ranked)


def by_readers(tools: QuerySet[Tool], total: int, site_share: float) -> Ranking:
    """Rank tools with votes enough by the shrunk share; tools whose intervals overlap share a rank."""
    enough = queries.with_figures(tools.filter(tally__ships__gte=scoring.FEW_VOTES - F("tally__skips")))
    shrunk = (Cast("tally__ships", FloatField()) + scoring.PRIOR_VOTES * site_share) / (
        F("tally__ships") + F("tally__skips") + float(scoring.PRIOR_VOTES)
    )
    rows = queries.scored(enough.order_by(shrunk.desc(), Lower("name"), "pk")[: 4 * MOST])
    found = [tool for tool in rows if tool.community.kind == "shown"][:MOST]
    ranks = scoring.shared_ranks([tool.community.interval for tool in found if tool.community.interval])
    ranked = enough.order_by().count()
    return Ranking(places_of(found, ranks), ranked, total - ranked)


def site_share() -> float:
    """Return the share of ships among all counted votes; one half while there are none."""
    sums = Tally.objects.aggregate(ships=Sum("ships"), skips=Sum("skips"))
    ships, skips = sums["ships"] or 0, sums["skips"] or 0
    return ships / (ships + skips) if ships + skips else 0.5


def most_divided(tools: QuerySet[Tool]) -> list[ScoredTool]:
    """Return tools that split the panel in halves."""
    split = queries.with_figures(queries.with_panel_result(tools, "split"))
    return queries.scored(queries.sort_tools(split, "panel")[:LISTED])


def biggest_gaps(tools: QuerySet[Tool]) -> list[ScoredTool]:
    """Return the tools on which panel and readers differ most, both with numbers enough for a percentage."""
    both = queries.with_figures(
        tools.filter(queries.at_quorum(), Q(tally__ships__gte=scoring.FEW_VOTES - F("tally__skips")))
    )
    readers = Cast("tally__ships", FloatField()) / (F("tally__ships") + F("tally__skips"))
    rows = queries.scored(both.annotate(gap=Abs(F("panel_share") - readers)).order_by("-gap", Lower("name"))[:LISTED])
    return [tool for tool in rows if tool.community.kind == "shown"]


def ranked(shelf: Category | None) -> dict[str, Any]:
    """Return what a page of rankings shows of all tools on offer, or of those on one shelf."""
    tools = Tool.objects.filter(state=State.PUBLISHED)
    if shelf:
        tools = tools.filter(category=shelf)
    total = tools.count()
    return {
        "total": total,
        "panel_ranking": by_panel(tools, total),
        "reader_ranking": by_readers(tools, total, site_share()),
        "divided": most_divided(tools),
        "gaps": biggest_gaps(tools),
    }


@require_safe
def rankings(request: HttpRequest, slug: str = "") -> HttpResponse:
    shelf = get_object_or_404(Category, slug=slug) if slug else None
    context = {
        **ranked(shelf),
        "category": shelf,
        "categories": queries.filled_categories(),
        "method": {"quorum": scoring.QUORUM, "few_votes": scoring.FEW_VOTES},
        "canonical_url": settings.SITE_URL + request.path,
    }
    return kept_as_list(render(request, "rankings.html", context))
