"""The ledger: who was to get an issue, and what became of it."""

from typing import Self

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from newsletter.models.issue import Issue


class SendBatchQuerySet(models.QuerySet["SendBatch"]):
    def abandon(self) -> None:
        """Send nothing more of these batches. Whoever works on one loses it; what is open in it ends as not sent."""
        self.update(lease_token=F("lease_token") + 1, state=SendBatch.State.DONE, lease_owner="", lease_until=None)
        skipped = Delivery.State.SKIPPED
        Delivery.objects.open().filter(batch__in=self).update(state=skipped, reply="cancelled", next_attempt_at=None)
        theirs = Delivery.objects.filter(batch=OuterRef("pk"), state=skipped).order_by().values("batch")
        self.update(skipped=Coalesce(Subquery(theirs.annotate(n=Count("seq")).values("n")), 0), deferred=0)


class SendBatch(models.Model):
    """Up to a thousand recipients of one wave, which one worker at a time works through in order.

    Whoever claims a batch raises `lease_token`; every write to its deliveries names the token, so a worker that lost its
    lease can write nothing more. The counts are what its deliveries say, brought up to date now and then.
    """

    class State(models.TextChoices):
        READY = "ready", "Waiting"
        LEASED = "leased", "At work"
        DONE = "done", "Done"

    COUNTS = ["sent", "failed", "skipped", "expired", "uncertain", "deferred"]

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    wave_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State, default=State.READY)
    size = models.PositiveSmallIntegerField(default=0)
    lease_token = models.BigIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    takeovers = models.PositiveSmallIntegerField(default=0)
    sent = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)
    skipped = models.PositiveSmallIntegerField(default=0)
    expired = models.PositiveSmallIntegerField(default=0)
    uncertain = models.PositiveSmallIntegerField(default=0)
    deferred = models.PositiveSmallIntegerField(default=0)

    objects = SendBatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "send batches"
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="one_batch_per_number"),
            models.CheckConstraint(condition=Q(state__in=["ready", "leased", "done"]), name="batch_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state="leased") | Q(lease_until__isnull=False), name="batch_lease_has_an_end"
            ),
        ]
        indexes = [
            models.Index(fields=["wave_at", "next_attempt_at"], name="batch_open", condition=~Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"Batch {self.number} of {self.issue_id}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> Self:
        """Deliveries that have not come to their end."""
        state = Delivery.State
        return self.filter(
            Q(state__in=[state.PENDING, state.DEFERRED]) | Q(state=state.UNCERTAIN, next_attempt_at__isnull=False)
        )

    def forget(self, subscriber_id: int) -> int:
        """Remove the address of a reader who is erased; what has not been sent to it never will be."""
        self.open().filter(subscriber_id=subscriber_id).update(
            state=Delivery.State.SKIPPED, reply="erased", next_attempt_at=None
        )
        return self.filter(subscriber_id=subscriber_id).update(address="")


class Delivery(models.Model):
    """One recipient of one issue. It ends in exactly one state.

    There is no row-by-row foreign key to the issue, the batch or the subscriber: a million rows are written in one
    statement, and they outlive a reader who is erased.
    """

    class State(models.IntegerChoices):
        PENDING = 0, "Waiting"
        SENT = 1, "Handed over"
        DEFERRED = 2, "To be tried again"
        FAILED = 3, "Refused"
        SKIPPED = 4, "Not sent"
        UNCERTAIN = 5, "Nobody knows"
        EXPIRED = 6, "Given up"

    pk = models.CompositePrimaryKey("batch_id", "seq")
    batch = models.ForeignKey(
        SendBatch, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="deliveries"
    )
    seq = models.PositiveSmallIntegerField()
    issue = models.ForeignKey(Issue, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="deliveries")
    subscriber_id = models.BigIntegerField()
    address = models.CharField(max_length=254, blank=True)
    address_hmac = models.BinaryField(max_length=32)
    edition = models.PositiveSmallIntegerField(default=0)
    snippets = models.CharField(max_length=160, blank=True)
    state = models.PositiveSmallIntegerField(choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    smtp_code = models.PositiveSmallIntegerField(default=0)
    enhanced = models.CharField(max_length=11, blank=True)
    reply = models.CharField(max_length=160, blank=True)
    sent_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["issue", "subscriber_id"], name="one_delivery_per_issue_and_reader"),
            models.UniqueConstraint(fields=["issue", "address_hmac"], name="one_delivery_per_issue_and_address"),
            models.CheckConstraint(condition=Q(state__in=range(7)), name="delivery_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=1) | Q(sent_at__isnull=False), name="delivery_is_dated_if_handed_over"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.seq}: {self.get_state_display()}"


class SendControl(models.Model):
    """The one row that every sender reads: whether to send, and how fast."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_paused = models.BooleanField("all sending is paused", default=False)
    rate = models.FloatField(
        "messages a second",
        default=0,
        help_text="By all workers together, at most. 0: as fast as the server takes them.",
    )
    allowed = models.FloatField(default=0, editable=False, help_text="Below the rate after the server asked for less.")
    next_at = models.FloatField(default=0, editable=False, help_text="When the next message may leave, in Unix time.")
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Connections that failed in a row.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_send_control"),
            models.CheckConstraint(condition=Q(rate__gte=0, allowed__gte=0), name="send_rate_is_not_negative"),
        ]

    def __str__(self) -> str:
        return "Sending"

    @classmethod
    def get(cls) -> "SendControl":
        return cls.objects.get_or_create(id=1)[0]


class DomainLimit(models.Model):
    """How fast one domain may be sent to: by an editor's wish, or because it asked for less."""

    domain = models.CharField(max_length=253, unique=True)
    rate = models.FloatField("messages a second", default=0, help_text="At most. 0: no limit of its own.")
    allowed = models.FloatField(default=0, editable=False)
    next_at = models.FloatField(default=0, editable=False)
    eased_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.CheckConstraint(condition=Q(rate__gte=0, allowed__gte=0), name="domain_rate_is_not_negative"),
        ]

    def __str__(self) -> str:
        return self.domain
