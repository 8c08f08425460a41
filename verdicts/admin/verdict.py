"""Verdicts as a list: published, withdrawn, compared with what they were. They are written on the tool's page."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export.admin import ImportExportMixin
from import_export.forms import ConfirmImportForm, ExportForm

from tools.admin.asking import BOTH, ask
from tools.admin.base import EditorAdmin, do_each
from tools.admin.differences import marked_changes
from tools.admin.exporting import FORMATS
from tools.admin.fields import LineField
from verdicts.admin.filters import Staleness, ThisWeek
from verdicts.admin.importing import VerdictResource
from verdicts.models import Verdict


class WithdrawalForm(forms.Form):
    """Why, in words that readers will see."""

    reason = LineField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text="Readers will see it.",
    )


class CheckedConfirmForm(ConfirmImportForm):
    """The second step of an import, which names a file that the first step wrote: that one, and no other."""

    def clean_import_file_name(self) -> str:
        name = super().clean_import_file_name()
        if not re.fullmatch(r"tmp\w{4,20}", name, re.ASCII):
            raise forms.ValidationError("Upload the file again.")
        return name

    def clean_format(self) -> str:
        if self.cleaned_data["format"] not in {str(i) for i in range(len(FORMATS))}:
            raise forms.ValidationError("Upload the file again.")
        return self.cleaned_data["format"]


@admin.register(Verdict)
class VerdictAdmin(ImportExportMixin, EditorAdmin):
    form = forms.ModelForm
    list_display = [
        "name",
        "decision",
        "state",
        "number",
        "evidence",
        "tested_on",
        "staleness",
        "editor",
        "published_at",
    ]
    list_filter = ["state", "reviewer", "decision", Staleness, ThisWeek, "evidence"]
    list_select_related = ["tool", "reviewer", "editor"]
    search_fields = ["tool__name", "tool__slug", "reason"]
    ordering = ["-updated_at"]
    date_hierarchy = "published_at"
    actions = ["publish", "withdraw"]
    resource_classes = [VerdictResource]
    formats = FORMATS
    export_form_class = ExportForm
    confirm_form_class = CheckedConfirmForm
    fields = [
        "tool", "reviewer", ("number", "state"), "write", ("decision", "evidence"), "text", ("tool_version", "tested_on"),
        "editor", "revision_note", ("published_at", "retired_at"), "withdrawal_reason", "withdrawn_by",
    ]  # fmt: skip
    readonly_fields = [
        "number",
        "state",
        "write",
        "text",
        "published_at",
        "retired_at",
        "withdrawal_reason",
        "withdrawn_by",
    ]

    @admin.display(description="verdict", ordering="tool__name")
    def name(self, verdict: Verdict) -> str:
        return f"{verdict.reviewer} on {verdict.tool}"

    @admin.display(description="reason")
    def text(self, verdict: Verdict) -> SafeString:
        return format_html('<div class="rendered">{}</div>', verdict.reason_html)

    @admin.display(description="edit")
    def write(self, verdict: Verdict) -> SafeString:
        page = reverse("admin:tools_tool_change", args=[verdict.tool_id])
        return format_html(
            '<a href="{}#panel-{}">On the scorecard of {}</a>', page, verdict.reviewer.slug, verdict.tool
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Verdict | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Verdict | None = None) -> bool:
        """What readers have read is kept for good."""
        return super().has_delete_permission(request, obj) and not (obj and obj.published_at)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verdicts.publish_verdict")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verdicts.withdraw_verdict")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["verdicts.add_verdict", "verdicts.change_verdict"])

    @admin.action(
        description="Publish",
        description_plural="Publish the selected verdicts",
        permissions=["publish"],
        location=BOTH,
    )
    def publish(self, request: HttpRequest, queryset: QuerySet[Verdict]) -> None:
        do_each(request, queryset.select_related("tool", "reviewer"), lambda v: v.publish(), "published")

    @admin.action(
        description="Withdraw …",
        description_plural="Withdraw the selected verdicts …",
        permissions=["withdraw"],
        location=BOTH,
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Verdict]) -> HttpResponse | None:
        rows = queryset.published().select_related("tool", "reviewer")

        def act(answers: dict[str, Any]) -> None:
            do_each(request, rows, lambda v: v.withdraw(by=request.user, reason=answers["reason"]), "withdrawn")

        title = "These verdicts will be listed as withdrawn, with the reason. Why?"
        return ask(self, request, rows, action="withdraw", title=title, form_class=WithdrawalForm, act=act)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        """Every revision of this persona's verdict on this tool, the newest first, each with what it changed."""
        if not re.fullmatch(r"\d{1,18}", object_id, re.ASCII):
            raise Http404
        verdict = get_object_or_404(Verdict.objects.select_related("tool", "reviewer"), pk=object_id)
        if not self.has_view_permission(request, verdict):
            raise PermissionDenied
        title = f"{verdict.reviewer} on {verdict.tool}"
        context = {**self.admin_site.each_context(request), "opts": self.opts, "verdict": verdict, "title": title}
        return TemplateResponse(request, "admin/verdict_history.html", context | {"revisions": revisions_of(verdict)})

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return super().process_import(request, **kwargs)
        except (OSError, ValueError):  # the file of the dry run is gone, or was never one
            messages.error(request, "The file is no longer there. Upload it again.")
            return HttpResponseRedirect(reverse("admin:verdicts_verdict_import"))

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if result.has_errors() or result.has_validation_errors():
            messages.error(
                request, "Something has changed since the dry run, and not every row was imported. Try it again."
            )
            return HttpResponseRedirect(reverse("admin:verdicts_verdict_import"))
        return super().process_result(result, request)


def revisions_of(verdict: Verdict) -> list[Verdict]:
    """Return all revisions, the newest first, each with `changes`: (what, marked words) against the one before it."""
    rows = Verdict.objects.filter(tool=verdict.tool_id, reviewer=verdict.reviewer_id).order_by("number")
    revisions = list(rows.select_related("editor", "withdrawn_by"))
    shown = ["decision", "evidence", "tool_version", "tested_on", "reason"]
    for before, after in zip([None, *revisions], revisions, strict=False):
        after.changes = [
            (Verdict._meta.get_field(name).verbose_name, marked_changes(_words(before, name), _words(after, name)))
            for name in shown
            if before and _words(before, name) != _words(after, name)
        ]
    return revisions[::-1]


def _words(verdict: Verdict, name: str) -> str:
    display = getattr(verdict, f"get_{name}_display", None)
    return str(display() if display else getattr(verdict, name))
