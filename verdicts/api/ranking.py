"""Rankings of the panel and of readers, overall and by category, and what they leave out."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework import serializers

from tools.api.catalogue import PageLink
from tools.api.params import NamesField, Query, fields_of
from tools.api.views import DetailView, Representation
from tools.models import Category
from verdicts import comparing, rankings
from verdicts.api.scores import CommunityRepresentation, PanelRepresentation


class RankedRepresentation(Representation):
    """A tool with both its figures."""

    ALWAYS = ()

    tool = serializers.CharField(source="slug")
    name = serializers.CharField()
    category = serializers.CharField(source="category.slug")
    panel = PanelRepresentation()
    community = CommunityRepresentation()
    page_url = PageLink()


class PlaceRepresentation(Representation):
    """A place. Whoever cannot be told apart shares a rank."""

    ALWAYS = ()

    rank = serializers.IntegerField()
    is_shared = serializers.BooleanField()
    tool = RankedRepresentation()


class RankingRepresentation(Representation):
    """The first places, how many tools are ranked, and how many have too few verdicts or votes for a rank."""

    ALWAYS = ()

    ranked = serializers.IntegerField()
    hidden = serializers.IntegerField()
    places = PlaceRepresentation(many=True)


class CloseCallRepresentation(Representation):
    """Two tools of one category that are too close to call among readers."""

    ALWAYS = ()

    comparison = serializers.CharField(help_text="The slug of the comparison.")
    title = serializers.CharField()
    headline = serializers.CharField()
    lead = serializers.CharField(help_text="Who leads among readers, in words; empty while nobody has voted.")


class RankingsRepresentation(Representation):
    """The panel and the readers, ranked apart."""

    ALWAYS = ()

    category = serializers.CharField(allow_null=True, help_text="Null: all categories.")
    total = serializers.IntegerField(help_text="How many tools are on offer.")
    panel = RankingRepresentation(source="panel_ranking")
    readers = RankingRepresentation(source="reader_ranking")
    divided = RankedRepresentation(many=True, help_text="Tools that split the panel in halves.")
    gaps = RankedRepresentation(many=True, help_text="Tools on which panel and readers differ most.")
    close_calls = CloseCallRepresentation(many=True)
    page_url = serializers.CharField()


class RankingsQuery(Query):
    fields = NamesField(fields_of(RankingsRepresentation), required=False, help_text="Only these, by commas.")


class RankingsView(DetailView):
    """The rankings of the whole site."""

    name, tag = "rankings_read", "rankings"
    representation = RankingsRepresentation
    query_class = RankingsQuery
    shelf: Category | None = None

    def found(self) -> dict[str, Any]:
        path = reverse("category_rankings", args=[self.shelf.slug]) if self.shelf else reverse("rankings")
        ranked = rankings.ranked(self.shelf)
        return ranked | {
            "category": self.shelf.slug if self.shelf else None,
            "close_calls": close_calls(ranked["close_calls"]),
            "page_url": settings.SITE_URL + path,
        }


class CategoryRankingsView(RankingsView):
    """The rankings of one category."""

    name = "rankings_category"

    def found(self) -> dict[str, Any]:
        self.shelf = get_object_or_404(Category, slug=self.kwargs["slug"])
        return super().found()


def close_calls(pairs: list[comparing.Pair]) -> list[dict[str, str]]:
    """Return the pairs that readers leave open, as the page of rankings lists them."""
    return [
        {
            "comparison": comparing.SEPARATOR.join(tool.slug for tool in pair.tools),
            "title": pair.title,
            "headline": pair.headline,
            "lead": comparing.lead_in_words(pair.tools),  # type: ignore[arg-type]
        }
        for pair in pairs
    ]
