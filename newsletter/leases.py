"""Who works on which batch. A claim raises the batch's token; whoever holds an older one can write nothing more."""

import datetime
import os
import socket
from collections import Counter
from dataclasses import dataclass
from time import monotonic

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone

from newsletter.models import Delivery, Issue, SendBatch

LEASE = datetime.timedelta(seconds=60)
RENEW_SECONDS = 5  # also how soon a pause, a new rate or an unsubscription is noticed
MARGIN_SECONDS = 10  # before the end of the lease, in which nothing more is sent


class LeaseLost(Exception):
    """Another worker has taken the batch over: let go of everything at once."""


@dataclass(slots=True)
class Lease:
    """The right to send one batch, until `ends` on this process's own clock."""

    batch: SendBatch
    token: int
    ends: float

    def check(self) -> None:
        """Raise LeaseLost unless there is time left to send a message."""
        if monotonic() > self.ends - MARGIN_SECONDS:
            raise LeaseLost

    def renew(self) -> None:
        ends = monotonic() + LEASE.total_seconds()
        if not self._held().update(lease_until=timezone.now() + LEASE):
            raise LeaseLost
        self.ends = ends

    def release(self, rest: datetime.timedelta | None = None) -> None:
        """Give the batch back, with its counts; it is done when nothing in it is open, and else rests as it has to."""
        counted = counts_of(self.batch)
        pending, doubtful, due = counted.pop("pending"), counted.pop("doubtful"), counted.pop("due")
        is_open = pending or doubtful or counted["deferred"]
        if rest is not None:
            due = timezone.now() + rest
        elif pending:
            due = None
        changed = self._held().update(
            state=SendBatch.State.READY if is_open else SendBatch.State.DONE,
            lease_owner="",
            lease_until=None,
            next_attempt_at=due,
            failures=0 if rest is None else F("failures") + 1,
            **counted,
        )
        if not changed:
            raise LeaseLost

    def _held(self) -> QuerySet[SendBatch]:
        return SendBatch.objects.filter(pk=self.batch.pk, lease_token=self.token, state=SendBatch.State.LEASED)


def claimable(now: datetime.datetime) -> Q:
    """Batches whose time has come and that nobody works on, or somebody who has not been heard of."""
    free = Q(state=SendBatch.State.READY) | Q(state=SendBatch.State.LEASED, lease_until__lt=now)
    return (
        free
        & Q(wave_at__lte=now)
        & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
        & Q(issue__state__in=[Issue.State.FROZEN, Issue.State.SENDING])
    )


def next_due(before: datetime.datetime) -> datetime.datetime | None:
    """Return when the next batch that rests comes due, if before a moment."""
    resting = SendBatch.objects.filter(
        claimable(before), state=SendBatch.State.READY, next_attempt_at__gt=timezone.now()
    )
    return resting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()


def claim(batch_id: int | None = None) -> Lease | None:
    """Return the lease of that batch, or of the next one, unless others have them."""
    now, ends = timezone.now(), monotonic() + LEASE.total_seconds()
    with transaction.atomic():
        batches = SendBatch.objects.filter(claimable(now)).order_by("wave_at", "issue", "number")
        if batch_id is not None:
            batches = batches.filter(pk=batch_id)
        batch = batches.select_for_update(skip_locked=True, of=("self",)).first()
        if batch is None:
            return None
        batch.takeovers += batch.state == SendBatch.State.LEASED
        batch.state, batch.lease_token = SendBatch.State.LEASED, batch.lease_token + 1
        batch.lease_until, batch.lease_owner = now + LEASE, f"{socket.gethostname()[:60]}:{os.getpid()}"
        batch.save(update_fields=["state", "lease_token", "lease_until", "lease_owner", "takeovers"])
        Issue.objects.filter(pk=batch.issue_id, state=Issue.State.FROZEN).update(state=Issue.State.SENDING)
    return Lease(batch, batch.lease_token, ends)


def counts_of(batch: SendBatch) -> dict:
    """Return the counts of a batch from its deliveries, how many are pending or doubtful, and when the next is due."""
    states = Delivery.State
    rows = Delivery.objects.filter(batch=batch).values("state").annotate(n=Count("seq"), due=Min("next_attempt_at"))
    number: Counter[int] = Counter()
    due = []
    for row in rows:
        number[row["state"]] = row["n"]
        due += [row["due"]] if row["due"] else []
    doubtful = Delivery.objects.filter(batch=batch, state=states.UNCERTAIN, next_attempt_at__isnull=False).count()
    return {
        **{name: number[states[name.upper()]] for name in SendBatch.COUNTS},
        "pending": number[states.PENDING],
        "doubtful": doubtful,
        "due": min(due, default=None),
    }
