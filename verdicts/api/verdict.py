"""Verdicts and their revisions."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from rest_framework import serializers

from tools.api.catalogue import PageLink
from tools.api.params import NamesField, PageQuery, Query, SlugField, fields_of
from tools.api.views import DetailView, ListView, Representation
from tools.models import State, Tool
from verdicts.models import Decision, Evidence, Verdict

ORDERS = {"-published_at": ("-published_at", "-pk"), "published_at": ("published_at", "pk"),
          "-updated_at": ("-updated_at", "-pk"), "updated_at": ("updated_at", "pk")}  # fmt: skip
PAST = [("published", "Published"), ("superseded", "Superseded"), ("withdrawn", "Withdrawn")]


class VerdictRepresentation(Representation):
    """One persona's ship or skip on one tool, with the reason and the evidence. A persona is a lens, not a person."""

    ALWAYS = ("tool", "reviewer")

    tool = serializers.CharField(source="tool.slug")
    reviewer = serializers.CharField(source="reviewer.slug")
    tool_name = serializers.CharField(source="tool.name")
    reviewer_name = serializers.CharField(source="reviewer.name")
    number = serializers.IntegerField(help_text="Which revision this is, from 1.")
    decision = serializers.ChoiceField(Decision.choices)
    reason = serializers.CharField(help_text="Markdown.")
    reason_html = serializers.CharField()
    evidence = serializers.ChoiceField(Evidence.choices)
    tool_version = serializers.CharField(help_text="The version that was tested; empty where none was noted.")
    tested_on = serializers.DateField()
    staleness = serializers.CharField(help_text="Why the verdict is stale, in words; empty while it is fresh.")
    editor = serializers.CharField(source="editor_name", help_text="Who answers for it.")
    revision_note = serializers.CharField(help_text="What this revision changed.")
    published_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    page_url = PageLink()


class RevisionRepresentation(Representation):
    """One text that readers could read. The words of a verdict that was taken back are not repeated."""

    ALWAYS = ("number",)

    number = serializers.IntegerField()
    state = serializers.ChoiceField(PAST)
    decision = serializers.ChoiceField(Decision.choices)
    reason = serializers.SerializerMethodField(help_text="Markdown; empty where the verdict was withdrawn.")
    evidence = serializers.ChoiceField(Evidence.choices)
    tool_version = serializers.CharField()
    tested_on = serializers.DateField()
    editor = serializers.CharField(source="editor_name")
    revision_note = serializers.CharField()
    published_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True, help_text="When it was superseded or withdrawn.")
    withdrawal_reason = serializers.CharField()

    def get_reason(self, verdict: Verdict) -> str:
        return "" if verdict.state == Verdict.State.WITHDRAWN else verdict.reason


class VerdictQuery(Query):
    fields = NamesField(fields_of(VerdictRepresentation), required=False, help_text="Only these, by commas.")


class VerdictsQuery(PageQuery):
    tool = SlugField(required=False)
    reviewer = SlugField(required=False)
    category = SlugField(required=False)
    decision = serializers.ChoiceField(Decision.choices, required=False)
    evidence = serializers.ChoiceField(Evidence.choices, required=False)
    updated_since = serializers.DateTimeField(required=False, help_text="Published, revised or touched since then.")
    ordering = serializers.ChoiceField(list(ORDERS), required=False)
    fields = NamesField(fields_of(VerdictRepresentation), required=False, help_text="Only these, by commas.")


def readable(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Verdicts on tools that readers may see, with what a representation prints and no more."""
    columns = (
        "number", "decision", "reason", "evidence", "tool_version", "tested_on", "revision_note", "state",
        "published_at", "retired_at", "withdrawal_reason", "updated_at",
        "tool__slug", "tool__name", "tool__latest_version", "reviewer__slug", "reviewer__name", "editor__name",
    )  # fmt: skip
    return (
        verdicts.exclude(tool__state=State.DRAFT).select_related("tool", "reviewer", "editor").only(*columns).order_by()
    )


class VerdictsView(ListView):
    """What the panel says now, the newest first."""

    name, tag = "verdicts_list", "verdicts"
    representation = VerdictRepresentation
    query_class = VerdictsQuery

    def rows(self) -> QuerySet[Verdict]:
        columns = {"tool": "tool__slug", "reviewer": "reviewer__slug", "category": "tool__category__slug",
                   "decision": "decision", "evidence": "evidence", "updated_since": "updated_at__gte"}  # fmt: skip
        wanted = {column: self.asked[name] for name, column in columns.items() if name in self.asked}
        verdicts = readable(Verdict.objects.published()).filter(**wanted)
        return verdicts.order_by(*ORDERS[self.asked.get("ordering", "-published_at")])


class OfOneVerdict:
    """Addresses below /verdicts/<tool>/<reviewer>/. A former address of the tool leads to the present one."""

    kwargs: dict[str, Any]
    url_name = ""

    def slugs_shown(self) -> list[str]:
        return [self.kwargs["tool"]]

    def moved(self) -> HttpResponse:
        """Return a redirect to where this is now. Raises Http404 where it is nowhere."""
        tool = Tool.objects.public().filter(former_slugs__slug=self.kwargs["tool"]).only("slug").first()
        if tool is None:
            raise Http404
        return redirect(reverse(self.url_name, args=[tool.slug, self.kwargs["reviewer"]]), permanent=True)


class VerdictView(OfOneVerdict, DetailView):
    """What one persona says of one tool now."""

    name, tag, url_name = "verdicts_read", "verdicts", "api_verdict"
    representation = VerdictRepresentation
    query_class = VerdictQuery

    def found(self) -> Verdict | HttpResponse:
        verdicts = readable(Verdict.objects.published())
        address = {"tool__slug": self.kwargs["tool"], "reviewer__slug": self.kwargs["reviewer"]}
        return verdicts.filter(**address).first() or self.moved()


class RevisionsQuery(PageQuery):
    fields = NamesField(fields_of(RevisionRepresentation), required=False, help_text="Only these, by commas.")


class RevisionsView(OfOneVerdict, ListView):
    """Every text that one persona has published on one tool, the newest first, the withdrawn ones with the reason why."""

    name, tag, url_name = "verdicts_revisions", "verdicts", "api_revisions"
    representation = RevisionRepresentation
    query_class = RevisionsQuery

    def rows(self) -> QuerySet[Verdict]:
        address = {"tool__slug": self.kwargs["tool"], "reviewer__slug": self.kwargs["reviewer"]}
        return readable(Verdict.objects.ever_published()).filter(**address).order_by("-number", "-pk")

    def answer(self, request: Any) -> Any:
        if not self.rows().exists():
            return self.moved()
        return super().answer(request)
