"""Filters for what needs work."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from verdicts.admin import work
from verdicts.models import Reviewer


class WorkFilter(admin.SimpleListFilter):
    """A filter made of querysets by name. An unknown name filters nothing."""

    CHOICES: dict[str, tuple[str, Callable[[QuerySet], QuerySet]]] = {}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _) in self.CHOICES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return self.CHOICES[self.value()][1](queryset) if self.value() in self.CHOICES else queryset


class PanelFilter(WorkFilter):
    title = "panel"
    parameter_name = "panel"
    CHOICES = {
        "none": ("No verdicts", work.unjudged),
        "incomplete": ("Incomplete, though published", work.incomplete),
        "stale": ("With stale verdicts", work.with_stale_verdicts),
    }


class MissingPersona(admin.SimpleListFilter):
    title = "missing persona"
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return list(Reviewer.objects.active().values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value() or "\x00" in self.value():
            return queryset
        reviewer = Reviewer.objects.filter(slug=self.value()).first()
        return work.missing(queryset, reviewer) if reviewer else queryset


class Voted(WorkFilter):
    title = "votes"
    parameter_name = "votes"
    CHOICES = {"week": ("Voted on this week", work.voted_on_this_week)}


class Staleness(WorkFilter):
    title = "staleness"
    parameter_name = "stale"
    CHOICES = {"yes": ("Stale", work.stale)}


class ThisWeek(WorkFilter):
    title = "this week"
    parameter_name = "week"
    CHOICES = {
        "published": ("Published", work.published_this_week),
        "flipped": ("Flipped", work.flipped_this_week),
        "withdrawn": ("Withdrawn", work.withdrawn_this_week),
    }
