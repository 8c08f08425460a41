"""Who reads the weekly mail."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Subscriber(models.Model):
    """An address that asked for the weekly mail; it receives nothing before it has confirmed."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for confirmation"
        ACTIVE = "active", "Active"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_subscriber_per_address_in_any_case"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "active", "unsubscribed"]), name="subscriber_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(confirmed_at__isnull=False), name="subscriber_is_active_if_confirmed"
            ),
        ]

    def __str__(self) -> str:
        return self.email
