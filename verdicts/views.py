"""The pages. Each looks up, decides, and hands a template what it shows."""

import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tools.freshness import LIST, kept_as_list, kept_while, shown_of
from tools.models import Category, State, Tool
from tools.slugs import is_valid
from verdicts import comparing, details, queries, scoring, searching, shown, structured, twins
from verdicts.browsing import PAGE_SIZE, CountedPaginator, browse
from verdicts.made_pages import Made, MadePage, answer, made_page
from verdicts.methodology import CHANGELOG, CONSTANTS, constants
from verdicts.models import Reviewer, Verdict
from verdicts.readers import all_votes_of, history_of
from verdicts.scored import ScoredTool
from verdicts.tool_page import tool_page
from verdicts.vote_control import for_its_reader
from voting import ledger


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return answer(request, _home)


def _home() -> MadePage:
    curated = queries.curated_comparisons()
    today = timezone.localdate()
    due = [row for row in curated if row.featured_on is None or row.featured_on <= today]
    pairs = [comparing.pair_of(row.first, row.second, row.headline) for row in due]
    lead = comparing.comparison_page(queries.scored(pairs[0].tools)) if pairs else None
    panel = details.panel_of_today()
    close = [pair for pair in pairs[1:] if comparing.is_close(*queries.scored(pair.tools))]
    shelves = queries.categories_with_leaders()
    judged, total = (sum(getattr(shelf.coverage, name) for shelf in shelves) for name in ("judged", "total"))
    context = {
        "lead": lead,
        "newest": queries.newest_verdicts(panel),
        "close_calls": shown.links(close),
        "curated": shown.links([pair for pair in pairs[1:] if pair not in close]),
        "categories": shelves,
        "coverage": queries.Coverage(judged, total).words,
        "panel": panel,
        "canonical_url": settings.SITE_URL + "/",
        "json_ld": structured.json_ld(structured.site()),
        "card_path": reverse("page_card", args=["home"]),
    }
    return made_page("home.html", context, LIST, lead.columns if lead else [])


@require_safe
def browse_tools(request: HttpRequest) -> HttpResponse:
    if refusal := searching.too_many(request):
        return refusal
    catalogue = browse(request.GET, _tray(request))
    plain = not catalogue.active and not catalogue.tray and catalogue.page.number == 1
    context = {
        **catalogue.context(),
        "card_path": reverse("page_card", args=["browse"]),
        "comparison_url": comparing.comparison_path(catalogue.versus) if catalogue.versus else "",
        "canonical_url": f"{settings.SITE_URL}{request.path}",
        "robots": "" if plain else "noindex, follow",
    }
    page = render(request, "browse.html", context)
    return page if catalogue.query else kept_as_list(page)  # what readers type has no end


@require_safe
def search(request: HttpRequest) -> HttpResponseBase:
    """The catalogue is searched where it is browsed."""
    query = request.GET.get("q", "").replace("\0", "")
    return redirect(f"{reverse('browse')}?{urlencode({'q': query})}" if query.strip() else "browse", permanent=True)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    if refusal := searching.too_many(request):
        return refusal
    shelf = get_object_or_404(Category, slug=slug)
    params = request.GET.copy()
    params["category"] = shelf.slug
    catalogue = browse(params, _tray(request))
    context = {
        **catalogue.context(),
        "category": shelf,
        "card_path": reverse("category_card", args=[shelf.slug]),
        "canonical_url": settings.SITE_URL + shelf.get_absolute_url(),
        "robots": "" if catalogue.page.number == 1 and not catalogue.query else "noindex, follow",
    }
    page = render(request, "category.html", context)
    return page if catalogue.query else kept_as_list(page)


def _tray(request: HttpRequest) -> list[ScoredTool]:
    """Return the tools ticked so far; unknown ones are left out, so that a stale link still works."""
    slugs = [slug for slug in request.GET.getlist("tools")[:20] if is_valid(slug)]
    return queries.scored(queries.with_figures(Tool.objects.public()).filter(slug__in=slugs).order_by("slug"))


@require_safe
def tool(request: HttpRequest, slug: str) -> HttpResponseBase:
    return answer(request, lambda: _tool(request, slug))


def _tool(request: HttpRequest, slug: str) -> Made:
    found = details.tool_at(slug)
    if found is None or (found.is_draft and not _may_preview(request)):
        raise Http404("No such tool.")
    wants_all = request.META.get("QUERY_STRING") == "votes=all"
    if found.slug != slug or (request.GET and not wants_all):
        return redirect(found, permanent=not found.is_draft)
    page = tool_page(found, with_records=True)
    context = {
        "tool": page.tool,
        "prices": page.prices,
        "facts": page.facts,
        "verdicts": shown.said_rows(page.scorecard),
        "changes": shown.dated(page.changes),
        "history": history_of(found),
        "all_votes": all_votes_of(found) if wants_all else None,
        "ledger": ledger.of_tool(found),
        "pairs": shown.links(page.pairs),
        "is_preview": found.is_draft,
        "canonical_url": page.canonical_url,
        "robots": "noindex, follow" if wants_all else page.robots,
        "json_ld": "" if found.is_draft else structured.of_tool(page),
        "card_path": "" if found.is_draft else reverse("tool_card", args=[found.slug]),
        "twins": "" if found.is_draft else page.canonical_path.rstrip("/"),
        "take": twins.figures_table(page),
    }
    if found.is_draft:
        return for_its_reader(request, render(request, "tool.html", context))
    return made_page("tool.html", context, shown_of([found]), [page.tool])


def _may_preview(request: HttpRequest) -> bool:
    return bool(request.user.is_staff and request.user.has_perm("tools.view_tool"))


@require_safe
def compare(request: HttpRequest) -> HttpResponseBase:
    """Lead from a list of tools (`?tools=a&tools=b` or `?tools=a,b`) to their comparison."""
    slugs = [slug.strip().lower() for value in request.GET.getlist("tools") for slug in value.split(",")]
    wanted = list(dict.fromkeys(slug for slug in slugs if slug))
    if not 2 <= len(wanted) <= comparing.MOST:
        return redirect("/tools/?" + urlencode([("tools", slug) for slug in wanted[:20]]))
    return redirect(comparing.comparison_path(comparing.tools_or_404(wanted)))


@require_safe
def comparison(request: HttpRequest, pair: str) -> HttpResponseBase:
    return answer(request, lambda: _comparison(request, pair))


def _comparison(request: HttpRequest, pair: str) -> Made:
    tools = comparing.columns_of(pair)
    path = comparing.comparison_path(tools)
    only = request.GET.get("only") == "differences"
    asked = "only=differences" if only else ""
    if request.path != path or request.META.get("QUERY_STRING", "") != asked:
        return redirect(f"{path}?{asked}" if only and len(tools) > 1 else path, permanent=True)
    page = comparing.comparison_page(tools, only_differences=only, with_records=True)
    context = {
        **_parts_of(page),
        "json_ld": structured.of_comparison(page),
        "card_path": reverse("comparison_card", args=[comparing.SEPARATOR.join(tool.slug for tool in tools)]),
        "twins": path.rstrip("/"),
        "take": twins.figures_table(page),
    }
    return made_page("comparison.html", context, shown_of(tools), page.columns)


def _parts_of(page: comparing.ComparisonPage) -> dict[str, Any]:
    return {
        "comparison": page,
        "columns": shown.columns(page.columns),
        "about": [shown.about(tool) for tool in page.columns],
        "facts": tuple(page.fact_rows),
        "scorecard": shown.said_rows(page.scorecard),
        "changes": shown.dated(page.changes),
        "pairs": shown.links(page.pairs),
    }


@require_safe
def comparison_as_of(request: HttpRequest, pair: str, on: str) -> HttpResponseBase:
    """The comparison as it stood at the end of a day: verdicts, prices and facts of that day."""
    try:
        day = datetime.date.fromisoformat(on)
    except ValueError as error:
        raise Http404("No such day.") from error
    tools = comparing.columns_of(pair)
    path = f"{comparing.comparison_path(tools)}as-of/{day:%Y-%m-%d}/"
    if len(tools) == 1:
        return redirect(tools[0], permanent=True)
    if any(tool.published_at is None or tool.published_at.date() > day for tool in tools) or day > timezone.localdate():
        raise Http404("These tools were not all on the site on that day.")
    if request.path != path or request.META.get("QUERY_STRING"):
        return redirect(path, permanent=True)
    page = comparing.comparison_page(tools, as_of=day)
    return kept_while(render(request, "comparison.html", _parts_of(page)), tools)


@require_safe
def panel(request: HttpRequest) -> HttpResponse:
    rates = queries.base_rates()
    context = {
        "reviewers": queries.with_record(Reviewer.objects.active(), rates),
        "card_path": reverse("page_card", args=["panel"]),
        "coverage": queries.coverage().words,
        "former": queries.with_record(Reviewer.objects.filter(is_active=False), rates),
        "canonical_url": settings.SITE_URL + request.path,
    }
    return kept_as_list(render(request, "panel.html", context))


@require_safe
def reviewer(request: HttpRequest, slug: str) -> HttpResponse:
    found = queries.with_record(Reviewer.objects.filter(slug=slug).select_related("responsible_editor"))
    if not found:
        raise Http404("No such persona.")
    [persona] = found
    verdicts = (
        Verdict.objects.published()
        .filter(reviewer=persona)
        .exclude(tool__state=State.DRAFT)
        .select_related("tool__category", "reviewer", "editor")
        .order_by("-published_at", "-pk")
    )
    page = CountedPaginator(verdicts, PAGE_SIZE, persona.verdict_count).get_page(request.GET.get("page"))
    context = {
        "reviewer": persona,
        "coverage": queries.coverage(),
        "card_path": reverse("reviewer_card", args=[persona.slug]),
        "page": page,
        "canonical_url": settings.SITE_URL + persona.get_absolute_url(),
        "robots": "" if page.number == 1 else "noindex, follow",
    }
    return kept_as_list(render(request, "reviewer.html", context))


@require_safe
def methodology(request: HttpRequest) -> HttpResponse:
    context = {
        "method": constants(),
        "card_path": reverse("page_card", args=["methodology"]),
        "version": scoring.METHOD_VERSION,
        "changelog": CHANGELOG,
        "constants": CONSTANTS,
        "reviewers": details.panel_of_today(),
        "canonical_url": settings.SITE_URL + request.path,
    }
    return kept_as_list(render(request, "methodology.html", context))
