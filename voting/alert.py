"""When votes come unusually fast: a rule of three numbers, and where they come from.

Under alert nobody is turned away. Votes ask for a little computing first (`voting.work`); the ones that come without it
wait for the next pass. An honest rush sets it off like a bought one, which is why it costs a reader next to nothing.
"""

import datetime
import logging
import math

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from voting.detector import log_tail_poisson
from voting.models import Round, VoteSignal
from voting.models.signal import oldest_kept
from voting.settling import PASSES_WITHIN

HOUR = datetime.timedelta(hours=1)
OF_A_TOOL, OF_THE_SITE = 30, 300  # fewer votes than that within an hour are never an alert
TIMES = 5  # how many times as many as usual an alert takes
CHANCE = math.log(1e-6)  # and how unlikely they must be
ASKED_EVERY = 30  # seconds for which an answer holds
logger = logging.getLogger(__name__)


def is_unusual(hour: int, usual: float, least: int) -> bool:
    """Tell whether `hour` votes within the last hour are far more than the `usual` ones of an hour."""
    return hour >= least and hour >= TIMES * usual and log_tail_poisson(hour, usual + 1) < CHANCE


def is_on(tool_id: int, at: datetime.datetime | None = None) -> bool:
    """Tell whether votes on a tool ask for work now: by the setting, or because they, or all votes, come too fast.

    An answer holds for `ASKED_EVERY` seconds. While the cache is away nothing is asked for, as with the throttles.
    """
    if settings.VOTE_PROOF_OF_WORK != "automatic":
        return settings.VOTE_PROOF_OF_WORK == "always"
    try:
        return _is_rushed(tool_id, at or timezone.now())
    except (RedisError, OSError) as error:
        logger.warning("no alert for votes, the cache is away: %s", type(error).__name__)
        return False


def can_wait(at: datetime.datetime | None = None) -> bool:
    """Tell whether passes are made that a vote could wait for. Where none are, it counts at once."""
    return Round.objects.filter(at__gt=(at or timezone.now()) - PASSES_WITHIN).exists()


def _is_rushed(tool_id: int, at: datetime.datetime) -> bool:
    """Ask the cache once for both answers, and the database for those it does not have."""
    database = connection.settings_dict["NAME"]
    names = {f"alert:{database}:site": (None, OF_THE_SITE), f"alert:{database}:{tool_id}": (tool_id, OF_A_TOOL)}
    known = cache.get_many(list(names))
    missing = {name: is_unusual(*_pace(of, at), least) for name, (of, least) in names.items() if name not in known}
    if missing:
        cache.set_many(missing, ASKED_EVERY)
    return any(known.values()) or any(missing.values())


def _pace(tool_id: int | None, at: datetime.datetime) -> tuple[int, float]:
    """Return the votes of the last hour and of a usual hour of the fortnight, on a tool or on all. One query."""
    seen: QuerySet[VoteSignal] = VoteSignal.objects.filter(day__gte=oldest_kept(at.date()))
    if tool_id:
        seen = seen.filter(vote__tool=tool_id)
    sums = seen.aggregate(hour=Count("pk", filter=Q(at__gt=at - HOUR)), all=Count("pk"), first=Min("at"))
    known = (at - sums["first"]) / HOUR if sums["first"] else 0.0
    return sums["hour"], (sums["all"] - sums["hour"]) / max(24.0, known - 1)
