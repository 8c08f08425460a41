"""Serving badges."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tools.freshness import kept_while
from tools.models import Tool
from verdicts import queries
from verdicts.drawing.badge import SHOWS, badge_of
from verdicts.tool_page import tool_page

KEPT_SECONDS = 3_600


@require_safe
def badge(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The badge of a tool; `?show=community` shows the readers' result instead of the panel's."""
    found = queries.with_figures(Tool.objects.public().named(slug)).first()
    if found is None:
        raise Http404("No such tool.")
    show = request.GET.get("show", "")
    show = show if show in SHOWS else "panel"
    if found.slug != slug:
        query = "?show=community" if show == "community" else ""
        return redirect(reverse("badge", args=[found.slug]) + query, permanent=True)
    drawing = badge_of(tool_page(found), show, timezone.localdate())
    answer = HttpResponse(drawing.svg(), content_type="image/svg+xml; charset=utf-8")
    answer["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return kept_while(answer, [found])
