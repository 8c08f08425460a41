"""Reading from a replica, where one is set: pages for readers who have nothing of their own on them.

Whoever has voted, signed in, or sends something is answered from the primary, and so always sees what they did. The others
may be shown what the primary held a moment ago (`MOST_SECONDS_BEHIND`); a replica that is further behind, or away, is not
asked until it has come up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from tools import freshness

REPLICA = "replica"
LOOK_SECONDS = 1
MOST_SECONDS_BEHIND = 3  # what the primary held at the look before the last
NEVER = ("/admin/", "/accounts/", "/newsletter/", "/votes/", "/healthz", "/metrics")
_source: ContextVar[str] = ContextVar("source", default="default")
logger = structlog.get_logger(__name__)


class Router:
    """Reads go where the request has been sent; everything else, jobs and commands included, to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return _source.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, alias: str, app: str, **hints: Any) -> bool:
        return alias == "default"


class Watch:
    """Whether the replica is close behind, asked once a second by each process."""

    def __init__(self) -> None:
        self.looked_at = 0.0
        self.before: freshness.Moment | None = None  # the primary's moment at that look
        self.is_close = False
        self.lock = threading.Lock()

    def close(self) -> bool:
        now = time.monotonic()
        if now - self.looked_at >= LOOK_SECONDS and self.lock.acquire(blocking=False):
            try:
                self.look(now)
            finally:
                self.lock.release()
        return self.is_close and now - self.looked_at < MOST_SECONDS_BEHIND

    def look(self, now: float) -> None:
        """Compare the replica with what the primary held at the last look, unless that is too long ago to tell anything."""
        was_close, recent = self.is_close, now - self.looked_at < 2 * LOOK_SECONDS
        try:
            there = freshness.now(REPLICA)
            self.is_close = recent and self.before is not None and there.covers(self.before)
        except DatabaseError as error:
            self.is_close = False
            logger.warning("replica_is_away", reason=str(error).splitlines()[0] if str(error) else "")
        if recent and was_close and not self.is_close:
            logger.warning("replica_is_behind")
        self.before = freshness.now()
        self.looked_at = now


watch = Watch()


def may_read_there(request: HttpRequest) -> bool:
    """Tell whether a request may be answered from the replica."""
    if not settings.DATABASE_REPLICA_URL or request.method not in {"GET", "HEAD"}:
        return False
    meta = request.META
    if "HTTP_AUTHORIZATION" in meta or request.path_info.startswith(NEVER):
        return False
    cookies = meta.get("HTTP_COOKIE", "")
    return not any(name in cookies for name in settings.PRIVATE_COOKIES) and watch.close()


@contextmanager
def reading(request: HttpRequest) -> Iterator[str]:
    """Send the reads of what follows where they may go; gives the name of that database."""
    if _source.get() == REPLICA:  # somebody further out has decided already
        yield REPLICA
        return
    token = _source.set(REPLICA if may_read_there(request) else "default")
    try:
        yield _source.get()
    finally:
        _source.reset(token)


class ReplicaMiddleware:
    """For requests that the kept pages have let by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.DATABASE_REPLICA_URL:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with reading(request):
            return self.get_response(request)
