"""What the panel says about each tool, counted: derived from the verdicts, so that no list counts rows."""

from collections.abc import Iterable

from django.db import models, transaction
from django.db.models import Count, F, Q

from tools.models import Tool
from verdicts import scoring

BATCH = 2_000


class PanelTally(models.Model):
    """The published verdicts of active personas on one tool. No row counts as none.

    It is counted again by every verb that changes it, in the same transaction; `manage.py recount_panel` checks it.
    """

    tool = models.OneToOneField(Tool, models.CASCADE, primary_key=True, related_name="panel_tally")
    ships = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "panel tallies"
        constraints = [
            models.CheckConstraint(
                condition=Q(ships__lte=F("total")), name="panel_tally_has_no_more_ships_than_verdicts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ships} of {self.total} ship"


def counted(tools: Iterable[int] | None = None) -> dict[int, tuple[int, int]]:
    """Return (ships, total) by tool, counted from the verdicts themselves, for some tools or for all that have any."""
    from verdicts.models.verdict import Verdict  # the verbs of a verdict call this module

    rows = Verdict.objects.published().filter(reviewer__is_active=True)
    if tools is not None:
        rows = rows.filter(tool__in=tools)
    counts = rows.order_by().values_list("tool").annotate(s=Count("pk", filter=Q(decision="ship")), n=Count("pk"))
    return {tool: (ships, total) for tool, ships, total in counts}


@transaction.atomic
def recount(tools: Iterable[int] | None = None) -> list[int]:
    """Bring the tallies of some tools, or of all, in step with the verdicts. Return the tools whose tally was wrong."""
    asked = None if tools is None else list(tools)
    true = counted(asked)
    rows, standings = PanelTally.objects.all(), Tool.objects.all()
    if asked is None:
        standings = standings.filter(Q(standing__gt=0) | Q(pk__in=list(true)) if len(true) < BATCH else Q())
    else:
        rows, standings = rows.filter(tool__in=asked), standings.filter(pk__in=asked)
    kept = {tool: (ships, total) for tool, ships, total in rows.values_list("tool", "ships", "total")}
    stands = dict(standings.values_list("pk", "standing"))
    wrong = [tool for tool in true.keys() | kept.keys() if true.get(tool, (0, 0)) != kept.get(tool)]
    PanelTally.objects.bulk_create(
        [
            PanelTally(tool_id=tool, **dict(zip(["ships", "total"], true.get(tool, (0, 0)), strict=True)))
            for tool in wrong
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["tool"],
        update_fields=["ships", "total"],
    )
    moved: dict[int, list[int]] = {}
    for tool, stood in stands.items():
        if (stands_now := scoring.standing(*true.get(tool, (0, 0)))) != stood:
            moved.setdefault(stands_now, []).append(tool)
    for place, those in moved.items():
        for start in range(0, len(those), BATCH):
            Tool.objects.filter(pk__in=those[start : start + BATCH]).update(standing=place)
    return sorted({*wrong, *(tool for those in moved.values() for tool in those)})
