"""Keys with which programs act for an account."""

import datetime
import hashlib
import secrets
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from voting.models.user import User

MARK = "ship_"
SHOWN = len(MARK) + 6
MOST_ACTIVE = 20
USE_NOTED_EVERY = datetime.timedelta(hours=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def active(self) -> Self:
        return self.filter(revoked_at=None)

    def known(self, text: str) -> "ApiToken | None":
        """Return the active token that reads so, with its owner."""
        return self.active().select_related("owner").filter(digest=digest_of(text)).first()


class ApiToken(models.Model):
    """A personal key for the API. The key itself is shown once and not kept: only its digest is."""

    class Scope(models.TextChoices):
        READ = "read", "Read only"
        VOTE = "vote", "Read and vote"
        WRITE = "write", "Read, vote and write"

    owner = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="What it is for, such as “nightly report”.")
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=SHOWN, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=["read", "vote", "write"]), name="api_token_scope_is_known"),
            models.CheckConstraint(condition=~Q(name=""), name="api_token_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def make(cls, owner: User, name: str, scope: str) -> "tuple[ApiToken, str]":
        """Return a new token and its text, which nobody can be told again."""
        text = MARK + secrets.token_urlsafe(32)
        made = cls(owner=owner, name=name, scope=scope, digest=digest_of(text), prefix=text[:SHOWN])
        made.full_clean()
        made.save()
        return made, text

    @property
    def may_vote(self) -> bool:
        return self.scope in {self.Scope.VOTE, self.Scope.WRITE}

    @property
    def may_write(self) -> bool:
        """Whether it may do what its owner may in the admin, while its owner may."""
        return self.scope == self.Scope.WRITE

    def revoke(self) -> None:
        """End the token now. Revoking twice keeps the first date."""
        type(self).objects.active().filter(pk=self.pk).update(revoked_at=timezone.now())

    def note_use(self) -> None:
        """Remember that it is in use, to the hour: a busy program must not write a row with every request."""
        now = timezone.now()
        if self.last_used_at is None or self.last_used_at <= now - USE_NOTED_EVERY:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)


def digest_of(text: str) -> str:
    """Return what is kept of a token. It is 256 random bits, so that a plain hash tells nothing."""
    return hashlib.sha256(text.encode()).hexdigest()
