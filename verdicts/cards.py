"""The card of each kind of page, and how it is served: drawn once, kept by its content, never many at a time."""

import threading
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from tools.models import Category, Tool
from verdicts import comparing, queries
from verdicts.comparing import ComparisonPage
from verdicts.drawing.card import Card, Column
from verdicts.keeping import keep, kept
from verdicts.models import Reviewer, Verdict
from verdicts.tool_page import ToolPage, staleness_of, tool_page
from voting.guarding import Throttle
from voting.network import client_address, network_of

KEPT_SECONDS = 3_600
DRAWN_SECONDS = 7 * 24 * 3_600
PATIENCE_SECONDS = 3
DRAWING = threading.BoundedSemaphore(1)  # one picture at a time in each process: the rest of it serves pages
NEW_PICTURES = Throttle("card-drawn", "60/m")  # what has been drawn before is not counted
PAGES = {
    "home": "Which AI tool should you ship with?",
    "browse": "Browse AI tools",
    "panel": "The panel: editorial lenses, not people",
    "methodology": "How verdicts and votes are counted",
    "rankings": "Rankings of AI tools",
    "changes": "What changed",
    "corrections": "What was put right",
    "reports": "What readers reported, and what we answered",
    "requests": "Tools that readers ask for",
    "newsletter": "Weekly AI Tool Verdicts",
}
BESIDE = "Ship or skip? Panel and readers, side by side"
STANDING = "A panel says ship or skip, and why. Readers vote beside it."


def _card(eyebrow: str, title: str, line: str = STANDING, **more: Any) -> Card:
    return Card(settings.SITE_NAME, eyebrow, title, line, date_format(timezone.localdate()), **more)


def _stale(verdicts: list[Verdict]) -> str:
    return f"{len(reasons)} stale" if (reasons := staleness_of(verdicts)) else ""


def card_of_tool(page: ToolPage) -> Card:
    tool = page.tool
    columns = (Column.of(tool, _stale(page.verdicts)),)
    return _card(tool.category.name, tool.name, BESIDE, columns=columns, instead=tool.slug, about=tool.tagline)


def card_of_comparison(page: ComparisonPage) -> Card:
    stale = [
        _stale([row.cells[place] for row in page.scorecard if row.cells[place]])  # type: ignore[misc]
        for place in range(len(page.columns))
    ]
    columns = tuple(Column.of(tool, words) for tool, words in zip(page.columns, stale, strict=True))
    line = (
        page.lead and f"Readers: {page.lead[0].lower() + page.lead[1:] if page.lead.startswith('Too') else page.lead}"
    )
    return _card(page.category.name if page.category else "Comparison", page.title, line, columns=columns)


def card_of_category(category: Category) -> Card:
    tools = Tool.objects.public().filter(category=category).count()
    line = category.description or STANDING
    return _card(f"{tools:,} tool{'s' * (tools != 1)}", category.name, line, instead=category.slug)


def card_of_reviewer(reviewer: Reviewer) -> Card:
    [persona] = queries.with_record(Reviewer.objects.filter(pk=reviewer.pk))
    said = f"{persona.ship_count} ship, {persona.skip_count} skip. {persona.lens}"
    return _card("The panel: an editorial lens, not a person", persona.name, said, instead=persona.slug)


# Serving -----------------------------------------------------------------------------------------


def _answer(request: HttpRequest, card: Card) -> HttpResponseBase:
    """Answer with the picture: unchanged, kept, or drawn now if no other is being drawn."""
    etag = f'"{card.key}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    picture = kept(f"card:{card.key}")
    if picture is None:
        if (refused := _refused(request)) is not None:
            return refused
        if not DRAWING.acquire(timeout=PATIENCE_SECONDS):
            return _busy(PATIENCE_SECONDS)
        try:
            picture = card.png()
        finally:
            DRAWING.release()
        keep(f"card:{card.key}", picture, DRAWN_SECONDS)
    answer = HttpResponse(picture, content_type="image/png")
    answer["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    answer["ETag"] = etag
    return answer


def _refused(request: HttpRequest) -> HttpResponse | None:
    """Say when to come back to a network that has asked for too many pictures nobody had asked for before."""
    seconds = NEW_PICTURES.wait(network_of(client_address(request)))
    return _busy(seconds) if seconds else None


def _busy(seconds: int) -> HttpResponse:
    answer = HttpResponse("Too many pictures at once; try again.\n", status=503, content_type="text/plain")
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def tool_card(request: HttpRequest, slug: str) -> HttpResponseBase:
    found = queries.with_figures(Tool.objects.public().named(slug)).first()
    if found is None:
        raise Http404("No such tool.")
    if found.slug != slug or request.GET:
        return redirect("tool_card", found.slug, permanent=True)
    return _answer(request, card_of_tool(tool_page(found)))


@require_safe
def comparison_card(request: HttpRequest, pair: str) -> HttpResponseBase:
    tools = comparing.columns_of(pair)
    path = comparing.SEPARATOR.join(tool.slug for tool in tools)
    if len(tools) == 1:
        return redirect("tool_card", path, permanent=True)
    if pair != path or request.GET:
        return redirect("comparison_card", path, permanent=True)
    return _answer(request, card_of_comparison(comparing.comparison_page(tools)))


@require_safe
def category_card(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _answer(request, card_of_category(get_object_or_404(Category, slug=slug)))


@require_safe
def reviewer_card(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _answer(request, card_of_reviewer(get_object_or_404(Reviewer, slug=slug)))


@require_safe
def page_card(request: HttpRequest, page: str) -> HttpResponseBase:
    if page not in PAGES:
        raise Http404("No such page.")
    return _answer(request, _card("Panel and readers, side by side", PAGES[page]))
