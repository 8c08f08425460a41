"""Voters and their votes. How they change is in `voting.casting`: nothing else writes here."""

import datetime
import uuid

from django.db import models
from django.db.models import F, Q

from tools.models import Tool
from voting.models.user import User

REGULAR_TOOLS = 2
REGULAR_AFTER = datetime.timedelta(days=1)


class VoterQuerySet(models.QuerySet["Voter"]):
    def regular(self, at: datetime.datetime) -> "VoterQuerySet":
        """Voters with history at a moment: several tools, the first of them more than a day ago."""
        return self.filter(tools_voted__gte=REGULAR_TOOLS, first_vote_at__lte=at - REGULAR_AFTER)


class Voter(models.Model):
    """Someone who votes: an account, or a guest known only by a signed cookie's digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Whoever deletes an account erases its votes first (`casting.erase`), or the tallies would not know.
    account = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="voter")
    cookie_mac = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    merged_into = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="former_guests")
    created_at = models.DateTimeField(auto_now_add=True)
    first_vote_at = models.DateTimeField(null=True, blank=True)
    tools_voted = models.PositiveIntegerField(default=0)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = VoterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(account=None) | Q(merged_into=None), name="an_account_is_never_merged_into_another"
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="no_voter_is_merged_into_itself"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(account=None, cookie_mac=None, merged_into=None),
                name="an_erased_voter_is_nobody",
            ),
        ]

    def __str__(self) -> str:
        return "an account" if self.account_id else "a guest"

    @property
    def is_verified(self) -> bool:
        """Whether someone answers for it with a confirmed e-mail address: only accounts do."""
        return self.account_id is not None

    def is_regular(self, at: datetime.datetime) -> bool:
        """Whether it has history at a moment, as `VoterQuerySet.regular` has it."""
        return (
            self.tools_voted >= REGULAR_TOOLS
            and self.first_vote_at is not None
            and self.first_vote_at <= at - REGULAR_AFTER
        )


class Vote(models.Model):
    """What one voter says about one tool. A withdrawn vote keeps its row with the value 0."""

    class State(models.IntegerChoices):
        COUNTED = 0, "Counted"
        HELD = 1, "Held"
        DISCARDED = 2, "Discarded"

    SHIP, SKIP, WITHDRAWN = 1, -1, 0

    voter = models.ForeignKey(Voter, models.CASCADE, related_name="votes", db_index=False)
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="votes", db_index=False)
    value = models.SmallIntegerField(choices=[(1, "Ship it"), (-1, "Skip it"), (0, "Withdrawn")])
    state = models.SmallIntegerField(choices=State, default=State.COUNTED)
    reason = models.CharField(max_length=40, blank=True, help_text="Why it is in its state, in a word or two.")
    era = models.PositiveSmallIntegerField(default=0)
    is_verified = models.BooleanField(default=False)
    is_regular = models.BooleanField(default=False, help_text="Whether the voter had history at the last pass.")
    # What the row said before its last change: written in the same statement, so that a tally is moved by exactly that.
    was_value = models.SmallIntegerField(null=True, editable=False)
    was_era = models.PositiveSmallIntegerField(null=True, editable=False)
    changed_at = models.DateTimeField()

    class Meta:
        # How busy a tool is, which every new vote asks.
        indexes = [models.Index(fields=["tool", "changed_at"], name="votes_of_a_tool_in_order")]
        constraints = [
            models.UniqueConstraint(fields=["voter", "tool"], name="one_vote_per_voter_and_tool"),
            models.CheckConstraint(condition=Q(value__in=[-1, 0, 1]), name="vote_is_ship_skip_or_withdrawn"),
            models.CheckConstraint(condition=Q(state__in=[0, 1, 2]), name="vote_state_is_known"),
        ]

    def __str__(self) -> str:
        return self.get_value_display()
