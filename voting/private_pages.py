"""What holds for every page about an account, allauth's own among them."""

import logging
from collections.abc import Callable
from smtplib import SMTPException

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIX = "/accounts/"
AWAY = (RedisError, SMTPException, ConnectionError, TimeoutError)


class PrivatePagesMiddleware:
    """Lets no page under /accounts/ be stored anywhere, and closes signing in while cache or mail are away.

    The limits on guessing live in the cache: without them nobody gets in, rather than anybody as often as they like; who
    is signed in stays so.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(PREFIX):
            add_never_cache_headers(response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AWAY) and request.path.startswith(PREFIX):
            logger.warning("signing in is closed for a moment: %s", type(exception).__name__)
            response = render(request, "sign_in_closed.html", status=503)
            response["Retry-After"] = "30"
            return response
        return None
