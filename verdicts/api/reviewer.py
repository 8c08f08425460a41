"""The personas of the panel, with their base rates."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers

from tools.api.catalogue import PageLink
from tools.api.params import NamesField, PageQuery, Query, fields_of
from tools.api.views import DetailView, ListView, Representation
from verdicts import queries
from verdicts.models import Reviewer


class ReviewerRepresentation(Representation):
    """An editorial lens, not a person: what it asks, who answers for it, and how often it says ship."""

    slug = serializers.CharField()
    name = serializers.CharField()
    lens = serializers.CharField()
    weighs = serializers.CharField(help_text="Markdown.")
    disclosure = serializers.CharField(help_text="Markdown: who answers for the texts, and whether a machine helped.")
    is_active = serializers.BooleanField(help_text="Whether it is on the panel today.")
    verdict_count = serializers.IntegerField()
    ship_count = serializers.IntegerField()
    skip_count = serializers.IntegerField()
    flip_count = serializers.IntegerField(help_text="How often it has changed its mind in public.")
    ship_percent = serializers.IntegerField(allow_null=True)
    flip_percent = serializers.IntegerField(allow_null=True)
    page_url = PageLink()


class ReviewerQuery(Query):
    fields = NamesField(fields_of(ReviewerRepresentation), required=False, help_text="Only these, by commas.")


class ReviewersQuery(PageQuery):
    is_active = serializers.BooleanField(required=False, default=None, allow_null=True, help_text="On the panel today.")
    fields = NamesField(fields_of(ReviewerRepresentation), required=False, help_text="Only these, by commas.")


class ReviewersView(ListView):
    """The panel, past and present."""

    name, tag = "reviewers_list", "reviewers"
    representation = ReviewerRepresentation
    query_class = ReviewersQuery

    def rows(self) -> QuerySet[Reviewer]:
        wanted = self.asked.get("is_active")
        found = Reviewer.objects.all() if wanted is None else Reviewer.objects.filter(is_active=wanted)
        return found.order_by("slug", "pk")

    def prepared(self, page: list[Any]) -> list[Any]:
        known = {row.pk: row for row in queries.with_record(Reviewer.objects.filter(pk__in=[row.pk for row in page]))}
        return [known[row.pk] for row in page]


class ReviewerView(DetailView):
    """One persona."""

    name, tag = "reviewers_read", "reviewers"
    representation = ReviewerRepresentation
    query_class = ReviewerQuery

    def found(self) -> Reviewer:
        found = queries.with_record(Reviewer.objects.filter(slug=self.kwargs["slug"]))
        if not found:
            raise Http404
        return found[0]
