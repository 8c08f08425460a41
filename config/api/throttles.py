"""How much anyone may ask of the API: by token or account where there is one, else by address, and by network."""

import logging
import math
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from voting.network import client_address, network_of

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 60
SAFE = {"GET", "HEAD", "OPTIONS"}


class Rate(BaseThrottle):
    """So many requests a minute. One counter per caller and minute, raised in one step, so that no two requests share a number.

    REST framework's own throttles keep the time of every request instead, which costs more the more is allowed. With
    the cache away everything is allowed.
    """

    def allow_request(self, request: Any, view: Any) -> bool:
        is_read = request.method in SAFE
        limit = settings.API_READS_PER_MINUTE if is_read else settings.API_WRITES_PER_MINUTE
        now = time.time()
        self.left_seconds = WINDOW_SECONDS - now % WINDOW_SECONDS
        who, times = self.caller(request)
        key = f"{'read' if is_read else 'write'}:{int(now // WINDOW_SECONDS)}:{who}"
        try:
            count = raised(f"api:{salted_hmac('api.rate', key, algorithm='sha256').hexdigest()}")
        except (RedisError, OSError) as error:
            logger.warning("the API's throttles are open, the cache is away: %s", type(error).__name__)
            return True
        self.note(request, limit * times, count)
        return count <= limit * times

    def wait(self) -> float:
        return math.ceil(self.left_seconds)

    def caller(self, request: Any) -> tuple[str, int]:
        raise NotImplementedError

    def note(self, request: Any, limit: int, count: int) -> None:
        """Say on the answer how much is left."""
        left = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - count)),
            "RateLimit-Reset": str(math.ceil(self.left_seconds)),
        }
        if int(left["RateLimit-Remaining"]) <= int(getattr(request, "rate_headers", left)["RateLimit-Remaining"]):
            request.rate_headers = left


class CallerRate(Rate):
    """By token, by account, or by address: what nobody can choose for themselves."""

    def caller(self, request: Any) -> tuple[str, int]:
        token = getattr(request.auth, "pk", None)
        if token is not None:
            return f"token {token}", 2
        if request.user is not None and request.user.is_authenticated:
            return f"account {request.user.pk}", 1
        return f"address {client_address(request)}", 1


class NetworkRate(Rate):
    """By network, which an office or a classroom shares: ten times what one caller may."""

    def caller(self, request: Any) -> tuple[str, int]:
        return f"network {network_of(client_address(request))}", 10


def raised(key: str) -> int:
    """Return a counter after raising it by one."""
    if cache.add(key, 1, timeout=WINDOW_SECONDS + 5):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # it has run out between the two
        cache.set(key, 1, timeout=WINDOW_SECONDS + 5)
        return 1
