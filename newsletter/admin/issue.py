"""The weekly issue as editors see it: taking shape, looked at, tried out, approved, on its way, reported."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.csp import CSP
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override

from newsletter import clicks, finishing, previewing, subjects
from newsletter.models import Issue, IssuePin, SendBatch, SubjectTest
from newsletter.progress import progress_of, waves_of
from newsletter.rendering import TooLarge
from newsletter.smtp import Unreachable
from tools.admin.asking import BOTH, ReasonForm, ask
from tools.admin.base import EditorAdmin, do_each

# The mail has its style in itself, as mails do, and is shown in a frame that can do nothing else.
MAIL_CSP = {"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE], "frame-ancestors": [CSP.SELF]}


class TestForm(forms.Form):
    """Where to send a test."""

    address = forms.EmailField(label="Send it to", widget=forms.EmailInput(attrs={"class": "vTextField"}))


class WhileItTakesShape(admin.TabularInline):
    """Part of an issue until it is frozen."""

    def _is_editable(self, obj: Issue | None) -> bool:
        return obj is None or obj.is_editable

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_editable(obj) and request.user.has_perm("newsletter.change_issue")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_editable(obj) and request.user.has_perm("newsletter.change_issue")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_editable(obj) and request.user.has_perm("newsletter.change_issue")


class PinInline(WhileItTakesShape):
    model = IssuePin
    extra = 1
    fields = ["place", "position", "tool", "comparison"]
    autocomplete_fields = ["tool", "comparison"]


class SubjectInline(WhileItTakesShape):
    model = SubjectTest
    fields = ["second"]
    verbose_name_plural = "a second subject, to be tried"


@admin.register(Issue)
class IssueAdmin(EditorAdmin):
    form = forms.ModelForm
    list_display = ["__str__", "day", "subject", "state", "recipient_count", "finished_at"]
    list_filter = ["state"]
    search_fields = ["subject", "period_key"]
    date_hierarchy = "day"
    inlines = [SubjectInline, PinInline]
    actions = ["approve", "withdraw_approval", "send_test", "pause", "resume", "retry_refused", "cancel"]
    readonly_fields = ["state", "day", "cutoff_at", "sends_at", "approval", "look", "progress", "paused_reason"]
    fieldsets = [
        (
            None,
            {"fields": [("state", "day"), ("cutoff_at", "sends_at"), "approval", "look", "progress", "paused_reason"]},
        ),
        ("Words", {"fields": ["subject", "preheader", "intro"]}),
    ]

    # What may be done

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        return False

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletter.send_issue")

    def get_readonly_fields(self, request: HttpRequest, obj: Issue | None = None) -> list[str]:
        words = [] if obj is None or obj.is_editable else ["subject", "preheader", "intro"]
        return [*self.readonly_fields, *words]

    @admin.display(description="approved")
    def approval(self, issue: Issue) -> str:
        if issue.approved_at is None:
            return "Not yet" if issue.is_editable else "By the clock"
        return f"{issue.approved_by or 'Somebody'}, {issue.approved_at:%d.%m.%Y %H:%M} UTC"

    @admin.display(description="look at it")
    def look(self, issue: Issue) -> SafeString:
        pages = [("newsletter_issue_preview", "As a mail"), ("newsletter_issue_report", "How it is going")]
        links = [format_html('<a href="{}">{}</a>', reverse(f"admin:{name}", args=[issue.pk]), w) for name, w in pages]
        return format_html("{} · {}", *links)

    @admin.display(description="progress")
    def progress(self, issue: Issue) -> str:
        return progress_of(issue).words

    # Doing it

    def _each(self, request: HttpRequest, queryset: QuerySet[Issue], act: Any, done: str) -> None:
        do_each(request, queryset, act, done)

    @admin.action(description="Approve", permissions=["send"], location=BOTH)
    def approve(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        self._each(request, queryset, lambda issue: issue.approve(request.user), "approved")

    @admin.action(description="Take the approval back", permissions=["send"], location=BOTH)
    def withdraw_approval(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        self._each(request, queryset, Issue.withdraw_approval, "no longer approved")

    @admin.action(description="Pause …", permissions=["send"], location=BOTH)
    def pause(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse | None:
        def act(answers: dict[str, Any]) -> None:
            self._each(request, queryset, lambda issue: issue.pause(answers["reason"]), "paused")

        title = "Nothing more will leave after a few seconds. Why?"
        return ask(self, request, queryset, action="pause", title=title, form_class=ReasonForm, act=act)

    @admin.action(description="Resume", permissions=["send"], location=BOTH)
    def resume(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        self._each(request, queryset, Issue.resume, "resumed")

    @admin.action(description="Try the refused again", permissions=["send"], location=BOTH)
    def retry_refused(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        """For a paused issue: those whom the server refused for a reason of ours."""
        for issue in queryset.filter(state=Issue.State.PAUSED):
            messages.success(
                request, f"{issue}: {finishing.retry_refused(issue)} will be tried again once it is resumed."
            )

    @admin.action(description="Cancel …", permissions=["send"], location=BOTH)
    def cancel(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse | None:
        def act(answers: dict[str, Any]) -> None:
            self._each(request, queryset, Issue.cancel, "cancelled")

        title = "Whoever has not got it will not get it. This cannot be undone. Why?"
        return ask(self, request, queryset, action="cancel", title=title, form_class=ReasonForm, act=act)

    @admin.action(description="Send a test …", permissions=["change"], location=BOTH)
    def send_test(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse | None:
        def act(answers: dict[str, Any]) -> None:
            for issue in queryset:
                try:
                    previewing.send_test(issue, answers["address"])
                    messages.success(request, f"{issue} was sent to {answers['address']}, and to nobody else.")
                except (TooLarge, ValueError, Unreachable) as error:
                    messages.error(request, f"{issue}: {error}")

        title = "Send it as it stands to one address; readers get nothing."
        return ask(self, request, queryset, action="send_test", title=title, form_class=TestForm, act=act)

    # Looking at it

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="newsletter_issue_preview"),
            path("<int:pk>/preview/mail/", view(self.mail), name="newsletter_issue_mail"),
            path("<int:pk>/report/", view(self.report), name="newsletter_issue_report"),
            *super().get_urls(),
        ]

    def _issue(self, request: HttpRequest, pk: int) -> Issue:
        if pk > 2**63 - 1:
            raise Http404
        issue = get_object_or_404(Issue, pk=pk)
        if not self.has_view_permission(request, issue):
            raise PermissionDenied
        return issue

    def _page(self, request: HttpRequest, template: str, issue: Issue, **context: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "issue": issue, "title": str(issue)}
        return TemplateResponse(request, template, frame | context)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The mail, its text, its source, and what is wrong with it."""
        issue = self._issue(request, pk)
        try:
            found = previewing.preview(issue)
        except (TooLarge, ValidationError) as error:
            return self._page(request, "admin/issue_preview.html", issue, problem=str(error))
        source = found.mail.mail.decode("ascii", "replace")
        return self._page(request, "admin/issue_preview.html", issue, preview=found, source=source)

    def mail(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML part alone, for the frame of the preview."""
        return _framed(request, self._issue(request, pk))

    def report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How an issue is going or went, from the counts of its batches."""
        issue = self._issue(request, pk)
        return self._page(
            request,
            "admin/issue_report.html",
            issue,
            progress=progress_of(issue),
            waves=waves_of(issue),
            editions=issue.editions.defer("mime"),
            counts=SendBatch.COUNTS,
            test=subjects.find(issue),
            clicks=clicks.counts_of(issue) if issue.is_frozen else [],
        )


@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def _framed(request: HttpRequest, issue: Issue) -> HttpResponse:
    return HttpResponse(previewing.preview(issue).mail.html)
