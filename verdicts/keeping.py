"""A cache that may be away: what it would have spared is then made anew."""

import hashlib
import logging
from typing import Any

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def kept(key: str) -> Any:
    """Return what is kept under a key; None for nothing, or while the cache is away."""
    try:
        return cache.get(_name(key))
    except (RedisError, OSError) as error:
        logger.warning("the cache is away, %s is made anew: %s", key, type(error).__name__)
        return None


def keep(key: str, value: Any, seconds: int) -> None:
    """Keep something for a while, where there is a cache to keep it in."""
    try:
        cache.set(_name(key), value, seconds)
    except (RedisError, OSError):
        return


def is_first(key: str, seconds: int) -> bool:
    """Tell whether nobody else has asked this within the last seconds; everybody is first while the cache is away."""
    try:
        return bool(cache.add(_name(key), 1, seconds))
    except (RedisError, OSError):
        return True


def _name(key: str) -> str:
    """Two databases that share a cache, as tests and benchmarks do, must not see each other's numbers."""
    database = str(connection.settings_dict["NAME"]).encode()
    return f"{hashlib.blake2b(database, digest_size=6).hexdigest()}:{key}"
