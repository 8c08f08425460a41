"""Calling a WSGI application in this process, and what a series of calls took."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from django.core.handlers.wsgi import WSGIHandler


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some figures, and how far they lie apart."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: list[float]) -> "Spread":
        return cls(median(figures), min(figures), max(figures))

    def words(self, form: str) -> str:
        return f"{self.median:{form}} ({self.least:{form}}-{self.most:{form}})"


def fetch(application: WSGIHandler, path: str) -> bytes:
    """Return the body that an application answers with. Raises RuntimeError for anything but 200."""
    seen: list[str] = []
    address, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    response = application(environ, lambda status, headers: seen.append(status))
    body = b"".join(response)
    response.close()  # as a server does: gives the database connection back
    if not seen[0].startswith("200"):
        raise RuntimeError(f"{path} answered {seen[0]}.")
    return body


def seconds_each(call: Callable[[], object], times: int) -> float:
    """Return the mean seconds of a call, after one that does not count."""
    call()
    start = perf_counter()
    for _ in range(times):
        call()
    return (perf_counter() - start) / times
