"""The public ledger of votes that were left out: its page and its feed."""

import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tools.models import Tool
from tools.slugs import is_valid
from tools.text import clean_text
from verdicts.feeds import StableAtom
from voting import ledger
from voting.ledger import Line
from voting.models import Case
from voting.models.case import PUBLIC_ABOVE, SECOND_PERSON_ABOVE

PER_PAGE = 50


def _public(tool: Tool | None = None) -> QuerySet[Case]:
    cases = Case.objects.public().filter(tool__in=Tool.objects.public())
    return cases.filter(tool=tool) if tool else cases


@require_safe
def votes_ledger(request: HttpRequest) -> HttpResponse:
    slug = request.GET.get("tool", "")
    tool = get_object_or_404(Tool.objects.public(), slug=slug) if is_valid(slug) else None
    page = Paginator(_public(tool), PER_PAGE).get_page(request.GET.get("page"))
    rests = [rest for rest in ledger.rests() if tool in (None, rest.tool)] if page.number == 1 else []
    context = {
        "tool": tool,
        "page": page,
        "lines": ledger.lines(page.object_list),
        "rests": rests,
        "public_above": PUBLIC_ABOVE,
        "second_above": SECOND_PERSON_ABOVE,
        "card_path": reverse("page_card", args=["methodology"]),
        "canonical_url": settings.SITE_URL + request.path,
        "robots": "noindex, follow" if request.GET else "",
    }
    return render(request, "votes_ledger.html", context)


class LedgerFeed(Feed):
    """The newest lines of the ledger; an entry changes when something becomes of its votes."""

    feed_type = StableAtom
    feed_url = None

    def title(self) -> str:
        return clean_text(f"Votes left out · {settings.SITE_NAME}")

    def link(self) -> str:
        return settings.SITE_URL + reverse("votes_ledger")

    def items(self) -> list[Line]:
        return ledger.lines(_public()[:PER_PAGE])

    def item_title(self, line: Line) -> str:
        return clean_text(f"{line.case.tool.name}: {line.words}")

    def item_description(self, line: Line) -> str:
        return ""

    def item_link(self, line: Line) -> str:
        return f"{settings.SITE_URL}{line.case.tool.get_absolute_url()}#readers-title"

    def item_guid(self, line: Line) -> str:
        return f"{settings.SITE_URL}/votes/ledger/{line.case.pk}"

    def item_pubdate(self, line: Line) -> datetime.datetime:
        return line.opened_at

    def item_updateddate(self, line: Line) -> datetime.datetime:
        return line.changed_at
