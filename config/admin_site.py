"""The admin site, under this site's name."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.urls import path
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST

from tools.text import clean_text, render_markdown
from voting.accounts import lacks_second_factor

MAX_PREVIEW = 20_000
MOST_COUNTED = 10_000


class MoreThan(int):
    """A number that nobody counted to its end, in the words that say so."""

    def __str__(self) -> str:
        return f"more than {int(self):,}"

    __html__ = __str__


class BoundedPaginator(Paginator):
    """A paginator that stops counting where nobody turns pages any more."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list.order_by().values("pk")[: MOST_COUNTED + 1].count()
        return rows if rows <= MOST_COUNTED else MoreThan(MOST_COUNTED)


class SiteAdmin(AdminSite):
    """Django's admin with our title, the week's numbers, and a preview of Markdown."""

    @property
    def site_header(self) -> str:
        return f"{settings.SITE_NAME} editors"

    site_title = site_header
    index_title = "The week"

    def register(self, models: Any, admin_class: Any = None, **options: Any) -> None:
        """Take in a model of any app, and let no list of it count to the end."""
        bounds = {"paginator": BoundedPaginator, "show_full_result_count": False}
        super().register(models, admin_class, **bounds | options)

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Ask for the second factor where staff need one, and refuse NUL bytes in an address.

        PostgreSQL has no such text, and no list could be filtered by it.
        """
        guarded = super().admin_view(view, cacheable)

        from config import staff_log  # registers pages with this very site when imported

        @wraps(guarded)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "\x00" in request.path or any(
                "\x00" in text for pair in request.GET.lists() for text in [pair[0], *pair[1]]
            ):
                return HttpResponseBadRequest("An address cannot hold a null character.")
            if lacks_second_factor(request.user):
                return redirect("second_factor_needed")
            try:
                response = guarded(request, *args, **kwargs)
            except Exception as error:
                staff_log.note(request, staff_log.code_of(error))
                raise
            staff_log.note(request, response.status_code)
            return response

        return checked

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Staff sign in at the page everybody signs in at, under the same limits."""
        return secure_admin_login(super().login)(request, extra_context)

    def get_urls(self) -> list:
        preview = path("markdown/", self.admin_view(markdown_preview), name="markdown_preview")
        return [preview, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        from verdicts.admin.dashboard import figures  # registers pages with this very site when imported

        return super().index(request, {"figures": figures(), **(extra_context or {})})


@require_POST
def markdown_preview(request: HttpRequest) -> HttpResponse:
    """Return the safe HTML that readers would get for the posted `text`."""
    text = request.POST.get("text", "")
    if len(text) > MAX_PREVIEW:
        return HttpResponseBadRequest("Too long to preview.")
    return HttpResponse(render_markdown(clean_text(text)))
