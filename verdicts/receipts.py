"""The receipt of a tool's figures: what they were computed from, by which method, as of when."""

import datetime
from dataclasses import asdict
from typing import Any

from django.db.models import Max
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from tools.freshness import kept_while
from tools.models import Change, Tool
from verdicts import queries, scoring
from verdicts.models import Verdict
from verdicts.scored import ScoredTool
from voting.models import Vote


def receipt(tool: ScoredTool, computed_at: datetime.datetime | None) -> dict[str, Any]:
    """Return every figure of a tool with its inputs; `computed_at` is the moment of the newest input, not of the clock."""
    panel, community = tool.panel, tool.community
    return {
        "tool": tool.slug,
        "methodology": scoring.METHOD_VERSION,
        "computed_at": computed_at.isoformat() if computed_at else None,
        "panel": {
            "ships": panel.ships,
            "total": panel.total,
            "quorum": scoring.QUORUM,
            "percent": panel.percent,
            "words": panel.words,
            "figure": panel.figure,
        },
        "community": {
            "ships": community.ships,
            "skips": community.skips,
            "n": community.total,
            "state": community.kind,
            "percent": community.percent,
            "interval": asdict(community.interval) if community.interval else None,
            "interval_percent": [community.low, community.high] if community.interval else None,
            "words": community.words,
            "figure": community.figure,
        },
        "rules": {
            "interval": f"Wilson, {scoring.CONFIDENCE_PERCENT} %",
            "percent_from_votes": scoring.FEW_VOTES,
            "lead": "Newcombe's hybrid score interval of the difference leaves zero out; "
            f"both tools with {scoring.FEW_VOTES} votes or more",
            "stale_after_days": scoring.STALE_AFTER_DAYS,
        },
    }


def newest_input(tool: Tool) -> datetime.datetime | None:
    """Return the moment of the newest verdict, withdrawal or vote that a tool's figures stand on."""
    said = Verdict.objects.ever_published().filter(tool=tool).aggregate(a=Max("published_at"), b=Max("retired_at"))
    voted = Vote.objects.filter(tool=tool).aggregate(a=Max("changed_at"))
    listed = Change.objects.of([tool]).filter(kind="listed").aggregate(a=Max("at"))
    return max((at for at in (said["a"], said["b"], voted["a"], listed["a"]) if at), default=None)


@require_safe
def score(request: HttpRequest, slug: str) -> JsonResponse:
    found = queries.with_figures(Tool.objects.public()).filter(slug=slug).first()
    if found is None:
        raise Http404("No such tool.")
    [tool] = queries.scored([found])
    answer = JsonResponse(receipt(tool, newest_input(tool)), json_dumps_params={"indent": 2})
    return kept_while(answer, [tool])
