"""The site's addresses, and the bare view they are measured against."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as site

__all__ = ["BODIES", "handler400", "handler403", "handler404", "handler500", "urlpatterns"]

BODIES: dict[str, bytes] = {}


def bare(request: HttpRequest, page: str) -> HttpResponse:
    """Answer with the bytes that a page once gave: what is left when nothing has to be found out or rendered."""
    return HttpResponse(BODIES[page])


urlpatterns = [path("bare/<str:page>", bare), *site]
