"""The receipt of a tool's figures: what they were made from, and by which rules."""

from typing import Any

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from rest_framework import serializers

from tools.api.params import NamesField, Query, fields_of
from tools.api.views import DetailView, Representation
from tools.models import Tool
from verdicts import queries
from verdicts.api.scores import KINDS
from verdicts.receipts import newest_input, receipt


class PanelReceiptRepresentation(Representation):
    """The panel's figure and its inputs."""

    ALWAYS = ()

    ships = serializers.IntegerField()
    total = serializers.IntegerField()
    quorum = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True)
    words = serializers.CharField()
    figure = serializers.CharField()


class IntervalRepresentation(Representation):
    """Between two shares from 0 to 1."""

    ALWAYS = ()

    low = serializers.FloatField()
    high = serializers.FloatField()


class CommunityReceiptRepresentation(Representation):
    """The readers' figure and its inputs."""

    ALWAYS = ()

    ships = serializers.IntegerField()
    skips = serializers.IntegerField()
    n = serializers.IntegerField()
    state = serializers.ChoiceField(KINDS)
    percent = serializers.IntegerField(allow_null=True)
    interval = IntervalRepresentation(allow_null=True)
    interval_percent = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    words = serializers.CharField()
    figure = serializers.CharField()


class RulesRepresentation(Representation):
    """What the figures are made by."""

    ALWAYS = ()

    interval = serializers.CharField()
    percent_from_votes = serializers.IntegerField()
    lead = serializers.CharField()
    stale_after_days = serializers.IntegerField()


class ReceiptRepresentation(Representation):
    """Every figure of a tool with its inputs."""

    ALWAYS = ("tool",)

    tool = serializers.CharField()
    methodology = serializers.CharField(help_text="The edition of the method.")
    computed_at = serializers.CharField(allow_null=True, help_text="The moment of the newest input.")
    panel = PanelReceiptRepresentation()
    community = CommunityReceiptRepresentation()
    rules = RulesRepresentation()


class ReceiptQuery(Query):
    fields = NamesField(fields_of(ReceiptRepresentation), required=False, help_text="Only these, by commas.")


class ReceiptView(DetailView):
    """The receipt of one tool's figures."""

    name, tag = "tools_score", "tools"
    representation = ReceiptRepresentation
    query_class = ReceiptQuery

    def slugs_shown(self) -> list[str]:
        return [self.kwargs["slug"]]

    def found(self) -> Any:
        tool = queries.with_figures(Tool.objects.public().named(self.kwargs["slug"])).first()
        if tool is None:
            raise Http404
        if tool.slug != self.kwargs["slug"]:
            return redirect(reverse("api_score", args=[tool.slug]), permanent=True)
        [scored] = queries.scored([tool])
        return receipt(scored, newest_input(tool))
