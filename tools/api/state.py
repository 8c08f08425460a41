"""Validators of answers: what tells a program that nothing has changed, for the price of one small query.

Everything that readers are shown leaves a touch when it changes (`tools.models.Touch`), in the same transaction. So the
touches of this hour, counted and added up, name a state of the site: two answers of one hour with the same sums have the
same body. Older touches are deleted after an hour, hence the hour itself is part of the name. A transaction that began
just before the hour and ends in it is caught by the minutes of slack.
"""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from tools.models import Tool, Touch

SLACK = datetime.timedelta(minutes=5)
LATE_COMMIT = datetime.timedelta(seconds=5)
APPS = ("tools", "voting", "verdicts", "newsletter", "config")


@dataclass(frozen=True, slots=True)
class Validators:
    """The ETag and Last-Modified of an answer."""

    etag: str
    modified_at: datetime.datetime

    @property
    def headers(self) -> dict[str, str]:
        return {"ETag": self.etag, "Last-Modified": http_date(self.modified_at.timestamp())}

    def match(self, none_match: str, modified_since: str) -> bool:
        """Tell whether the caller has this very answer already. A tag is asked before a date, as RFC 9110 has it."""
        if none_match:
            return self.etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in parse_etags(none_match)}
        since = parse_http_date_safe(modified_since) if modified_since else None
        return since is not None and int(self.modified_at.timestamp()) <= since


def validators(address: str, slugs: Sequence[str] | None = None, also: str = "") -> Validators:
    """Return the validators of the answer at an address: of the whole site, or of what some tools show.

    `also` names the state of what leaves no touches.
    """
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    touches = Touch.objects.filter(at__gte=hour - SLACK)
    if slugs is not None:
        named = Tool.objects.filter(slug__in=slugs)
        shown = Q(ref__in=named.values("pk")) | Q(ref__in=named.values("successor"))
        touches = touches.filter(Q(kind=Touch.Kind.SITE) | Q(kind=Touch.Kind.TOOL) & shown)
    sums = touches.aggregate(rows=Count("pk"), last=Max("pk"), total=Sum("pk"), at=Max("at"))
    state = f"{address}\n{hour:%Y%m%d%H} {sums['rows']} {sums['last']} {sums['total']} {also}\n{code()}"
    changed_at = max(sums["at"] or hour, hour)
    if (
        now - changed_at < LATE_COMMIT
    ):  # something of this instant may still come in: an answer dated later replaces this one
        changed_at -= datetime.timedelta(seconds=1)
    return Validators(f'W/"{hashlib.blake2b(state.encode(), digest_size=12).hexdigest()}"', changed_at)


@cache
def code() -> str:
    """Return a digest of the site's own code: another release may say the same thing in other words."""
    digest = hashlib.blake2b(digest_size=8)
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest() + settings.SITE_URL
