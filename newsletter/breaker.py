"""When very many ask for the mail, or next to nobody who asks confirms: then asking costs a little computing first.

Somebody who types other people's addresses into the form costs these a mail each. What is asked for is the work of
`voting.work`, for the form that was filled in; a form that comes without it is one of a few an hour that pass all the
same, since not every browser runs scripts.
"""

import datetime
import logging
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from newsletter.models import Confirmation
from voting import work
from voting.guarding import Throttle

ABOUT = "newsletter"  # what the work is for, where a vote's is for a tool
SUDDEN = Throttle("subscribe-minute", "60/m")
WITHOUT = Throttle("subscribe-without-work", "60/h")
SAMPLE, LEAST_SHARE = 200, 0.2  # of so many links that were mailed, at least this part is used
SETTLED = datetime.timedelta(minutes=30)  # a link that is younger may still be used
OF_LATE = datetime.timedelta(days=1)
HOLDS_SECONDS = 60
logger = logging.getLogger(__name__)


def is_tripped() -> bool:
    """Count one request, and tell whether it has to bring work. While the cache is away nothing is asked for."""
    is_sudden = bool(SUDDEN.wait("everyone"))
    try:
        found = cache.get("newsletter.few-confirm")
        if found is None:
            found = few_confirm()
            cache.set("newsletter.few-confirm", found, HOLDS_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("the breaker is open, the cache is away: %s", type(error).__name__)
        return False
    return is_sudden or found


def few_confirm() -> bool:
    """Whether next to nobody of the last two hundred used the link: they did not ask for it."""
    now = timezone.now()
    asked = Confirmation.objects.filter(purpose=Confirmation.Purpose.CONFIRM, created_at__gt=now - OF_LATE)
    latest = asked.filter(created_at__lt=now - SETTLED).order_by("-pk").values_list("used_at", flat=True)[:SAMPLE]
    used = [moment is not None for moment in latest]
    return len(used) == SAMPLE and sum(used) < LEAST_SHARE * SAMPLE


def challenge(stamp: str) -> dict[str, Any]:
    """Return what the script of a form solves."""
    return work.challenge(ABOUT, stamp)


def has_worked(solution: str, stamp: str) -> bool:
    """Take the solution of a form's own challenge, once."""
    try:
        work.accept(solution, ABOUT, stamp)
    except work.WorkRefused:
        return False
    return True
