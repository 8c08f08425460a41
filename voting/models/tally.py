"""What the votes add up to: derived from `Vote`, kept so that no page counts rows, repaired by `recount_votes`."""

import datetime
from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from tools.models import Tool

ALL_TIME = ("ships", "skips", "verified_ships", "verified_skips", "regulars")
OF_ERA = tuple(f"era_{name}" for name in ALL_TIME)
COUNTERS = (*ALL_TIME, *OF_ERA, "held", "discarded")


def _never_more(part: str, whole: str, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{part}__lte": F(whole)}), name=f"%(class)s_{name}")


class Counters(models.Model):
    """The counted votes of a tool, all of them and those of its current era, and how many are not counted."""

    ships = models.PositiveIntegerField(default=0)
    skips = models.PositiveIntegerField(default=0)
    verified_ships = models.PositiveIntegerField(default=0)
    verified_skips = models.PositiveIntegerField(default=0)
    regulars = models.PositiveIntegerField(default=0)
    era_ships = models.PositiveIntegerField(default=0)
    era_skips = models.PositiveIntegerField(default=0)
    era_verified_ships = models.PositiveIntegerField(default=0)
    era_verified_skips = models.PositiveIntegerField(default=0)
    era_regulars = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    discarded = models.PositiveIntegerField(default=0)
    era = models.PositiveSmallIntegerField(default=0)
    era_label = models.CharField(max_length=60, blank=True)

    class Meta:
        abstract = True
        constraints = [
            _never_more("verified_ships", "ships", "verified_ships_are_ships"),
            _never_more("verified_skips", "skips", "verified_skips_are_skips"),
            _never_more("era_ships", "ships", "ships_of_an_era_are_ships"),
            _never_more("era_skips", "skips", "skips_of_an_era_are_skips"),
        ]

    def __str__(self) -> str:
        return f"{self.ships} ship, {self.skips} skip"


class Tally(Counters):
    """The counters of one tool now."""

    tool = models.OneToOneField(Tool, models.CASCADE, primary_key=True, related_name="tally")

    class Meta(Counters.Meta):
        verbose_name_plural = "tallies"


class TallyDay(Counters):
    """The counters of one tool at the end of a day, for days at whose end they had changed."""

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="tally_days", db_index=False)
    day = models.DateField(db_index=True)

    class Meta(Counters.Meta):
        constraints = [
            *Counters.Meta.constraints,
            models.UniqueConstraint(fields=["tool", "day"], name="one_tally_per_tool_and_day"),
        ]


class Era(models.Model):
    """A break after which a tool is no longer what earlier votes were about, declared by an editor."""

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="eras", db_index=False)
    number = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    label = models.CharField(max_length=60, help_text="Such as “version 2” or “the price change”.")

    class Meta:
        ordering = ["tool", "number"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "number"], name="one_era_per_tool_and_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="the_first_declared_era_is_number_one"),
            models.CheckConstraint(condition=~Q(label=""), name="an_era_has_a_label"),
        ]

    def __str__(self) -> str:
        return self.label


def with_tally(tools: models.QuerySet[Tool]) -> models.QuerySet[Tool]:
    """Add the counters of readers' votes to tools: `vote_ships`, `vote_skips` and so on. No tally counts as none.

    `vote_in_doubt` tells that the last pass withholds the percentage, until more voters have come.
    """
    counted = {f"vote_{field}": Coalesce(f"tally__{field}", 0) for field in (*COUNTERS, "era")}
    label = Coalesce("tally__era_label", models.Value(""))
    in_doubt = Coalesce("watch__in_doubt", models.Value(False))
    return tools.annotate(**counted, vote_era_label=label, vote_in_doubt=in_doubt)


def tallies_on(tools: Iterable[Tool], day: datetime.date) -> dict[int, TallyDay]:
    """Return the counters of some tools at the end of a day, by tool; tools without votes by then are left out."""
    rows = TallyDay.objects.filter(tool__in=list(tools), day__lte=day)
    latest = rows.filter(day=models.Subquery(last_day(day)))
    return {row.tool_id: row for row in latest}


def last_day(day: datetime.date) -> models.QuerySet:
    """The last day, up to one, on which the tool of an outer row was counted."""
    days = TallyDay.objects.filter(tool=models.OuterRef("tool"), day__lte=day)
    return days.order_by("-day").values("day")[:1]
