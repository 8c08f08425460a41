"""What the pages of the mail have in common: how they answer, and whom they know."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from newsletter import subscribing, tokens
from newsletter.models import Confirmation, Subscriber

COOKIE = "__Secure-reader" if settings.IS_HTTPS else "reader"
COOKIE_PATH = "/newsletter/"  # no page that is kept for everybody ever gets it
COOKIE_SECONDS = 365 * 24 * 60 * 60
CHECK_MAIL = "Check your mail"

View = Callable[..., HttpResponseBase]


def private(view: View) -> View:
    """A page that a mailed link leads to: not kept, not indexed, its address not told to other sites.

    Not `no-referrer`: browsers would send `Origin: null` with its forms, and the CSRF check would refuse them.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return never_cache(wrapped)


# Pages ----------------------------------------------------------------------------------------


def said(request: HttpRequest, title: str, words: str, status: int = 200) -> HttpResponse:
    return render(request, "newsletter/said.html", {"title": title, "words": words}, status=status)


def spent(request: HttpRequest) -> HttpResponse:
    return said(request, "This link no longer works", "It was used, has run out, or a newer one was sent.", 410)


def asked(request: HttpRequest, title: str, words: str, button: str, **more: Any) -> HttpResponse:
    """A page with one button. Nothing happens before a person presses it: scanners follow links, and run scripts."""
    context = {"title": title, "words": words, "button": button, **more}
    return render(request, "newsletter/ask.html", context)


def mailed(secret: str, *purposes: str) -> Confirmation:
    """Return the mailed link of a secret, whether it still works or not; 404 for one that was never mailed."""
    found = subscribing.find_confirmation(secret, *purposes)
    if found is None:
        raise Http404
    return found


# Who it is ------------------------------------------------------------------------------------


def reader_of(token: str) -> Subscriber | None:
    """Return the reader of a preferences token."""
    claim = tokens.read(token, tokens.PREFERENCES)
    if claim is None:
        return None
    readers = Subscriber.objects.exclude(state=Subscriber.State.ERASED)
    return readers.filter(public_id=claim.public_id, token_version=claim.version).first()


def reader_or_404(token: str) -> Subscriber:
    if reader := reader_of(token):
        return reader
    raise Http404


def known_reader(request: HttpRequest) -> Subscriber | None:
    """Return the subscriber who opened a link of theirs in this browser before, as long as the mail still comes."""
    token = request.COOKIES.get(COOKIE, "")
    reader = reader_of(token) if token else None
    return reader if reader and reader.state == Subscriber.State.ACTIVE else None


def remember(response: HttpResponse, reader: Subscriber) -> HttpResponse:
    """Let the browser be known on the newsletter's pages, and on no other."""
    response.set_cookie(
        COOKIE,
        tokens.preferences_token(reader.public_id, 0, reader.token_version),
        max_age=COOKIE_SECONDS,
        path=COOKIE_PATH,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Lax")
    return response
