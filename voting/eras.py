"""Eras: an editor declares a break, and votes from then on are counted apart."""

import datetime

from django.db import transaction
from django.utils import timezone

from tools.models import Tool
from voting.counting import drifts, locked_tallies
from voting.models import Era, Tally, Vote


@transaction.atomic
def declare(tool: Tool, label: str, *, starts_at: datetime.datetime | None = None) -> Era:
    """Begin a new era of a tool, now or at a past moment: votes since then belong to it.

    Raises ValueError for a moment that is still to come, or not after the last era's beginning.
    """
    now = timezone.now()
    starts_at = starts_at or now
    last = Era.objects.filter(tool=tool).order_by("number").last()
    if starts_at > now:
        raise ValueError("An era cannot begin in the future.")
    if last and starts_at <= last.starts_at:
        raise ValueError(f"It must begin after “{last.label}”.")
    era = Era.objects.create(tool=tool, number=last.number + 1 if last else 1, label=label.strip(), starts_at=starts_at)
    since = Vote.objects.filter(tool=tool, changed_at__gte=starts_at)
    votes = list(since.order_by("tool_id", "pk").select_for_update().values_list("pk", flat=True))
    Vote.objects.filter(pk__in=votes).update(era=era.number)
    [tally] = locked_tallies([tool.pk])
    Tally.objects.filter(pk=tally.pk).update(era=era.number, era_label=era.label)
    for drift in drifts(tool.pk):
        Tally.objects.filter(pk=tally.pk).update(**drift.counted)
    return era
