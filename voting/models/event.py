"""What happened to every vote, in order. The table only grows: a trigger refuses anything else."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tools.models import Tool
from voting.models.vote import Voter


class VoteEvent(models.Model):
    """One thing that happened to one vote: what it said and where it stood, before and after.

    A value of None before means that there was no such row yet, after that there is none any more. Only `voter` and
    `from_voter` may change, to nobody: when someone asks to be forgotten.
    """

    class Kind(models.TextChoices):
        CAST = "cast"
        CHANGE = "change"
        RETRACT = "retract"
        MERGE = "merge"
        STATE = "state"
        ERASE = "erase"

    at = models.DateTimeField(default=timezone.now)
    # Plain columns without a constraint: rows of the log outlive what they speak of.
    vote_id = models.BigIntegerField()
    tool = models.ForeignKey(Tool, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    voter = models.ForeignKey(Voter, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=8, choices=Kind)
    old_value = models.SmallIntegerField(null=True)
    new_value = models.SmallIntegerField(null=True)
    old_state = models.SmallIntegerField(null=True)
    new_state = models.SmallIntegerField(null=True)
    actor = models.CharField(max_length=40, help_text="voter, rule:R4, staff:7")
    reason = models.CharField(max_length=40, blank=True)
    case_id = models.BigIntegerField(null=True)
    # What an undo needs besides: whose vote it was before a merge, from when and of which era, and its former reason.
    from_voter = models.ForeignKey(
        Voter, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    before = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["case_id"], name="events_of_a_case", condition=Q(case_id__isnull=False)),
            models.Index(fields=["from_voter"], name="events_of_a_merge", condition=Q(from_voter__isnull=False)),
            models.Index(
                fields=["vote_id"],
                name="events_of_staff",
                condition=Q(kind="state", actor__startswith="staff:"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["cast", "change", "retract", "merge", "state", "erase"]),
                name="vote_event_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(old_value=None) | Q(old_value__in=[-1, 0, 1]), name="vote_event_old_value_is_known"
            ),
            models.CheckConstraint(
                condition=Q(new_value=None) | Q(new_value__in=[-1, 0, 1]), name="vote_event_new_value_is_known"
            ),
            models.CheckConstraint(condition=~Q(actor=""), name="vote_event_has_an_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.old_value} to {self.new_value}"
