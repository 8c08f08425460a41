"""What a subscriber agreed to, and everything that was decided about it since. Rows are added, never changed."""

import hashlib

from django.db import models
from django.utils import timezone

from newsletter.models.subscriber import Subscriber


class ConsentTextManager(models.Manager["ConsentText"]):
    def holding(self, body: str) -> "ConsentText":
        """Return the version with these very words, made if they are new."""
        text, _ = self.get_or_create(sha256=hashlib.sha256(body.encode()).hexdigest(), defaults={"body": body})
        return text


class ConsentText(models.Model):
    """One wording that readers agreed to. Its number is its version."""

    body = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConsentTextManager()

    def __str__(self) -> str:
        return f"Version {self.pk}"


class ConsentEvent(models.Model):
    """Something that was agreed to or taken back. Refused by the database when changed or deleted.

    `network` is the reader's network (a /24 or /56), never the address itself; `detail` never holds an e-mail address.
    """

    class Kind(models.TextChoices):
        REQUESTED = "requested", "Asked for the mail"
        CONFIRMED = "confirmed", "Confirmed"
        PREFERENCES = "preferences", "Changed preferences"
        FOLLOWED = "followed", "Followed"
        UNFOLLOWED = "unfollowed", "Unfollowed"
        MOVED = "moved", "Changed address"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        SUPPRESSED = "suppressed", "Suppressed"
        RESTORED = "restored", "Suppression lifted"
        IMPORTED = "imported", "Imported"
        EXPORTED = "exported", "Downloaded the data"
        ERASED = "erased", "Erased"

    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, blank=True, related_name="consent")
    address_hmac = models.BinaryField(max_length=32, db_index=True)
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    network = models.CharField(max_length=43, blank=True)
    form = models.CharField(max_length=64, blank=True, help_text="Where it was said.")
    text = models.ForeignKey(ConsentText, models.PROTECT, null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=[
                        "requested",
                        "confirmed",
                        "preferences",
                        "followed",
                        "unfollowed",
                        "moved",
                        "unsubscribed",
                        "suppressed",
                        "restored",
                        "imported",
                        "exported",
                        "erased",
                    ]
                ),
                name="consent_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
