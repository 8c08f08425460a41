"""Categories and the plain parts of a tool: facts and prices, each with how it was checked."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers

from tools.api.params import NamesField, PageQuery, Query, fields_of
from tools.api.views import DetailView, ListView, Representation
from tools.models import Category, Check, Fact, Price


class PageLink(serializers.CharField):
    """The page of a row on the site, as an absolute address."""

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {
            "source": "get_absolute_url",
            "read_only": True,
            "help_text": "The page for people.",
        }
        super().__init__(**usual | kwargs)

    def to_representation(self, value: Any) -> str:
        return settings.SITE_URL + value


class CheckedRepresentation(Representation):
    """How we know: by whom or what it was checked, when, and where it can be read."""

    check_method = serializers.ChoiceField(Check.choices)
    is_verified = serializers.BooleanField(help_text="Whether a person has read the source.")
    checked_on = serializers.DateField(allow_null=True)
    source_url = serializers.CharField(help_text="Where it can be read; empty where nobody has said.")


class FactRepresentation(CheckedRepresentation):
    """One answer about a tool. Unknown is never no."""

    ALWAYS = ("kind",)

    kind = serializers.CharField(source="kind.slug")
    label = serializers.CharField(source="kind.label")
    answer = serializers.ChoiceField(Fact.Answer.choices)
    text = serializers.CharField(help_text="The answer itself, or a note beside yes, no or partial.")
    words = serializers.CharField(help_text="The answer as the site prints it.")


class PriceRepresentation(CheckedRepresentation):
    """What one plan costs from a day on."""

    ALWAYS = ("plan",)

    plan = serializers.CharField()
    amount = serializers.DecimalField(max_digits=12, decimal_places=4, allow_null=True)
    currency = serializers.CharField()
    unit = serializers.CharField()
    period = serializers.ChoiceField(Price.Period.choices)
    starts_on = serializers.DateField()
    words = serializers.CharField(help_text="The price as the site prints it.")


class CategoryRepresentation(Representation):
    """A shelf of the catalogue."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    tool_count = serializers.IntegerField(help_text="How many tools readers find there.")
    page_url = PageLink()


class CategoryQuery(Query):
    fields = NamesField(fields_of(CategoryRepresentation), required=False, help_text="Only these, by commas.")


class CategoriesQuery(PageQuery):
    fields = NamesField(fields_of(CategoryRepresentation), required=False, help_text="Only these, by commas.")


def categories() -> QuerySet[Category]:
    return Category.objects.annotate(tool_count=Count("tools", filter=~Q(tools__state="draft")))


class CategoriesView(ListView):
    """The shelves of the catalogue, in the order of their slugs."""

    name, tag = "categories_list", "categories"
    representation = CategoryRepresentation
    query_class = CategoriesQuery

    def rows(self) -> QuerySet[Category]:
        return categories().order_by("slug", "pk")


class CategoryView(DetailView):
    """One shelf."""

    name, tag = "categories_read", "categories"
    representation = CategoryRepresentation
    query_class = CategoryQuery

    def found(self) -> Category:
        return get_object_or_404(categories(), slug=self.kwargs["slug"])
