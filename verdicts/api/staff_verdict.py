"""Verdicts for staff: written as drafts, published, withdrawn; by the rules of the scorecard in the admin."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tools.api.catalogue import PageLink
from tools.api.errors import Conflict
from tools.api.params import Body, DayField, LineField, NamesField, PageQuery, Query, SlugField, TextField, fields_of
from tools.api.views import DetailView, ListView, Representation
from tools.models import Tool
from verdicts.api.staff import OfStaff, VersionField, check_version, writing
from verdicts.models import Decision, EditConflict, Evidence, Reviewer, Verdict

VIEW = [["verdicts.view_verdict"], ["verdicts.change_verdict"]]
ORDER = {Verdict.State.DRAFT: 0, Verdict.State.PUBLISHED: 1}


class StaffVerdictRepresentation(Representation):
    """One revision of a verdict as its editors see it."""

    ALWAYS = ("tool", "reviewer")

    tool = serializers.CharField(source="tool.slug")
    reviewer = serializers.CharField(source="reviewer.slug")
    number = serializers.IntegerField(help_text="Which revision this is, from 1.")
    state = serializers.ChoiceField(Verdict.State.choices)
    decision = serializers.ChoiceField(Decision.choices)
    reason = serializers.CharField(help_text="Markdown.")
    evidence = serializers.ChoiceField(Evidence.choices)
    tool_version = serializers.CharField()
    tested_on = serializers.DateField()
    editor = serializers.CharField(source="editor_name")
    revision_note = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)
    withdrawal_reason = serializers.CharField()
    updated_at = serializers.DateTimeField()
    version = serializers.SerializerMethodField(help_text="Send it along with a change.")
    page_url = PageLink()

    def get_version(self, verdict: Verdict) -> str:
        return version_of(verdict)


def version_of(verdict: Verdict) -> str:
    return f"{verdict.number}.{verdict.edits}"


class VerdictBody(Body):
    """A verdict to be written. The caller answers for it."""

    version = VersionField(
        allow_null=True,
        help_text="The `version` of the draft or published verdict that you read; null where there is none.",
    )
    decision = serializers.ChoiceField(Decision.choices)
    reason = TextField(max_length=6_000, help_text="Markdown. Why, in 60 to 120 words.")
    evidence = serializers.ChoiceField(Evidence.choices)
    tested_on = DayField()
    tool_version = LineField(max_length=60, required=False, allow_blank=True, default="")
    revision_note = LineField(max_length=200, required=False, allow_blank=True, default="", help_text="What changed.")


class PublicationBody(Body):
    """Which draft is to be published."""

    version = VersionField(help_text="The `version` of the draft.")


class WithdrawalBody(Body):
    """What is to be taken back, and why."""

    version = VersionField(help_text="The `version` of what is published.")
    reason = LineField(max_length=300, help_text="Readers will see it.")


class StaffVerdictQuery(Query):
    fields = NamesField(fields_of(StaffVerdictRepresentation), required=False, help_text="Only these, by commas.")


class StaffVerdictsQuery(PageQuery):
    tool = SlugField(required=False)
    reviewer = SlugField(required=False)
    state = serializers.ChoiceField(Verdict.State.choices, required=False)
    updated_since = serializers.DateTimeField(required=False)
    fields = NamesField(fields_of(StaffVerdictRepresentation), required=False, help_text="Only these, by commas.")


class StaffVerdictsView(OfStaff, ListView):
    """Every revision of every verdict, drafts too, the one saved last first."""

    name = "staff_verdicts_list"
    representation = StaffVerdictRepresentation
    query_class = StaffVerdictsQuery
    needs: ClassVar[dict[str, Any]] = {"GET": VIEW, "HEAD": VIEW}

    def rows(self) -> QuerySet[Verdict]:
        columns = {
            "tool": "tool__slug",
            "reviewer": "reviewer__slug",
            "state": "state",
            "updated_since": "updated_at__gte",
        }
        wanted = {column: self.asked[name] for name, column in columns.items() if name in self.asked}
        found = Verdict.objects.select_related("tool", "reviewer", "editor").filter(**wanted)
        return found.order_by("-updated_at", "-pk")


class OfOneSeat(OfStaff, DetailView):
    """One persona's verdict on one tool."""

    representation = StaffVerdictRepresentation

    def seat(self) -> tuple[Tool, Reviewer]:
        """Return the tool, locked, and the persona. Raises Http404 for either."""
        tool = get_object_or_404(Tool.objects.select_for_update(), slug=self.kwargs["tool"])
        return tool, get_object_or_404(Reviewer.objects.active(), slug=self.kwargs["reviewer"])

    def row(self, *states: str) -> Verdict | None:
        """Return the row in the first of some states that has one."""
        rows = Verdict.objects.select_related("tool", "reviewer", "editor").filter(
            tool__slug=self.kwargs["tool"], reviewer__slug=self.kwargs["reviewer"], state__in=states
        )
        return min(rows, key=lambda row: (ORDER.get(Verdict.State(row.state), 2), -row.number), default=None)

    def row_of(self, version: str, *states: str) -> Verdict:
        row = self.row(*states)
        if row is None:
            raise Http404
        check_version(version, version_of(row))
        return row


class StaffVerdictView(OfOneSeat):
    """The draft, else what is published, else what was withdrawn last."""

    name: Any = {"GET": "staff_verdicts_read", "PUT": "staff_verdicts_write"}
    query_class = StaffVerdictQuery
    bodies: ClassVar[dict[str, type[Body]]] = {"PUT": VerdictBody}
    answers: ClassVar[dict[str, Any]] = {"PUT": {"200": StaffVerdictRepresentation}}
    needs: ClassVar[dict[str, Any]] = {
        "GET": VIEW,
        "HEAD": VIEW,
        "PUT": [["verdicts.add_verdict", "verdicts.change_verdict"]],
    }

    def found(self) -> Verdict:
        row = self.row("draft", "published", "withdrawn")
        if row is None:
            raise Http404
        return row

    def put(self, request: Request, tool: str, reviewer: str) -> Response:
        """Write the draft. Where something is published, the draft is a new revision of it, and the old text is kept."""
        content = self.sent()
        seen = content.pop("version")
        with writing():
            judged, persona = self.seat()
            current = self.row("draft", "published")
            check_version(seen, version_of(current) if current else None)
            said = {name: getattr(current, name, None) for name in content}
            if current and current.is_published and said | {"revision_note": ""} == content:
                return Response(self.represented(current))
            draft = self._written(current, judged, persona, content | {"editor": request.user})
            self.log(draft, "Written.", is_new=current is None)
        return Response(self.represented(draft))

    def _written(self, current: Verdict | None, tool: Tool, persona: Reviewer, content: dict[str, Any]) -> Verdict:
        if current is None:
            draft = Verdict(tool=tool, reviewer=persona, **content)
            draft.number = draft.next_number()
            draft.full_clean()
            draft.save()
            return draft
        try:
            return current.revise(seen_edits=current.edits, **content)
        except EditConflict as error:
            raise Conflict from error


class PublicationView(OfOneSeat):
    """What readers read."""

    name: Any = {"PUT": "staff_verdicts_publish"}
    http_method_names = ("put", "options")
    bodies: ClassVar[dict[str, type[Body]]] = {"PUT": PublicationBody}
    answers: ClassVar[dict[str, Any]] = {"PUT": {"200": StaffVerdictRepresentation}}
    needs: ClassVar[dict[str, Any]] = {"PUT": [["verdicts.publish_verdict"]]}

    def put(self, request: Request, tool: str, reviewer: str) -> Response:
        """Publish the draft. What it replaces is kept as superseded; a revision has to say what changed."""
        version = self.sent()["version"]
        with writing():
            self.seat()
            row = self.row_of(version, "draft", "published")
            if not row.is_published:
                row.publish()
                self.log(row, "Published.")
        return Response(self.represented(row))


class WithdrawalView(OfOneSeat):
    """What was taken back."""

    name: Any = {"PUT": "staff_verdicts_withdraw"}
    http_method_names = ("put", "options")
    bodies: ClassVar[dict[str, type[Body]]] = {"PUT": WithdrawalBody}
    answers: ClassVar[dict[str, Any]] = {"PUT": {"200": StaffVerdictRepresentation}}
    needs: ClassVar[dict[str, Any]] = {"PUT": [["verdicts.withdraw_verdict"]]}

    def put(self, request: Request, tool: str, reviewer: str) -> Response:
        """Take back what is published. It stays listed, with the reason."""
        sent = self.sent()
        with writing():
            self.seat()
            row = self.row_of(sent["version"], "published")
            row.withdraw(by=request.user, reason=sent["reason"])
            self.log(row, f"Withdrawn. {sent['reason']}")
        return Response(self.represented(row))
