"""Asking a site over HTTP as a reader would, and noting what it answered."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException

FOUNDERS = "/compare/claude-files-api-vs-smolvlm2-turbo/"


@dataclass(frozen=True)
class Answer:
    status: int  # 0 when there was no answer
    text: str = ""
    headers: object = None


def ask(url: str, *, timeout: float = 10, **headers: str) -> Answer:
    """Return the answer to a GET, whatever its status; redirects are followed."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): it for name, it in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return Answer(response.status, response.read().decode(), response.headers)
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode(errors="replace"), error.headers)
    except (OSError, HTTPException):
        return Answer(0)
