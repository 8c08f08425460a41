"""Past issues of the weekly mail, as they went out."""

from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.shortcuts import get_object_or_404
from rest_framework import serializers

from newsletter.archive import withdrawn_since
from newsletter.freezing import blocks_of
from newsletter.models import Issue, IssueItem
from tools.api.catalogue import PageLink
from tools.api.params import NamesField, PageQuery, Query, fields_of
from tools.api.state import Validators, validators
from tools.api.views import DetailView, ListView, Representation
from verdicts.models import Decision

GONE = [("superseded", "Superseded"), ("withdrawn", "Withdrawn")]
COLUMNS = ("slug", "number", "day", "subject", "preheader", "sends_at")


class IssueRepresentation(Representation):
    """One week's mail."""

    slug = serializers.CharField()
    number = serializers.IntegerField()
    day = serializers.DateField(help_text="The day on which it arrives.")
    subject = serializers.CharField()
    preheader = serializers.CharField()
    sends_at = serializers.DateTimeField()
    page_url = PageLink()


class QuotedRepresentation(Representation):
    """What a persona said, as the mail quoted it."""

    ALWAYS = ()

    reviewer = serializers.CharField(help_text="The persona's name.")
    decision = serializers.ChoiceField(Decision.choices)
    before = serializers.CharField(help_text="What it had said before; empty where nothing.")
    excerpt = serializers.CharField()
    note = serializers.CharField(help_text="What changed.")
    evidence = serializers.CharField()
    page_url = serializers.CharField()


class BlockRepresentation(Representation):
    """One tool or one pair of the mail, with the figures of the day it was made."""

    ALWAYS = ()

    kind = serializers.ChoiceField(IssueItem.Kind.choices)
    title = serializers.CharField()
    words = serializers.CharField(help_text="The result in one sentence.")
    panel = serializers.CharField(allow_null=True, help_text="The panel in words; null for a pair.")
    community = serializers.CharField(allow_null=True, help_text="The readers in words; null for a pair.")
    verdicts = QuotedRepresentation(many=True)
    page_url = serializers.CharField()


class ChangedSinceRepresentation(Representation):
    """A verdict of the mail that no longer stands."""

    ALWAYS = ()

    tool = serializers.CharField(source="tool.slug")
    reviewer = serializers.CharField(source="reviewer.slug")
    state = serializers.ChoiceField(GONE)
    withdrawal_reason = serializers.CharField()


class WholeIssueRepresentation(IssueRepresentation):
    """One week's mail with what was in it."""

    intro = serializers.CharField(help_text="Markdown.")
    intro_html = serializers.CharField()
    blocks = BlockRepresentation(many=True)
    changed_since = ChangedSinceRepresentation(many=True)


class IssuesQuery(PageQuery):
    fields = NamesField(fields_of(IssueRepresentation), required=False, help_text="Only these, by commas.")


class IssueQuery(Query):
    fields = NamesField(fields_of(WholeIssueRepresentation), required=False, help_text="Only these, by commas.")


class OfTheArchive:
    """What has gone out does not change; which issues have, leaves no touch."""

    request: Any

    def validators(self) -> Validators:
        sums = Issue.objects.archived().order_by().aggregate(total=Sum("pk"), last=Max("day"))
        return validators(self.request.get_full_path(), also=f"{sums['total']} {sums['last']}")


class IssuesView(OfTheArchive, ListView):
    """Every issue that has gone out, the newest first."""

    name, tag = "issues_list", "issues"
    representation = IssueRepresentation
    query_class = IssuesQuery

    def rows(self) -> QuerySet[Issue]:
        return Issue.objects.archived().only(*COLUMNS).order_by("-day", "-pk")


class IssueView(OfTheArchive, DetailView):
    """One issue, as it went out, and what has been taken back since."""

    name, tag = "issues_read", "issues"
    representation = WholeIssueRepresentation
    query_class = IssueQuery

    def found(self) -> Issue:
        issue: Any = get_object_or_404(Issue.objects.archived(), slug=self.kwargs["slug"])
        issue.blocks = [_block(block) for block in blocks_of(issue)]
        issue.changed_since = [verdict for verdict in withdrawn_since(issue) if verdict.tool.is_public]
        return issue


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block without the keys that it has in the database."""
    if tool := block.get("tool"):
        said = [verdict | {"page_url": settings.SITE_URL + verdict["path"]} for verdict in block["verdicts"]]
        figures = {"panel": tool["panel_words"], "community": tool["community_words"], "verdicts": said}
        words = {"title": tool["name"], "words": tool["tagline"], "page_url": settings.SITE_URL + tool["path"]}
        return {"kind": block["kind"], **words, **figures}
    words = {"title": block["title"], "words": block["standfirst"], "page_url": settings.SITE_URL + block["path"]}
    return {"kind": block["kind"], **words, "panel": None, "community": None, "verdicts": []}
