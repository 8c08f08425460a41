"""The pages of what changed: all of it, of a category, of a tool, of a pair; and what was put right."""

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_safe

from tools.freshness import kept_as_list
from tools.models import Category, Change, Tool
from tools.models.change import ChangeQuerySet
from tools.slugs import is_valid
from verdicts import comparing

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some changes, newest first, and the address of the ones before them."""

    changes: list[Change]
    older: str


def page_of(changes: ChangeQuerySet, request: HttpRequest) -> Page:
    """Return the page that `since` and `before` of an address ask for. What makes no sense counts as not given.

    `before` names the last change of the page before, so that no page shifts while new changes come in.
    """
    kept = {}
    if since := _day(request.GET.get("since", "")):
        changes = changes.since(since)
        kept["since"] = since.isoformat()
    at, _, key = request.GET.get("before", "").partition("~")
    if (moment := _moment(at)) and key.isascii() and key.isdecimal() and len(key) < 18:
        changes = changes.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=int(key)))
    rows = list(changes.public().select_related("tool__category").newest_first()[: PAGE_SIZE + 1])
    older = ""
    if len(rows) > PAGE_SIZE:
        last = rows[PAGE_SIZE - 1]
        older = "?" + urlencode({**kept, "before": f"{last.at.isoformat()}~{last.pk}"})
    return Page(rows[:PAGE_SIZE], older)


def _day(text: str) -> datetime.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime.datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def tools_or_404(names: str) -> list[Tool]:
    """Return the public tools of `a` or `a-vs-b`. Raises Http404 for unknown ones and for more than four."""
    slugs = names.lower().split(comparing.SEPARATOR)
    if len(slugs) > comparing.MOST or not all(is_valid(slug) for slug in slugs):
        raise Http404("No such tool.")
    try:
        return list(comparing.tools_named(slugs))
    except comparing.UnknownTools as error:
        raise Http404("No such tool.") from error


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    return _show(request, "Everything that changed", Change.objects.all(), "/changes.atom")


@require_safe
def category_changes(request: HttpRequest, slug: str) -> HttpResponse:
    shelf = get_object_or_404(Category, slug=slug)
    found = Change.objects.filter(tool__category=shelf)
    return _show(request, f"{shelf.name}: what changed", found, f"{request.path.rstrip('/')}.atom")


@require_safe
def tool_changes(request: HttpRequest, names: str) -> HttpResponse:
    tools = tools_or_404(names)
    title = f"{' vs '.join(tool.name for tool in tools)}: what changed"
    return _show(request, title, Change.objects.of(tools), f"{request.path.rstrip('/')}.atom")


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    return _show(request, "Corrections", Change.objects.corrections(), "")


def _show(request: HttpRequest, title: str, found: ChangeQuerySet, feed: str) -> HttpResponse:
    context = {
        "title": title,
        "list": page_of(found, request),
        "since": request.GET.get("since", "") if _day(request.GET.get("since", "")) else "",
        "changes_feed": feed,
        "card_path": reverse("page_card", args=["changes" if feed else "corrections"]),
        "canonical_url": settings.SITE_URL + request.path,
        "robots": "noindex, follow" if request.GET else "",
    }
    return kept_as_list(render(request, "changes.html", context))
