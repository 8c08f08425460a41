"""What the last recount found, for whoever watches. It lies in the cache: lost with it, and told again the next night."""

import logging
import time
from typing import NamedTuple

from django.core.cache import cache
from redis.exceptions import RedisError

KEY = "voting.recount"
logger = logging.getLogger(__name__)


class Recount(NamedTuple):
    """When it was, how many tallies were not what their votes are, and how many votes the log tells otherwise."""

    at: float
    drifts: int
    disagreements: int


def remember(drifts: int, disagreements: int) -> None:
    try:
        cache.set(KEY, tuple(Recount(time.time(), drifts, disagreements)), timeout=None)
    except (RedisError, OSError) as error:
        logger.warning("what the recount found is not kept, the cache is away: %s", type(error).__name__)


def last() -> Recount | None:
    """Return what was found last; None where nobody knows."""
    try:
        found = cache.get(KEY)
    except (RedisError, OSError):
        return None
    return Recount(*found) if found else None
