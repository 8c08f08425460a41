"""The site's middleware as the benchmark needs it: to see what one way of serving a page costs without the ways before it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config.pages import PageMiddleware
from config.templatetags.remembered import parts
from verdicts.made_pages import pages


class SharedOnly(PageMiddleware):
    """The page middleware without room in its own process."""

    def __init__(self, get_response):
        super().__init__(get_response)
        self.kept.most_bytes = 0


class Forgetful:
    """Nothing that was made for a request before is known to the next: neither pages nor parts of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parts.clear()
        pages.traces.clear()
        return self.get_response(request)
