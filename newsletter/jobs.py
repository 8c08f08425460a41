"""Jobs of the weekly mail. Each takes ids, and running one twice, late or never does no harm: the next tick repairs it."""

from celery import shared_task
from django.utils import timezone

from newsletter import finishing, subjects, ticking
from newsletter.sending import Sender


@shared_task(ignore_result=True)
def tick() -> None:
    """Look at the clock, and queue what is due."""
    now = timezone.now()
    if not ticking.look(now):
        return
    for issue in ticking.due_for_freezing(now):
        freeze_issue.delay(issue)
    subjects.decide_due(now)
    for batch in ticking.waiting_batches(now):
        send_batch.delay(batch)
    for issue in ticking.ready_to_finish():
        finish_issue.delay(issue)


@shared_task(ignore_result=True)
def freeze_issue(issue_id: int) -> None:
    ticking.freeze_or_wait(issue_id)


@shared_task(ignore_result=True, acks_late=True, reject_on_worker_lost=True, time_limit=40 * 60)
def send_batch(batch_id: int) -> None:
    """Send one batch, and then whatever else waits; nothing when another worker has it."""
    Sender().work(first=batch_id)


@shared_task(ignore_result=True)
def finish_issue(issue_id: int) -> None:
    finishing.finish(issue_id)


@shared_task(ignore_result=True)
def forget_old_deliveries() -> None:
    finishing.forget_old_deliveries()
