"""A cache that may be away: what it would have spared is then made anew."""

import logging
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def kept(key: str) -> Any:
    """Return what is kept under a key; None for nothing, or while the cache is away."""
    try:
        return cache.get(key)
    except (RedisError, OSError) as error:
        logger.warning("the cache is away, %s is made anew: %s", key, type(error).__name__)
        return None


def keep(key: str, value: Any, seconds: int) -> None:
    """Keep something for a while, where there is a cache to keep it in."""
    try:
        cache.set(key, value, seconds)
    except (RedisError, OSError):
        return
