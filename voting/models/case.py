"""Cases: crowds of votes that were held together, for a person to look at. Nothing here moves a vote."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tools.models import Tool
from voting.models.vote import Vote

SECOND_PERSON_ABOVE = 100  # votes
BUSY_FROM = 3  # votes within an hour: fewer are never too many
WORTH_A_LOOK = 8  # votes of one network on a tool
PUBLIC_ABOVE = 10  # votes: of each larger exclusion there is a public line


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> "CaseQuerySet":
        """Cases that wait for a person, or for the second one.

        Strangers of networks that have sent traps are held one by one, on many tools; a few of them are nobody's work.
        """
        return self.filter(state=Case.State.OPEN).exclude(rule="network", size__lt=WORTH_A_LOOK)

    def public(self) -> "CaseQuerySet":
        """Cases that have a public line, the newest first, with their tools."""
        return self.filter(size__gt=PUBLIC_ABOVE).select_related("tool").order_by("-opened_at", "-pk")


class Case(models.Model):
    """One crowd of votes on one tool that a rule holds, and what became of it.

    Its votes are those of its `members`. A decision of more than a hundred votes stands as a proposal, with the case
    still open, until a second person has agreed.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DECIDED = "decided", "Decided"
        RELEASED = "released", "Counted again without a decision"

    class Decision(models.TextChoices):
        COUNT = "count", "Count them"
        DISCARD = "discard", "Discard them"

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="cases")
    side = models.SmallIntegerField(choices=[(1, "Ship it"), (-1, "Skip it"), (0, "Both")], default=0)
    rule = models.CharField(max_length=20, help_text="The rule of the detector that holds them, in its own word.")
    opened_at = models.DateTimeField()
    begins_at = models.DateTimeField(help_text="When the crowd began.")
    ends_at = models.DateTimeField(help_text="When it was last seen to go on.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    size = models.PositiveIntegerField(default=0, help_text="How many votes it has held at most.")
    released_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=8, choices=Decision, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="decided_cases"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="seconded_cases"
    )
    seconded_at = models.DateTimeField(null=True, blank=True)
    needs_second = models.BooleanField(default=False, help_text="Whatever its size: the vendor pays this site.")
    note = models.TextField(blank=True, help_text="For the staff only.")
    public_line = models.CharField(max_length=200, blank=True, help_text="Instead of the sentence made of its figures.")
    # What the detector remembers of it from pass to pass, in its own terms.
    memo = models.JSONField(null=True, blank=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        indexes = [models.Index(fields=["state", "-opened_at"], name="cases_that_wait")]
        constraints = [
            models.CheckConstraint(condition=Q(side__in=[-1, 0, 1]), name="case_side_is_known"),
            models.CheckConstraint(condition=~Q(rule=""), name="case_has_a_rule"),
            models.CheckConstraint(condition=Q(begins_at__lte=F("ends_at")), name="case_begins_before_it_ends"),
            models.CheckConstraint(condition=Q(state__in=["open", "decided", "released"]), name="case_state_is_known"),
            models.CheckConstraint(condition=Q(decision__in=["", "count", "discard"]), name="case_decision_is_known"),
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None, decided_at=None)
                | (~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="case_decision_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(seconded_by=None, seconded_at=None)
                | (
                    Q(seconded_by__isnull=False, seconded_at__isnull=False, decided_by__isnull=False)
                    & ~Q(seconded_by=F("decided_by"))
                ),
                name="case_is_seconded_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=~Q(state="decided")
                | (~Q(decision="") & (Q(size__lte=100, needs_second=False) | Q(seconded_by__isnull=False))),
                name="case_of_many_votes_is_decided_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False) | (~Q(state="released") & Q(released_at=None)),
                name="case_released_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.size} votes on {self.tool}, {self.rule}"

    @property
    def wants_second(self) -> bool:
        """Whether a decision needs a second person before it takes effect."""
        return self.needs_second or self.size > SECOND_PERSON_ABOVE

    def votes(self) -> models.QuerySet[Vote]:
        """Its votes, whatever state they are in now."""
        return Vote.objects.filter(in_cases__case=self)


class CaseVote(models.Model):
    """A vote belongs to a case. Rows go with the vote, when a reader erases it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="members", db_index=False)
    vote = models.ForeignKey(Vote, models.CASCADE, related_name="in_cases")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "vote"], name="a_vote_is_in_a_case_once")]

    def __str__(self) -> str:
        return f"vote {self.vote_id} in case {self.case_id}"


class Watch(models.Model):
    """What the last pass made of a tool, for the moments until the next one."""

    tool = models.OneToOneField(Tool, models.CASCADE, primary_key=True, related_name="watch")
    busy_from = models.PositiveIntegerField(
        default=3,
        help_text="So many votes within an hour are above its normal: from then on unknown voters' votes wait.",
    )
    in_doubt = models.BooleanField(default=False, help_text="Whether its percentage is withheld for now.")

    class Meta:
        verbose_name_plural = "watches"

    def __str__(self) -> str:
        return f"busy from {self.busy_from} votes an hour"


class Round(models.Model):
    """One pass of the detector over the votes. The newest says where the next one begins."""

    at = models.DateTimeField(unique=True)
    last_event = models.BigIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    counted = models.PositiveIntegerField(default=0)
    memo = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
