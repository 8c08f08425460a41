"""Closing an issue: every recipient has come to exactly one end, and the sums say so."""

import datetime
import logging
from collections import Counter

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from newsletter.models import Delivery, Issue, SendBatch

logger = logging.getLogger(__name__)
KEPT = datetime.timedelta(days=90)


def finish(pk: int) -> bool:
    """Call an issue done when the ledger agrees, row by row, that nobody is left out. Return whether it is done now."""
    with transaction.atomic():
        issue = Issue.objects.select_for_update().get(pk=pk)
        if issue.state not in {Issue.State.SENDING, Issue.State.FROZEN}:
            return issue.state == Issue.State.DONE
        if issue.batches.exclude(state=SendBatch.State.DONE).exists():
            return False
        ends = ends_of(issue)
        if ends["open"] or sum(ends.values()) != issue.recipient_count:
            logger.error("the accounts of %s do not add up: %s of %s", issue, dict(ends), issue.recipient_count)
            issue.batches.filter(deliveries__in=Delivery.objects.open().filter(issue=issue)).update(
                state=SendBatch.State.READY, next_attempt_at=None
            )
            return False
        issue.state, issue.finished_at = Issue.State.DONE, timezone.now()
        issue.save(update_fields=["state", "finished_at"])
    return True


def ends_of(issue: Issue) -> Counter[str]:
    """Return how many deliveries of an issue have come to which end, read from the ledger, and how many are open."""
    ends: Counter[str] = Counter({"open": Delivery.objects.open().filter(issue=issue).count()})
    state = Delivery.State
    settled = Q(state__in=[state.SENT, state.FAILED, state.SKIPPED, state.EXPIRED]) | Q(
        state=state.UNCERTAIN, next_attempt_at=None
    )
    rows = Delivery.objects.filter(settled, issue=issue).values_list("state").annotate(Count("seq")).order_by()
    for value, count in rows:
        ends[state(value).name.lower()] = count
    return ends


def retry_refused(issue: Issue) -> int:
    """Send again to those whom the server refused for a reason of ours; return how many. For a paused issue."""
    refused = Delivery.objects.filter(issue=issue, state=Delivery.State.FAILED, enhanced__startswith="5.7.")
    with transaction.atomic():
        batches = list(refused.values_list("batch", flat=True).distinct())
        count = refused.update(state=Delivery.State.PENDING, smtp_code=0, enhanced="", reply="")
        SendBatch.objects.filter(pk__in=batches, state=SendBatch.State.DONE).update(
            state=SendBatch.State.READY, next_attempt_at=None
        )
    return count


def forget_old_deliveries(now: datetime.datetime | None = None) -> int:
    """Delete the ledger of issues done three months ago; the counts of their batches stay."""
    old = Issue.objects.filter(state=Issue.State.DONE, finished_at__lt=(now or timezone.now()) - KEPT)
    gone = 0
    for issue in old:
        for batch in issue.batches.values_list("pk", flat=True):
            gone += Delivery.objects.filter(batch=batch).delete()[0]
    return gone
