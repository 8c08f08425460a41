"""Accounts, voters, votes and their tallies."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Lower

from tools.models import Tool


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new account. Without a password it can only sign in in other ways."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractUser):
    """An account, known by its e-mail address."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=80, blank=True, help_text="Shown as responsible editor, where you are one.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_account_per_address_in_any_case",
                violation_error_message="There is an account with this address already.",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Voter(models.Model):
    """Someone who votes: an account, or a guest known only by a signed cookie's digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.OneToOneField(User, models.CASCADE, null=True, blank=True, related_name="voter")
    cookie_mac = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return "an account" if self.account_id else "a guest"


class Vote(models.Model):
    """What one voter says about one tool. A withdrawn vote keeps its row with the value 0."""

    class State(models.IntegerChoices):
        COUNTED = 0, "Counted"
        HELD = 1, "Held"
        DISCARDED = 2, "Discarded"

    voter = models.ForeignKey(Voter, models.CASCADE, related_name="votes")
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="votes")
    value = models.SmallIntegerField(choices=[(1, "Ship it"), (-1, "Skip it"), (0, "Withdrawn")])
    state = models.SmallIntegerField(choices=State, default=State.COUNTED)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voter", "tool"], name="one_vote_per_voter_and_tool"),
            models.CheckConstraint(condition=Q(value__in=[-1, 0, 1]), name="vote_is_ship_skip_or_withdrawn"),
            models.CheckConstraint(condition=Q(state__in=[0, 1, 2]), name="vote_state_is_known"),
        ]

    def __str__(self) -> str:
        return self.get_value_display()


class Tally(models.Model):
    """The counted votes of one tool: derived from `Vote`, kept so that no page counts rows."""

    tool = models.OneToOneField(Tool, models.CASCADE, primary_key=True, related_name="tally")
    ships = models.PositiveIntegerField(default=0)
    skips = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.ships} ship, {self.skips} skip"


def with_tally(tools: models.QuerySet[Tool]) -> models.QuerySet[Tool]:
    """Add `vote_ships` and `vote_skips`, the counted votes of readers, to tools. No tally counts as none."""
    counted = {f"vote_{field}": Coalesce(f"tally__{field}", 0) for field in ("ships", "skips")}
    return tools.annotate(**counted)
