"""Rankings: the panel's and the readers', overall and by category, and what they hide and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Case, F, FloatField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Abs, Cast, Greatest, Least, Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tools.freshness import kept_as_list
from tools.models import Category, State, Tool
from verdicts import comparing, facets, queries, scoring
from verdicts.comparing import Pair
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


def with_headline(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """Keep the tools whose readers' share is shown, and add the votes it is made of, as `CommunityScore.of_row` picks them."""
    of_era = ~Q(tally__era_label="") & Q(tally__era_ships__gte=scoring.FEW_VOTES - F("tally__era_skips"))
    picked = {
        f"headline_{name}": Case(When(of_era, then=F(f"tally__era_{name}")), default=F(f"tally__{name}"))
        for name in ("ships", "skips", "regulars")
    }
    votes = Cast(F("headline_ships") + F("headline_skips"), FloatField())
    least, most = (Value(float(it)) for it in (scoring.REGULARS_LEAST, scoring.REGULARS_MOST))
    needed = Greatest(least, Least(most, F("headline_votes") * scoring.REGULARS_SHARE))
    found = tools.annotate(**picked).annotate(headline_votes=votes)
    found = found.filter(headline_votes__gte=scoring.FEW_VOTES)
    return found.alias(headline_needed=needed).filter(Q(headline_regulars__gte=F("headline_needed")))


def most_shipped(tools: QuerySet[Tool], site_share: float) -> list[ScoredTool]:
    """Return the tools with the highest shrunk shares among readers, the highest first, a hundred at most."""
    shrunk = (F("headline_ships") + scoring.PRIOR_VOTES * site_share) / (
        F("headline_votes") + float(scoring.PRIOR_VOTES)
    )
    ordered = queries.with_figures(with_headline(tools)).order_by(shrunk.desc(), Lower("name"), "pk")
    return queries.scored(ordered[: 4 * MOST])


def by_readers(tools: QuerySet[Tool], total: int, best: Sequence[ScoredTool]) -> Ranking:
    """Rank tools with votes enough, `best` of them given by shrunk share; tools whose intervals overlap share a rank."""
    found = best[:MOST]
    ranks = scoring.shared_ranks([tool.community.interval for tool in found if tool.community.interval])
    ranked = with_headline(tools).order_by().count()
    return Ranking(places_of(found, ranks), ranked, total - ranked)


def close_calls(best: Sequence[ScoredTool]) -> list[Pair]:
    """Return neighbours of one shelf, in the readers' order, that are too close to call; the closest first, a tool once."""
    shelves: dict[int, list[ScoredTool]] = {}
    for tool in best:
        shelves.setdefault(tool.category_id, []).append(tool)
    pairs = [pair for shelf in shelves.values() for pair in pairwise(shelf) if comparing.is_close(*pair)]
    pairs.sort(key=lambda pair: (_apart(*pair), -min(tool.community.total for tool in pair), pair[0].slug))
    found, seen = [], set[int]()
    for first, second in pairs:
        if seen.isdisjoint({first.pk, second.pk}):
            seen |= {first.pk, second.pk}
            headline = f"{first.name} {first.community.words}; {second.name} {second.community.words}"
            found.append(comparing.pair_of(first, second, headline))
    return found[:LISTED]


def _apart(first: ScoredTool, second: ScoredTool) -> float:
    shares = [tool.community.ships / tool.community.total for tool in (first, second)]
    return abs(shares[0] - shares[1])


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
    both = queries.with_figures(with_headline(tools.filter(queries.at_quorum())))
    gap = Abs(F("panel_share") - F("headline_ships") / F("headline_votes"))
    return queries.scored(both.annotate(gap=gap).order_by("-gap", Lower("name"), "pk")[:LISTED])


def ranked(shelf: Category | None) -> dict[str, Any]:
    """Return what a page of rankings shows of all tools on offer, or of those on one shelf."""
    tools = Tool.objects.filter(state=State.PUBLISHED)
    if shelf:
        tools = tools.filter(category=shelf)
    total = tools.count()
    best = most_shipped(tools, site_share())
    panel, readers = by_panel(tools, total), by_readers(tools, total, best)
    divided, gaps = most_divided(tools), biggest_gaps(tools)
    facets.tell_staleness([*(it.tool for it in (*panel.places, *readers.places)), *divided, *gaps])
    return {
        "total": total,
        "panel_ranking": panel,
        "reader_ranking": readers,
        "close_calls": close_calls(best),
        "divided": divided,
        "gaps": gaps,
    }


@require_safe
def rankings(request: HttpRequest, slug: str = "") -> HttpResponse:
    shelf = get_object_or_404(Category, slug=slug) if slug else None
    context = {
        **ranked(shelf),
        "category": shelf,
        "categories": queries.filled_categories(),
        "method": {"quorum": scoring.QUORUM, "few_votes": scoring.FEW_VOTES},
        "card_path": reverse("page_card", args=["rankings"]),
        "canonical_url": settings.SITE_URL + request.path,
    }
    return kept_as_list(render(request, "rankings.html", context))
