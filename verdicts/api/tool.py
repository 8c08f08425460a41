"""Tools, with what the panel and readers say of them."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from rest_framework import serializers

from tools.api.catalogue import CheckedRepresentation, FactRepresentation, PageLink, PriceRepresentation
from tools.api.params import NamesField, PageQuery, Query, SlugField, fields_of
from tools.api.views import DetailView, ListView
from tools.models import Entry, Tool
from verdicts import details, queries
from verdicts.api.scores import CommunityRepresentation, PanelRepresentation
from verdicts.api.verdict import VerdictRepresentation
from verdicts.models import Verdict

ORDERS = {"slug": ("slug", "pk"), "-slug": ("-slug", "-pk"),
          "published_at": ("published_at", "pk"), "-published_at": ("-published_at", "-pk"),
          "updated_at": ("updated_at", "pk"), "-updated_at": ("-updated_at", "-pk")}  # fmt: skip
COLUMNS = [
    "name", "slug", "tagline", "vendor", "homepage", "repository", "documentation", "licence", "entry", "state",
    "latest_version", "released_on", "logo", "published_at", "updated_at", "discontinued_on", "check_method",
    "checked_on", "source_url", "category__slug", "category__name", "successor__slug", "successor__state",
]  # fmt: skip
STATES = [("published", "On offer"), ("discontinued", "Discontinued")]


class ToolRepresentation(CheckedRepresentation):
    """A product that a developer might ship with. `check_method` speaks for the columns here; facts and prices carry their own."""

    ALWAYS = ("slug",)
    EXPANDABLE = ("description", "description_html", "facts", "prices", "verdicts")

    slug = serializers.CharField()
    name = serializers.CharField()
    tagline = serializers.CharField()
    category = serializers.CharField(source="category.slug")
    vendor = serializers.CharField()
    homepage = serializers.CharField()
    repository = serializers.CharField()
    documentation = serializers.CharField()
    licence = serializers.CharField(help_text="An SPDX identifier where there is one.")
    entry = serializers.ChoiceField(
        Entry.choices, allow_blank=True, help_text="What it costs to start; empty: not checked."
    )
    entry_label = serializers.CharField()
    latest_version = serializers.CharField()
    released_on = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(STATES)
    discontinued_on = serializers.DateField(allow_null=True)
    successor = serializers.SerializerMethodField(help_text="The slug of what to use instead.")
    panel = PanelRepresentation()
    community = CommunityRepresentation()
    published_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    page_url = PageLink()
    description = serializers.CharField(required=False, help_text="Markdown.")
    description_html = serializers.CharField(required=False)
    facts = FactRepresentation(many=True, required=False, source="shown_facts")
    prices = PriceRepresentation(many=True, required=False, source="shown_prices", help_text="On offer today.")
    verdicts = VerdictRepresentation(many=True, required=False, source="shown_verdicts")

    def get_successor(self, tool: Tool) -> str | None:
        return tool.successor.slug if tool.successor and tool.successor.is_public else None


class ToolQuery(Query):
    fields = NamesField(fields_of(ToolRepresentation), required=False, help_text="Only these, by commas.")
    expand = NamesField(ToolRepresentation.EXPANDABLE, required=False, help_text="Parts to add, by commas: `verdicts`.")


class ToolsQuery(PageQuery):
    category = SlugField(required=False)
    entry = serializers.ChoiceField(Entry.choices, required=False)
    state = serializers.ChoiceField(STATES, required=False)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Its columns, facts or prices changed since then."
    )
    ordering = serializers.ChoiceField(list(ORDERS), required=False)
    fields = NamesField(fields_of(ToolRepresentation), required=False, help_text="Only these, by commas.")
    expand = NamesField(
        ToolRepresentation.EXPANDABLE,
        required=False,
        help_text="Parts to add, by commas: description, description_html, facts, prices, verdicts.",
    )


class ShowsTools:
    """What the list and the single tool load alike."""

    wants: Any

    def tools(self) -> QuerySet[Tool]:
        """Public tools with their figures, and the columns of the answer."""
        is_described = self.wants("description") or self.wants("description_html")
        columns = [*COLUMNS, "description"] if is_described else COLUMNS
        tools = queries.with_figures(Tool.objects.public()).select_related("category", "successor").only(*columns)
        if self.wants("verdicts"):
            said = Verdict.objects.published().select_related("reviewer", "editor").order_by("reviewer__position", "pk")
            tools = tools.prefetch_related(Prefetch("verdicts", said, to_attr="shown_verdicts"))
        return tools

    def complete(self, tools: list[Any]) -> list[Any]:
        """Add the figures, and the parts that were asked for, in a query each."""
        queries.scored(tools)
        if self.wants("facts"):
            facts = details.facts_of(tools)
            for tool in tools:
                tool.shown_facts = [fact for fact in facts if fact.tool_id == tool.pk]
        if self.wants("prices"):
            prices = details.current_prices(tools)
            for tool in tools:
                tool.shown_prices = prices.get(tool.pk, [])
        return tools


class ToolsView(ShowsTools, ListView):
    """The catalogue. Parts that would otherwise need a request each come with `expand`."""

    name, tag = "tools_list", "tools"
    representation = ToolRepresentation
    query_class = ToolsQuery

    def rows(self) -> QuerySet[Tool]:
        columns = {"category": "category__slug", "entry": "entry", "state": "state", "updated_since": "updated_at__gte"}
        wanted = {column: self.asked[name] for name, column in columns.items() if name in self.asked}
        return self.tools().filter(**wanted).order_by(*ORDERS[self.asked.get("ordering", "slug")])

    def prepared(self, page: list[Any]) -> list[Any]:
        return self.complete(page)


class ToolView(ShowsTools, DetailView):
    """One tool with its description, facts and prices. A former address leads to the present one."""

    name, tag = "tools_read", "tools"
    representation = ToolRepresentation
    query_class = ToolQuery
    whole = ("description", "description_html", "facts", "prices")

    def slugs_shown(self) -> list[str]:
        return [self.kwargs["slug"]]

    def found(self) -> Tool | HttpResponse:
        tool = self.tools().filter(slug=self.kwargs["slug"]).first()
        if tool is not None:
            return self.complete([tool])[0]
        moved = Tool.objects.public().filter(former_slugs__slug=self.kwargs["slug"]).only("slug").first()
        if moved is None:
            raise Http404
        return redirect(reverse("api_tool", args=[moved.slug]), permanent=True)
