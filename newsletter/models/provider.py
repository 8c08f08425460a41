"""What mail providers report back."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsletter.models.subscriber import Subscriber


class ProviderEvent(models.Model):
    """One report about one mail, kept once however often it is delivered. It never holds an e-mail address."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", "Delivered"
        HARD = "hard", "Bounced for good"
        SOFT = "soft", "Bounced for now"
        POLICY = "policy", "Refused by policy"
        COMPLAINT = "complaint", "Marked as spam"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed at the provider"
        OTHER = "other", "Something else"

    esp = models.CharField("provider", max_length=32)
    event_id = models.CharField(max_length=128)
    kind = models.CharField(max_length=12, choices=Kind)
    address_hmac = models.BinaryField(max_length=32, null=True)
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, blank=True, related_name="+")
    issue_no = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField("happened at")
    received_at = models.DateTimeField(default=timezone.now)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["esp", "event_id"], name="a_provider_reports_an_event_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["delivered", "hard", "soft", "policy", "complaint", "unsubscribed", "other"]),
                name="provider_event_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.esp}: {self.get_kind_display().lower()}"
