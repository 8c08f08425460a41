"""Links that do one thing once, mailed to the address they are about."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsletter.models.subscriber import Subscriber


class Confirmation(models.Model):
    """A mailed link that works once and not for ever. The database knows only the digest of its token."""

    class Purpose(models.TextChoices):
        CONFIRM = "confirm", "Confirm a subscription"
        FOLLOW = "follow", "Follow tools"
        CHANGE = "change", "Take a new address"
        RELEASE = "release", "Let the former address go"
        EXPORT = "export", "Download one's data"
        ERASE = "erase", "Delete everything"

    token_hash = models.BinaryField(max_length=32, unique=True)
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="confirmations")
    purpose = models.CharField(max_length=8, choices=Purpose)
    payload = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)
    superseded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=["confirm", "follow", "change", "release", "export", "erase"]),
                name="confirmation_purpose_is_known",
            ),
            models.UniqueConstraint(
                fields=["subscriber", "purpose"],
                condition=Q(used_at__isnull=True, superseded=False),
                name="one_open_confirmation_per_purpose",
            ),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()

    @property
    def is_open(self) -> bool:
        """Whether the link still works. Who uses it asks again, in one statement: see `subscribing.use`."""
        return self.used_at is None and not self.superseded and self.expires_at > timezone.now()
