"""Addresses that must not be mailed, known only by a keyed digest."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def standing(self) -> Self:
        """Return those that have not run out."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))


class Suppression(models.Model):
    """An address that is never mailed, whoever adds it again. It outlives the subscriber: the digest is all it holds."""

    class Reason(models.TextChoices):
        HARD = "hard", "The address does not exist"
        COMPLAINT = "complaint", "Marked as spam"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed elsewhere"
        MANUAL = "manual", "Added by hand"
        ERASED = "erased", "Erased on request"

    address_hmac = models.BinaryField(max_length=32, unique=True)
    reason = models.CharField(max_length=12, choices=Reason)
    source = models.CharField(
        max_length=64, blank=True, help_text="Where it came from: a provider, an import, a person."
    )
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: for good.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["hard", "complaint", "unsubscribed", "manual", "erased"]),
                name="suppression_reason_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.digest} ({self.get_reason_display().lower()})"

    @property
    def digest(self) -> str:
        """The first characters of the digest: enough to tell rows apart."""
        return bytes(self.address_hmac).hex()[:12]
