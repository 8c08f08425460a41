"""Health, errors, and what robots read."""

import datetime
import re
import sys
from itertools import batched, chain

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from health_check.views import HealthCheckView

from config import sitemaps
from config.api.errors import is_for_programs, refused
from tools.models import Tool

PLAIN = "text/plain; charset=utf-8"


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


class HealthView(HealthCheckView):
    """Database and cache, and a Celery worker where a broker is set: 200 when all answer, else 500. As JSON unless asked."""

    checks = ["health_check.checks.Database", "health_check.checks.Cache"] + (
        [] if settings.CELERY_TASK_ALWAYS_EAGER else ["health_check.contrib.celery.Ping"]
    )

    async def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if "format" not in request.GET:
            asked = request.GET.copy()
            asked["format"] = "json"
            request.GET = asked  # type: ignore[assignment]
        return await super().get(request, *args, **kwargs)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Allow: /badge/",
        "Allow: /card/",
        "Disallow: /admin/",
        "Disallow: /search/",
        "Disallow: /*?",
        "",
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type=PLAIN)


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return HttpResponse("".join(sitemaps.written("sitemapindex", sitemaps.files())), content_type="application/xml")


@require_safe
def sitemap_file(request: HttpRequest, part: str, number: int = 1) -> HttpResponseBase:
    """One file of the sitemap, streamed: neither its 50,000 lines nor the pairs before them are ever held."""
    if not 1 <= number <= 99_999:
        raise Http404("The sitemap has no such file.")
    found = sitemaps.pages() if part == "pages" else sitemaps.tools(number)
    if part == "pairs":
        found = sitemaps.Pairs.load().file(number)
    first = next(found, None)
    if first is None:
        raise Http404("The sitemap has no such file.")
    lines = batched(sitemaps.written("urlset", chain([first], found)), 500)
    return StreamingHttpResponse(("".join(batch) for batch in lines), content_type="application/xml")


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """What there is to read for programs that answer questions: https://llmstxt.org/."""
    return render(request, "llms.txt", content_type=PLAIN)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness, as RFC 9116 has it. It has to say when it runs out: half a year from the first of this month."""
    first = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{settings.SITE_CONTACT}",
        f"Expires: {first + datetime.timedelta(days=183):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type=PLAIN)


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    """How a browser searches this site from its own address bar."""
    return render(request, "opensearch.xml", content_type="application/opensearchdescription+xml")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 404 page, with tools whose names hold a word of the address that was asked for."""
    if is_for_programs(request):
        return refused(404, "No such address.")
    words = re.findall(r"[a-z0-9]{3,}", request.path.lower())[:6]
    unlikely = {"tools", "compare", "categories", "panel", "admin"}
    suggestions: list[Tool] = []
    for word in [word for word in words if word not in unlikely][:3]:
        suggestions += [t for t in Tool.objects.public().filter(slug__contains=word)[:3] if t not in suggestions]
    query = " ".join(word for word in words if word not in unlikely)
    return render(request, "404.html", {"suggestions": suggestions[:5], "query": query}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_programs(request):
        return refused(403, "Not allowed.")
    return render(request, "403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 400 page. It asks nothing of the database: a refused host must not cost a query."""
    if is_for_programs(request):
        return refused(400, "The request makes no sense.")
    return render(request, "400.html", {"is_sample": False}, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of last resort: it asks nothing of the database, the session or any context.

    A database that is away is no fault of the site's code: that is 503, with the seconds after which to ask again.
    """
    problem = sys.exception()
    if isinstance(problem, OperationalError | InterfaceError) and "no such" not in str(
        problem
    ):  # SQLite's missing table
        return unavailable()
    if is_for_programs(request):
        return refused(500, "Server error.")
    return HttpResponse(render_to_string("500.html"), status=500)


def unavailable() -> HttpResponse:
    """Say that the database is away, and when to ask again."""
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})
