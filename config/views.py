"""Health, errors, and what robots read."""

import re
import sys

from django.conf import settings
from django.contrib.sitemaps.views import sitemap as sitemap_view
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe
from health_check.views import HealthCheckView

from config.sitemaps import SITEMAPS
from tools.models import Tool


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
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /*?", "", f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return sitemap_view(request, SITEMAPS).render()


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 404 page, with tools whose names hold a word of the address that was asked for."""
    words = re.findall(r"[a-z0-9]{3,}", request.path.lower())[:6]
    unlikely = {"tools", "compare", "categories", "panel", "admin"}
    suggestions: list[Tool] = []
    for word in [word for word in words if word not in unlikely][:3]:
        suggestions += [t for t in Tool.objects.public().filter(slug__contains=word)[:3] if t not in suggestions]
    query = " ".join(word for word in words if word not in unlikely)
    return render(request, "404.html", {"suggestions": suggestions[:5], "query": query}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 400 page. It asks nothing of the database: a refused host must not cost a query."""
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
    return HttpResponse(render_to_string("500.html"), status=500)


def unavailable() -> HttpResponse:
    """Say that the database is away, and when to ask again."""
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})
