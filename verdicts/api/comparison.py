"""Comparisons: two to four tools side by side, with every cell, as they are or as they stood on a day."""

import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from tools.api.catalogue import PageLink
from tools.api.params import DayField, NamesField, PageQuery, Query, SlugField, fields_of
from tools.api.views import DetailView, ListView, Representation
from verdicts import comparing
from verdicts.api.scores import CommunityRepresentation, PanelRepresentation
from verdicts.api.verdict import VerdictRepresentation
from verdicts.models import Comparison

CELLS = ["yes", "no", "partial", "unknown", "text"]


class ColumnRepresentation(Representation):
    """One of the tools, with its figures."""

    slug = serializers.CharField()
    name = serializers.CharField()
    tagline = serializers.CharField()
    category = serializers.CharField(source="category.slug")
    entry = serializers.CharField()
    entry_label = serializers.CharField()
    price = serializers.CharField(source="price.words", default=None, allow_null=True, help_text="The cheapest plan.")
    panel = PanelRepresentation()
    community = CommunityRepresentation()
    ship_if = serializers.CharField(allow_null=True, help_text="HTML; null where no editor has written about the pair.")
    page_url = PageLink()


class FactCellRepresentation(Representation):
    """One answer. Unknown is never no."""

    ALWAYS = ()

    kind = serializers.ChoiceField(CELLS)
    text = serializers.CharField()
    note = serializers.CharField()
    source_url = serializers.CharField()
    check_label = serializers.CharField()


class FactRowRepresentation(Representation):
    """One fact about each tool, in the order of `tools`."""

    ALWAYS = ()

    label = serializers.CharField()
    differs = serializers.BooleanField()
    cells = FactCellRepresentation(many=True)


class CellsField(serializers.ListField):
    """What one persona says of each tool, with a null for a tool that it has not judged."""

    child = VerdictRepresentation(allow_null=True)


class ScoreRowRepresentation(Representation):
    """What one persona says of each tool, in the order of `tools`; null where it has not judged."""

    ALWAYS = ()

    reviewer = serializers.CharField(source="reviewer.slug")
    name = serializers.CharField(source="reviewer.name")
    lens = serializers.CharField(source="reviewer.lens")
    cells = CellsField()


class DatedRepresentation(Representation):
    """One change of one of the tools."""

    ALWAYS = ()

    at = serializers.DateTimeField()
    tool = serializers.CharField(source="tool.slug")
    text = serializers.CharField()


class ComparisonRepresentation(Representation):
    """Everything the page of two to four tools prints."""

    slug = serializers.CharField()
    title = serializers.CharField()
    headline = serializers.CharField(help_text="An editor's; empty where none has written about the pair.")
    standfirst = serializers.CharField(help_text="The result in one sentence.")
    as_of = serializers.DateField(allow_null=True)
    lead = serializers.CharField(help_text="Who leads among readers, in words; empty while nobody has voted.")
    neither_if = serializers.CharField(allow_null=True, help_text="HTML: when to ship none of them.")
    tools = ColumnRepresentation(many=True)
    facts = FactRowRepresentation(many=True)
    scorecard = ScoreRowRepresentation(many=True)
    changes = DatedRepresentation(many=True)
    page_url = serializers.CharField()


class ComparisonQuery(Query):
    as_of = DayField(required=False, help_text="The comparison as it stood at the end of that day.")
    fields = NamesField(fields_of(ComparisonRepresentation), required=False, help_text="Only these, by commas.")


class ComparisonView(DetailView):
    """Two to four tools by their slugs, `a-vs-b`. Another order and former slugs lead to the one address there is."""

    name, tag = "comparisons_read", "comparisons"
    representation = ComparisonRepresentation
    query_class = ComparisonQuery

    def slugs_shown(self) -> list[str]:
        return self.kwargs["slug"].split(comparing.SEPARATOR)

    def found(self) -> Any:
        names = self.slugs_shown()
        try:
            if not 2 <= len(names) <= comparing.MOST:
                raise Http404
            tools = comparing.tools_named(names)
        except comparing.UnknownTools as error:
            raise Http404 from error
        if len(tools) == 1:
            return self._moved(reverse("api_tool", args=[tools[0].slug]), keep=False)
        slug = comparing.SEPARATOR.join(tool.slug for tool in tools)
        if slug != self.kwargs["slug"]:
            return self._moved(reverse("api_comparison", args=[slug]))
        day = self.asked.get("as_of")
        if day:
            self._check_day(day, tools)
        return _answer(slug, comparing.comparison_page(tools, as_of=day))

    def _moved(self, path: str, *, keep: bool = True) -> HttpResponse:
        asked = self.request.META.get("QUERY_STRING", "")
        return redirect(f"{path}?{asked}" if asked and keep else path, permanent=True)

    def _check_day(self, day: datetime.date, tools: list[Any]) -> None:
        is_before = any(tool.published_at is None or tool.published_at.date() > day for tool in tools)
        if is_before or day > timezone.localdate():
            raise Http404


def _answer(slug: str, page: comparing.ComparisonPage) -> dict[str, Any]:
    """Return the page under the names of the representation; a verdict's tool is at hand for its slug."""
    advice = {tool.pk: words for tool, words in page.advice}
    for tool in page.columns:
        tool.ship_if = advice.get(tool.pk)  # type: ignore[attr-defined]
    by_day = f"{page.canonical_url}as-of/{page.as_of:%Y-%m-%d}/" if page.as_of else page.canonical_url
    return {
        "slug": slug,
        "title": page.title,
        "headline": page.headline,
        "standfirst": page.standfirst,
        "as_of": page.as_of,
        "lead": page.lead,
        "neither_if": page.curated.neither_html if page.curated else None,
        "tools": page.columns,
        "facts": page.all_fact_rows,
        "scorecard": page.scorecard,
        "changes": page.changes,
        "page_url": by_day,
    }


class CuratedRepresentation(Representation):
    """A pair that an editor has written about."""

    slug = serializers.SerializerMethodField()
    tools = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    headline = serializers.CharField()
    standfirst = serializers.CharField()
    featured_on = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    page_url = PageLink()

    def get_slug(self, row: Comparison) -> str:
        return comparing.SEPARATOR.join(self.get_tools(row))

    def get_tools(self, row: Comparison) -> list[str]:
        return sorted([row.first.slug, row.second.slug])

    def get_title(self, row: Comparison) -> str:
        return comparing.pair_of(row.first, row.second).title


class ComparisonsQuery(PageQuery):
    tool = SlugField(required=False, help_text="Pairs with this tool.")
    updated_since = serializers.DateTimeField(required=False)
    fields = NamesField(fields_of(CuratedRepresentation), required=False, help_text="Only these, by commas.")


class ComparisonsView(ListView):
    """The pairs that an editor has written about, the newest first. Any two to four tools can be compared, listed or not."""

    name, tag = "comparisons_list", "comparisons"
    representation = CuratedRepresentation
    query_class = ComparisonsQuery

    def rows(self) -> QuerySet[Comparison]:
        rows = Comparison.objects.published().exclude(first__state="draft").exclude(second__state="draft")
        if tool := self.asked.get("tool"):
            rows = rows.filter(Q(first__slug=tool) | Q(second__slug=tool))
        if since := self.asked.get("updated_since"):
            rows = rows.filter(updated_at__gte=since)
        columns = ["headline", "standfirst", "featured_on", "published_at", "updated_at"]
        columns += [f"{side}__{name}" for side in ("first", "second") for name in ("slug", "name")]
        return rows.select_related("first", "second").only(*columns).order_by("-published_at", "-pk")
