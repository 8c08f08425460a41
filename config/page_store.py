"""One page as it goes out, and the store that the processes of a site share."""

import datetime
import gzip
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import brotli
import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders

from tools import freshness

KEPT_SECONDS = 600
PAUSE_SECONDS = 5
logger = logging.getLogger(__name__)


def encoding_for(request: HttpRequest) -> str:
    """Return the best encoding a reader takes: `br`, `gzip`, or empty for none."""
    accepted = request.META.get("HTTP_ACCEPT_ENCODING", "")
    return "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""


@dataclass(slots=True)
class Page:
    """One answer as it goes out, in every encoding it has been asked for; the empty name is the plain one."""

    bodies: dict[str, bytes]
    headers: dict[str, str]
    subjects: frozenset[freshness.Subject]
    moment: freshness.Moment
    made_at: float = field(default_factory=time.time)
    ready: dict[str, ResponseHeaders] = field(default_factory=dict)

    @classmethod
    def of(cls, response: HttpResponse, moment: freshness.Moment) -> "Page":
        body = response.content
        headers = {name: value for name, value in response.items() if name not in {"Content-Length", "ETag"}}
        headers["ETag"] = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers["Vary"] = "Accept-Encoding, Cookie"
        headers["Cache-Control"] = f"public, max-age=0, s-maxage={settings.PAGE_FRESHNESS_SECONDS}, must-revalidate"
        if settings.CDN_SECONDS:
            headers["CDN-Cache-Control"] = f"public, max-age={settings.CDN_SECONDS}"
        return cls({"": body}, headers, response.subjects, moment)  # type: ignore[attr-defined]

    @property
    def day(self) -> datetime.date:
        """The day it was made on: staleness and prices follow the calendar."""
        return datetime.datetime.fromtimestamp(self.made_at, datetime.UTC).date()

    @property
    def size(self) -> int:
        """Roughly the bytes it takes here, with its compressed forms."""
        return 1_000 + max(len(body) * 4 if name else len(body) * 3 // 2 for name, body in self.bodies.items())

    def body(self, encoding: str) -> bytes:
        """Return the body; compressing is done once for all readers."""
        if encoding not in self.bodies:
            plain = self._plain()
            self.bodies[encoding] = {
                "": lambda: plain,
                "br": lambda: brotli.compress(plain, quality=6),
                "gzip": lambda: gzip.compress(plain, 7, mtime=0),
            }[encoding]()
        return self.bodies[encoding]

    def _plain(self) -> bytes:
        if "" in self.bodies:
            return self.bodies[""]
        [(name, body), *_] = self.bodies.items()
        return brotli.decompress(body) if name == "br" else gzip.decompress(body)

    def answer(self, request: HttpRequest) -> HttpResponse:
        asked = request.META.get("HTTP_IF_NONE_MATCH", "")
        if asked and (asked == "*" or self.headers["ETag"] in asked):
            kept = ("ETag", "Vary", "Cache-Control", "CDN-Cache-Control", "Content-Security-Policy")
            return HttpResponse(status=304, headers={name: self.headers[name] for name in kept if name in self.headers})
        encoding = encoding_for(request)
        response = HttpResponse(self.body(encoding))
        if encoding not in self.ready:
            more = {"Content-Length": str(len(self.body(encoding)))} | (
                {"Content-Encoding": encoding} if encoding else {}
            )
            self.ready[encoding] = ResponseHeaders(self.headers | more)
        # Checked and encoded once: nothing stands between this answer and the server that could change them.
        response.headers = self.ready[encoding]
        return response

    def head(self) -> bytes:
        """Return all but the bodies, for the shared store."""
        subjects = sorted(map(list, self.subjects))
        return json.dumps([self.headers, subjects, str(self.moment), self.made_at]).encode()

    @classmethod
    def from_store(cls, head: bytes, encoding: str, body: bytes) -> "Page":
        return cls({encoding: body}, *_read_head(head))


@lru_cache(maxsize=2_000)
def _read_head(head: bytes) -> tuple[Any, ...]:
    """Return all of a page but its bodies. A head names one body by its ETag, so that what is read of it serves again."""
    headers, subjects, moment, made_at = json.loads(head)
    shown = frozenset((kind, ref) for kind, ref in subjects)
    return headers, shown, freshness.Moment.read(moment), made_at, {}


class SharedStore:
    """Pages in Redis. A store that is away or slow costs a moment at most: it is then left alone for a while."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)
        self.own = threading.local()
        self.paused_until = 0.0
        self.release = release()

    def get(self, key: tuple[str, ...], encoding: str) -> Page | None:
        words = ("HMGET", self._name(key), "head", encoding or "plain")
        head, body = self._ask(lambda it: self._read(it, words)) or (None, None)
        return Page.from_store(head, encoding, body) if head and body else None

    def put(self, key: tuple[str, ...], page: Page) -> None:
        """Keep a page with its compressed forms, so that no process does that work again."""
        fields: dict[Any, Any] = {
            "head": page.head(),
            "plain": page.body(""),
            "br": page.body("br"),
            "gzip": page.body("gzip"),
        }

        def store(it: redis.Redis) -> None:
            together = it.pipeline()
            together.hset(self._name(key), mapping=fields)
            together.expire(self._name(key), KEPT_SECONDS)
            together.execute()

        self._ask(store)

    def _read(self, it: redis.Redis, words: tuple[str, ...]) -> Any:
        """Return the answer to one command, asked on a connection that this thread keeps.

        Borrowing one for each page, as the client does, takes longer than the question itself.
        """
        line = getattr(self.own, "line", None)
        if line is None:
            line = self.own.line = it.connection_pool.make_connection()
        packed = line.pack_command(*words)
        try:
            line.send_packed_command(packed, check_health=False)
            return line.read_response(disable_decoding=True)
        except redis.ConnectionError:  # the store was started anew since: it closed the line, and is there again
            line.disconnect()
            line.send_packed_command(packed, check_health=False)
            return line.read_response(disable_decoding=True)

    def _ask(self, question: Callable[[redis.Redis], Any]) -> Any:
        """Return the store's answer; None while it is away."""
        if time.monotonic() < self.paused_until:
            return None
        try:
            return question(self.redis)
        except redis.RedisError as error:
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("The shared page store does not answer; pages are made by each process: %s", error)
            return None

    def _name(self, key: tuple[str, ...]) -> str:
        return "page:" + hashlib.blake2b("\0".join([self.release, *key]).encode(), digest_size=16).hexdigest()


def release() -> str:
    """Return a digest of what pages are made with: code, templates, collected files and the site's own names.

    A page that another release has made names static files which may be gone, and says what its templates said.
    """
    apps = ("config", "tools", "voting", "verdicts", "newsletter")
    files = [it for app in apps for it in (settings.BASE_DIR / app).rglob("*.py")]
    files += (settings.BASE_DIR / "templates").rglob("*.html")
    files += settings.STATIC_ROOT.glob("staticfiles.json")
    digest = hashlib.blake2b(digest_size=8)
    for part in (settings.SITE_NAME, settings.SITE_URL, settings.SITE_CONTACT, str(settings.CDN_SECONDS)):
        digest.update(part.encode() + b"\0")
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()
