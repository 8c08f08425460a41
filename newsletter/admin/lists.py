"""Lists of subscribers in and out of the admin: for whoever may add subscribers, by default superusers alone."""

import io
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter import listing
from newsletter.importing import UnreadableFile, import_subscribers

MOST_BYTES = 5_000_000


class ImportForm(forms.Form):
    """A file, looked at before it is taken."""

    file = forms.FileField(
        label="CSV file",
        help_text=(
            "In UTF-8, with the column address, and any of frequency, time_zone, confirmed_at, source and words. "
            "The last three are the evidence of consent: without them an address stays unconfirmed and gets nothing."
        ),
    )
    dry_run = forms.BooleanField(label="Only look: write nothing", required=False, initial=True)

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_BYTES:
            raise forms.ValidationError("It has more than 5 MB. Use manage.py import_subscribers.")
        return self.cleaned_data["file"]


class WithLists(admin.ModelAdmin):
    """Two pages beside the list: one takes a file, one gives one."""

    change_list_template = "admin/subscriber_list.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.take), name="newsletter_subscriber_import"),
            path("export/", view(require_safe(self.give)), name="newsletter_subscriber_export"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may = {"may_use_lists": request.user.has_perm("newsletter.add_subscriber")}
        return super().changelist_view(request, may | (extra_context or {}))

    def take(self, request: HttpRequest) -> HttpResponse:
        """Look through a file, and take it when that is asked for."""
        _check(request)
        form = ImportForm(request.POST or None, request.FILES or None)
        report = None
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            try:
                report = import_subscribers(lines, source=file.name[:100], dry_run=form.cleaned_data["dry_run"])
            except UnreadableFile as error:
                form.add_error("file", str(error))
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Import subscribers"}
        return TemplateResponse(request, "admin/subscriber_import.html", frame | {"form": form, "report": report})

    def give(self, request: HttpRequest) -> StreamingHttpResponse:
        """Hand over the list as it stands, with every history of consent."""
        _check(request)
        response = StreamingHttpResponse(listing.lines(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="subscribers-{timezone.localdate()}.csv"'
        response["Cache-Control"] = "no-store"
        return response


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm("newsletter.add_subscriber"):
        raise PermissionDenied
