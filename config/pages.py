"""Whole pages kept for readers without a session, dropped as soon as something on them changes.

Stands before every other middleware: a page that is at hand costs one look into a dictionary. What a reader's cookie
could change is never kept, and a reader with such a cookie is never served from here. Concurrent requests for a page
that is not at hand wait for the one that makes it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import cast

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.middleware.http import ConditionalGetMiddleware

from config import replicas
from config.metrics import KEPT
from config.page_store import Page, SharedStore, encoding_for
from config.views import unavailable
from tools import freshness

LONGEST_ADDRESS = 400
GetResponse = Callable[[HttpRequest], HttpResponse]
Finish = Callable[[HttpRequest, HttpResponse], HttpResponse]
Key = tuple[str, str, str, str]


class KeptPages:
    """The pages at hand in this process, the least recently read given up first."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.showing: dict[freshness.Subject, set[Key]] = {}
        self.size = 0
        self.moment: freshness.Moment | None = None
        self.since: freshness.Moment | None = None
        self.latest: dict[freshness.Subject, list[int]] = {}
        self.list_touched_at = 0.0
        self.checked_at = 0.0
        self.day = datetime.now(UTC).date()
        self.lock = threading.Lock()

    def get(self, key: Key) -> Page | None:
        """Return a page that shows nothing older than `PAGE_FRESHNESS_SECONDS`."""
        if time.monotonic() - self.checked_at >= settings.PAGE_FRESHNESS_SECONDS:
            self.catch_up()
        page = self.pages.get(key)
        if page is None or self.is_old_list(page):
            return None
        with suppress(KeyError):  # another thread has just dropped it: it was fresh when this reader asked
            self.pages.move_to_end(key)
        return page

    def is_old_list(self, page: Page) -> bool:
        """Tell whether a page about many tools has grown too old since something was touched."""
        return (
            not page.subjects
            and self.list_touched_at > page.made_at
            and time.time() - page.made_at >= settings.PAGE_LIST_SECONDS
        )

    def catch_up(self) -> None:
        """Drop what the touches since the last look are about. Raises the database's error when it is away."""
        with self.lock:
            if time.monotonic() - self.checked_at < settings.PAGE_FRESHNESS_SECONDS:
                return
            today = datetime.now(UTC).date()
            if self.moment is None or today != self.day:  # staleness and prices follow the calendar
                self._clear()
                self.day = today
                self.moment = self.since = freshness.now()
            else:
                try:
                    touched, self.moment = freshness.touched_since(self.moment)
                except Exception:
                    self._clear()
                    raise
                if touched:
                    self._drop(touched)
            self.checked_at = time.monotonic()

    def _clear(self) -> None:
        self.pages.clear()
        self.showing.clear()
        self.latest.clear()
        self.size, self.moment, self.since = 0, None, None

    def _drop(self, touched: list[tuple[freshness.Subject, int]]) -> None:
        self.list_touched_at = time.time()
        batch: dict[freshness.Subject, list[int]] = {}
        for subject, transaction in touched:
            batch.setdefault(subject, []).append(transaction)
        self.latest |= batch
        for subject in batch:
            for key in list(self.showing.get(subject, ())):
                if not self.is_fresh(self.pages[key]):
                    self._remove(key)
        if len(self.latest) > 100_000:
            self.latest.clear()
            self.since = self.moment

    def is_fresh(self, page: Page) -> bool:
        """Tell whether nothing that a page shows was touched after it was made, today, as far as this process knows.

        Only the touches last heard of count: a page that saw those was made after the ones before them had ended.
        """
        if self.since is None or not page.moment.covers(self.since) or page.day != self.day:
            return False
        return all(page.moment.saw(it) for subject in page.subjects for it in self.latest.get(subject, ()))

    def put(self, key: Key, page: Page) -> None:
        if page.size > self.most_bytes // 8:
            return
        with self.lock:
            if key in self.pages:
                self._remove(key)
            if not self.is_fresh(page):
                return
            self.pages[key] = page
            self.size += page.size
            for subject in page.subjects:
                self.showing.setdefault(subject, set()).add(key)
            while self.size > self.most_bytes:
                self._remove(next(iter(self.pages)))

    def _remove(self, key: Key) -> None:
        page = self.pages.pop(key)
        self.size -= page.size
        for subject in page.subjects:
            keys = self.showing.get(subject, set())
            keys.discard(key)
            if not keys:
                self.showing.pop(subject, None)


class PageMiddleware:
    """Answers readers without a session from the pages at hand, and keeps what views have marked (`tools.freshness`)."""

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.PAGE_CACHE_MEGABYTES:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.kept = KeptPages(settings.PAGE_CACHE_MEGABYTES * 1024 * 1024)
        self.shared = SharedStore(settings.CACHE_URL) if settings.CACHE_URL else None
        self.in_the_making: dict[Key, threading.Lock] = {}
        self.never_kept: set[Key] = set()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = key_of(request)
        if key is None or key in self.never_kept:
            return self.get_response(request)
        try:
            if page := self.kept.get(key) or self.from_others(key, encoding_for(request)):
                KEPT.inc()
                return page.answer(request)
            with self.only_one(key):
                page = self.kept.get(key)
                return page.answer(request) if page else self.make(key, request)
        except DatabaseError:  # what cannot be checked is not shown, and making it anew would ask the same database
            return unavailable()

    @contextmanager
    def only_one(self, key: Key) -> Iterator[None]:
        """Let one request make a page while the others for it wait: a hot page that was dropped is made once."""
        lock = self.in_the_making.setdefault(key, threading.Lock())
        with lock:
            try:
                yield
            finally:
                self.in_the_making.pop(key, None)

    def from_others(self, key: Key, encoding: str) -> Page | None:
        """Return a page that another process has made, if nothing on it was touched since."""
        page = self.shared.get(key, encoding) if self.shared else None
        if page is None or not self.kept.is_fresh(page) or self.kept.is_old_list(page):
            return None
        self.kept.put(key, page)
        return page

    def make(self, key: Key, request: HttpRequest) -> HttpResponse:
        with replicas.reading(request) as source:
            moment = freshness.now(source)
            asked = {name: request.META.pop(name) for name in ASKED if name in request.META}
            response = self.get_response(request)
            request.META.update(asked)
        if response.status_code != 200 or response.streaming or response.cookies or not hasattr(response, "subjects"):
            self.note_unkept(key)
            return PACK(request, VALIDATE(request, response))
        page = Page.of(response, moment)
        self.kept.put(key, page)
        if self.shared:
            self.shared.put(key, page)
        return page.answer(request)

    def note_unkept(self, key: Key) -> None:
        """Let later requests for it by, without waiting for each other."""
        if len(self.never_kept) > 10_000:
            self.never_kept.clear()
        self.never_kept.add(key)


# Both leave an answer's class as it is; their annotations say less.
VALIDATE = cast(Finish, ConditionalGetMiddleware(lambda request: HttpResponse()).process_response)
PACK = cast(Finish, GZipMiddleware(lambda request: HttpResponse()).process_response)
ASKED = ("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")


def key_of(request: HttpRequest) -> Key | None:
    """Return what a page is kept under; None for requests that are never answered from here."""
    meta = request.META
    if request.method not in {"GET", "HEAD"} or "HTTP_AUTHORIZATION" in meta:
        return None
    if settings.SECURE_SSL_REDIRECT and request.scheme != "https":
        return None
    cookies = meta.get("HTTP_COOKIE", "")
    if cookies and any(name in cookies for name in settings.PRIVATE_COOKIES):
        return None
    path, query = request.path_info, meta.get("QUERY_STRING", "")
    if len(path) + len(query) > LONGEST_ADDRESS or path.startswith(settings.PAGES_NEVER_KEPT):
        return None
    return meta.get("HTTP_HOST", ""), request.scheme or "", path, query
