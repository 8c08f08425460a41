"""The public archive: every issue as it went out, without a word about who got it."""

import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.feedgenerator import Atom1Feed
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from newsletter.freezing import blocks_of
from newsletter.models import Issue
from newsletter.rendering import sections_of
from tools.text import clean_text
from verdicts.models import Verdict

PER_PAGE = 26


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """List the issues, half a year a page."""
    page = Paginator(Issue.objects.archived(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "newsletter/archive.html", {"page": page, "canonical_url": settings.SITE_URL + request.path})


@require_safe
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one issue, from what was frozen; what has been taken back since is said beside it."""
    found = get_object_or_404(Issue.objects.archived(), slug=slug)
    blocks = blocks_of(found)
    around = Issue.objects.archived()
    context = {
        "issue": found,
        "sections": [section | {"anchor": slugify(section["title"])} for section in sections_of(blocks)],
        "withdrawn": withdrawn_since(found),
        "newer": around.filter(day__gt=found.day).order_by("day").first(),
        "older": around.filter(day__lt=found.day).first(),
        "canonical_url": settings.SITE_URL + found.get_absolute_url(),
    }
    return render(request, "newsletter/issue.html", context)


def withdrawn_since(issue: Issue) -> list[Verdict]:
    """Return the verdicts of an issue that have been taken back or replaced since."""
    return list(
        Verdict.objects.filter(issue_items__issue=issue, state__in=["withdrawn", "superseded"])
        .select_related("tool", "reviewer")
        .order_by("tool__name", "reviewer__position")
    )


class IssueFeed(Feed):
    """The issues as an Atom feed."""

    feed_type = Atom1Feed
    feed_url = None
    author_name = settings.SITE_NAME

    def title(self) -> str:
        return f"{settings.NEWSLETTER_NAME} · {settings.SITE_NAME}"

    def link(self) -> str:
        return f"{settings.SITE_URL}/newsletter/archive/"

    def items(self) -> list[Issue]:
        return list(Issue.objects.archived()[:26])

    def item_title(self, item: Any) -> str:
        return clean_text(item.subject)

    def item_description(self, item: Any) -> str:
        return clean_text(item.preheader)

    def item_link(self, item: Issue) -> str:
        return settings.SITE_URL + item.get_absolute_url()

    def item_guid(self, item: Issue) -> str:
        return f"{settings.SITE_URL}/newsletter/archive/{item.slug}/"

    def item_pubdate(self, item: Issue) -> datetime.datetime:
        return item.sends_at

    def item_updateddate(self, item: Issue) -> datetime.datetime:
        return item.sends_at
