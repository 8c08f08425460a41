"""What happens once a minute: the clock is a hint, the database decides. Doing it twice, or late, does no harm."""

import datetime
import logging

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from newsletter import leases, pace, schedule, subjects
from newsletter.finishing import finish
from newsletter.freezing import NotReady, freeze
from newsletter.models import Issue, SendBatch
from newsletter.rendering import TooLarge

logger = logging.getLogger(__name__)
LOCK = 0x7E57_4D41


def look(now: datetime.datetime | None = None) -> bool:
    """Make the issues that have come up and miss those that are late. Quick; False while another tick is at it."""
    now = now or timezone.now()
    with transaction.atomic():
        if not _alone():
            return False
        ensure_issues(now)
        miss_the_late(now)
    pace.ease()
    return True


def tick(now: datetime.datetime | None = None) -> list[int]:
    """Bring everything up to date in this process, and return the batches that could be sent now."""
    now = now or timezone.now()
    if not look(now):
        return []
    for pk in due_for_freezing(now):
        freeze_or_wait(pk)
    subjects.decide_due(now)
    return waiting_batches(now)


def _alone() -> bool:
    """Whether no other tick is at work; on SQLite there is one writer anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return cursor.fetchone()[0]


def ensure_issues(now: datetime.datetime) -> None:
    """See to it that the next issue is there, and every one that has come due since the last tick."""
    last = Issue.objects.order_by("-day").first()
    coming = schedule.period_after(now)
    period = last.period.next if last and last.day < coming.day else coming
    while period < coming:
        Issue.of(period)
        period = period.next
    Issue.of(coming)


def miss_the_late(now: datetime.datetime) -> None:
    """An issue a day and a half behind its hour does not go out by itself: a person has to say "send it anyway"."""
    late = Issue.objects.unfrozen().filter(sends_at__lt=now - schedule.LATE, is_late=False)
    for issue in late:
        logger.error("%s has missed its hour; approve it in the admin to send it anyway", issue)
    late.update(state=Issue.State.MISSED)


def due_for_freezing(now: datetime.datetime) -> list[int]:
    due = Issue.objects.unfrozen().filter(cutoff_at__lte=now)
    if settings.NEWSLETTER_NEEDS_APPROVAL:
        due = due.filter(state=Issue.State.READY)
    return list(due.order_by("day").values_list("pk", flat=True))


def freeze_or_wait(pk: int) -> None:
    """Freeze an issue; one that cannot be frozen as it is stays, and the log says why."""
    try:
        freeze(pk)
    except (NotReady, TooLarge) as error:
        logger.error("issue %s cannot be frozen: %s", pk, error)


def waiting_batches(now: datetime.datetime) -> list[int]:
    """Return the batches to send next, no more than there are free connections."""
    busy = SendBatch.objects.filter(state=SendBatch.State.LEASED, lease_until__gte=now).count()
    free = max(0, settings.NEWSLETTER_CONNECTIONS - busy)
    batches = SendBatch.objects.filter(leases.claimable(now)).order_by("wave_at", "issue", "number")
    return list(batches.values_list("pk", flat=True)[:free])


def ready_to_finish() -> list[int]:
    """Return the issues that have no batch left to send."""
    open_batches = SendBatch.objects.filter(issue=OuterRef("pk")).exclude(state=SendBatch.State.DONE)
    return list(Issue.objects.under_way().exclude(Exists(open_batches)).values_list("pk", flat=True))


def finish_all() -> None:
    """Close the issues that have nothing left to send."""
    for pk in ready_to_finish():
        finish(pk)
