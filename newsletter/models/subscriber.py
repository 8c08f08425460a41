"""Someone who asked for the weekly mail."""

import datetime
import uuid
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from newsletter.addresses import fingerprint
from newsletter.models.suppression import Suppression


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def active(self) -> Self:
        return self.filter(state=Subscriber.State.ACTIVE)

    def awake(self, on: datetime.date) -> Self:
        """Leave out those who asked for a pause that has not ended on this day."""
        return self.filter(Q(paused_until=None) | Q(paused_until__lte=on))

    def unsuppressed(self) -> Self:
        """Leave out every address on the suppression list."""
        return self.exclude(Exists(Suppression.objects.standing().filter(address_hmac=OuterRef("address_hmac"))))

    def mailable(self, on: datetime.date) -> Self:
        """Return who may be sent an issue on this day. Frequency, topics and follows are the issue's own business."""
        return self.active().awake(on).unsuppressed()


class Subscriber(models.Model):
    """An address that asked for the weekly mail; it receives nothing before it has confirmed.

    An erased subscriber keeps its row and the keyed digest of its address, not the address.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for confirmation"
        ACTIVE = "active", "Active"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        SUPPRESSED = "suppressed", "Suppressed"
        ERASED = "erased", "Erased"

    class Frequency(models.TextChoices):
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Once a month"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField("address", blank=True)
    email_norm = models.EmailField(null=True, unique=True, editable=False)
    address_hmac = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    topics = models.BigIntegerField(default=0, help_text="A bit per topic; 0 means all of them.")
    frequency = models.CharField(max_length=7, choices=Frequency, default=Frequency.WEEKLY)
    tz = models.CharField("time zone", max_length=64, default="UTC")
    paused_until = models.DateField(null=True, blank=True)
    token_version = models.PositiveSmallIntegerField(default=1, editable=False)
    soft_bounce_weeks = models.JSONField(
        default=list, blank=True, help_text="Mondays of the weeks whose mail bounced for now, until one arrives."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField("told to be subscribed already", null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "active", "unsubscribed", "suppressed", "erased"]),
                name="subscriber_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(confirmed_at__isnull=False), name="subscriber_is_active_if_confirmed"
            ),
            models.CheckConstraint(
                condition=Q(state="erased", email_norm__isnull=True, email="")
                | (~Q(state="erased") & Q(email_norm__isnull=False) & ~Q(email="")),
                name="subscriber_has_an_address_until_erased",
            ),
            models.CheckConstraint(
                condition=Q(frequency__in=["weekly", "monthly"]), name="subscriber_frequency_is_known"
            ),
            models.CheckConstraint(condition=Q(topics__gte=0), name="subscriber_topics_are_bits"),
        ]
        indexes = [
            models.Index(fields=["tz", "frequency"], condition=Q(state="active"), name="active_by_zone_and_frequency")
        ]

    def __str__(self) -> str:
        return self.email or "an erased address"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.email_norm:
            self.address_hmac = fingerprint(self.email_norm)
        super().save(*args, **kwargs)
