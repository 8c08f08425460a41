"""What readers send: reports of wrong facts and requests for tools, answered in words that readers see."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tools.admin.asking import BOTH, ask
from tools.admin.base import EditorAdmin, do_each
from tools.admin.fields import LineField
from tools.models import AskedState, FactReport, ToolRequest
from tools.models.asked import MOST_WORDS, OPEN, Asked
from verdicts.reporting import says_now


class AnswerForm(forms.Form):
    """What readers are told."""

    answer = LineField(
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text="Readers will see it.",
    )


class QueueAdmin(EditorAdmin):
    """A queue that only readers add to, and where nothing that was answered goes away."""

    form = forms.ModelForm
    list_filter = ["state", "sent_at"]
    ordering = ["-sent_at"]
    actions = ["accept", "decline", "drop"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Asked | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.state != AskedState.DROPPED)

    def answer(
        self, request: HttpRequest, rows: QuerySet, action: str, title: str, done: str, act: Callable[[Any, str], None]
    ) -> HttpResponse | None:
        open_rows = rows.filter(state__in=OPEN)

        def each(answers: dict[str, Any]) -> None:
            do_each(request, open_rows, lambda row: act(row, answers["answer"]), done)

        return ask(self, request, open_rows, action=action, title=title, form_class=AnswerForm, act=each)

    @admin.action(
        description="Decline …", description_plural="Decline the selected …", permissions=["change"], location=BOTH
    )
    def decline(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        title = "Readers will see that this was declined. Why?"
        return self.answer(request, queryset, "decline", title, "declined", lambda row, words: row.decline(words))

    @admin.action(
        description="Set aside without an answer",
        description_plural="Set the selected aside without an answer",
        permissions=["change"],
        location=BOTH,
    )
    def drop(self, request: HttpRequest, queryset: QuerySet) -> None:
        do_each(request, queryset, lambda row: row.drop(), "set aside")


@admin.register(FactReport)
class FactReportAdmin(QueueAdmin):
    list_display = ["__str__", "said", "claim", "state", "sent_at"]
    list_select_related = ["tool"]
    search_fields = ["tool__name", "tool__slug", "label", "claim"]
    fields = ["about", "label", "said", "says_now", "claim", "source_url", "state", "sent_at", "answer", "answered_at"]
    readonly_fields = fields

    @admin.display(description="tool")
    def about(self, report: FactReport) -> SafeString:
        page = reverse("admin:tools_tool_change", args=[report.tool_id])
        return format_html('<a href="{}">{}</a>', page, report.tool)

    @admin.display(description="the page says now")
    def says_now(self, report: FactReport) -> str:
        return says_now(report)

    @admin.action(
        description="Accept …", description_plural="Accept the selected …", permissions=["change"], location=BOTH
    )
    def accept(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        title = "The correction will stand in the public log. What do you tell the reader?"
        rows = queryset.select_related("tool")
        return self.answer(
            request, rows, "accept", title, "accepted", lambda row, words: row.accept(words, now=says_now(row))
        )


@admin.register(ToolRequest)
class ToolRequestAdmin(QueueAdmin):
    list_display = ["name", "times", "homepage", "state", "sent_at", "tool"]
    list_select_related = ["tool"]
    search_fields = ["name", "homepage", "why"]
    autocomplete_fields = ["tool"]
    readonly_fields = ["name", "times", "homepage", "why", "state", "sent_at", "answer", "answered_at"]
    fields = [*readonly_fields, "tool"]
    actions = ["show", *QueueAdmin.actions]

    @admin.action(
        description="Show in the public list",
        description_plural="Show the selected in the public list",
        permissions=["change"],
        location=BOTH,
    )
    def show(self, request: HttpRequest, queryset: QuerySet) -> None:
        do_each(request, queryset, lambda row: row.show(), "shown")

    @admin.action(
        description="Accept …", description_plural="Accept the selected …", permissions=["change"], location=BOTH
    )
    def accept(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        title = "Readers will see that this was accepted. What do you tell them?"
        return self.answer(request, queryset, "accept", title, "accepted", lambda row, words: row.accept(words))
