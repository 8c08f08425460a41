"""How often the links of an issue are opened: a sum for each link and day, nothing about who.

The links of a mail lead here, and from here to a page of the site: a number of the issue's own list, never an address.
"""

from collections import Counter

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from newsletter.freezing import blocks_of
from newsletter.models import Issue, LinkHit
from newsletter.rendering import paths_of
from newsletter.subjects import SECOND_LINKS
from voting.guarding import Throttle
from voting.network import client_address

OF_AN_ADDRESS = Throttle("newsletter-link", "60/h")


@require_safe
@never_cache
def link(request: HttpRequest, slug: str, number: int) -> HttpResponseRedirect:
    """Lead to the page that a link of a mail is about."""
    issue = get_object_or_404(Issue.objects.exclude(frozen_at=None), slug=slug)
    paths = paths_of(blocks_of(issue))
    place = number % SECOND_LINKS
    if place >= len(paths) or number >= 2 * SECOND_LINKS:
        raise Http404
    if is_by_hand(request) and not OF_AN_ADDRESS.wait(client_address(request)):
        LinkHit.objects.note(issue.number or 0, number, timezone.localdate())
    response = HttpResponseRedirect(paths[place])
    response["X-Robots-Tag"] = "noindex"
    return response


def is_by_hand(request: HttpRequest) -> bool:
    """Whether a browser says that somebody opened a page in it. What scans mails for bad links does not say so."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"


def counts_of(issue: Issue) -> list[tuple[str, int]]:
    """Return the links of a frozen issue with how often each was opened, the most opened first."""
    sums = LinkHit.objects.filter(issue_no=issue.number or 0).values_list("link_no").annotate(Sum("count")).order_by()
    opened: Counter[int] = Counter()
    for number, count in sums:
        opened[number % SECOND_LINKS] += count
    paths = enumerate(paths_of(blocks_of(issue)))
    return sorted(((path, opened[number]) for number, path in paths), key=lambda row: -row[1])
