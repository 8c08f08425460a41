"""One page as it goes out, and the store that the processes of a site share."""

import gzip
import hashlib
import json
import logging
import time
from dataclasses import dataclass, field

import brotli
import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tools import freshness

WORTH_COMPRESSING = 500
KEPT_SECONDS = 600
PAUSE_SECONDS = 5
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Page:
    """One answer as it goes out, in every encoding it has been asked for."""

    body: bytes
    headers: dict[str, str]
    subjects: frozenset[freshness.Subject]
    moment: freshness.Moment
    made_at: float = field(default_factory=time.time)
    encoded: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, response: HttpResponse, moment: freshness.Moment) -> "Page":
        body = response.content
        headers = {name: value for name, value in response.items() if name not in {"Content-Length", "ETag"}}
        headers["ETag"] = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers["Vary"] = "Accept-Encoding, Cookie"
        headers["Cache-Control"] = f"public, max-age=0, s-maxage={settings.PAGE_FRESHNESS_SECONDS}, must-revalidate"
        return cls(body, headers, response.subjects, moment)  # type: ignore[attr-defined]

    @property
    def size(self) -> int:
        """Roughly the bytes it takes here, with its compressed forms."""
        return len(self.body) * 3 // 2 + 1_000

    def in_encoding(self, name: str) -> bytes:
        """Return the body compressed; the work is done once for all readers."""
        if name not in self.encoded:
            self.encoded[name] = (
                brotli.compress(self.body, quality=6) if name == "br" else gzip.compress(self.body, 7, mtime=0)
            )
        return self.encoded[name]

    def answer(self, request: HttpRequest) -> HttpResponse:
        asked = request.META.get("HTTP_IF_NONE_MATCH", "")
        if asked and (asked == "*" or self.headers["ETag"] in asked):
            response = HttpResponse(status=304)
            for name in ("ETag", "Vary", "Cache-Control", "Content-Security-Policy"):
                if name in self.headers:
                    response[name] = self.headers[name]
            return response
        accepted = request.META.get("HTTP_ACCEPT_ENCODING", "")
        encoding = "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""
        if encoding and len(self.body) > WORTH_COMPRESSING:
            response = HttpResponse(self.in_encoding(encoding), headers=self.headers)
            response["Content-Encoding"] = encoding
        else:
            response = HttpResponse(self.body, headers=self.headers)
        response["Content-Length"] = str(len(response.content))
        return response

    def packed(self) -> bytes:
        """Return it as bytes for the shared store, compressed forms included, so that no process does that work again."""
        bodies = [self.body, self.in_encoding("br"), self.in_encoding("gzip")]
        head = {
            "headers": self.headers,
            "subjects": sorted(map(list, self.subjects)),
            "moment": str(self.moment),
            "made_at": self.made_at,
            "lengths": [len(body) for body in bodies],
        }
        return json.dumps(head).encode() + b"\n" + b"".join(bodies)

    @classmethod
    def unpacked(cls, stored: bytes) -> "Page":
        head, _, bodies = stored.partition(b"\n")
        known = json.loads(head)
        plain, br, _ = known["lengths"]
        subjects = frozenset((kind, ref) for kind, ref in known["subjects"])
        encoded = {"br": bodies[plain : plain + br], "gzip": bodies[plain + br :]}
        moment = freshness.Moment.read(known["moment"])
        return cls(bodies[:plain], known["headers"], subjects, moment, known["made_at"], encoded)


class SharedStore:
    """Pages in Redis. A store that is away or slow costs a moment at most: it is then left alone for a while."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)
        self.paused_until = 0.0

    def get(self, key: tuple[str, ...]) -> Page | None:
        stored = self._ask("get", self._name(key))
        return Page.unpacked(stored) if stored else None

    def put(self, key: tuple[str, ...], page: Page) -> None:
        self._ask("set", self._name(key), page.packed(), ex=KEPT_SECONDS)

    def _ask(self, command: str, *args: object, **options: object) -> bytes | None:
        if time.monotonic() < self.paused_until:
            return None
        try:
            return getattr(self.redis, command)(*args, **options)
        except redis.RedisError as error:
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("The shared page store does not answer; pages are made by each process: %s", error)
            return None

    @staticmethod
    def _name(key: tuple[str, ...]) -> str:
        return "page:" + hashlib.blake2b("\0".join(key).encode(), digest_size=16).hexdigest()
