"""Jobs about accounts and votes. Running any of them twice does no harm."""

import datetime
import logging

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from voting import alarms, counting, integrity, origins, work
from voting.models import User

logger = logging.getLogger(__name__)
UNCONFIRMED_KEPT = datetime.timedelta(days=7)


@shared_task
def forget_expired_sessions() -> None:
    """Delete sessions that have run out."""
    call_command("clearsessions")


@shared_task
def keep_tallies_of_yesterday() -> None:
    """Keep the counters as they were at the end of yesterday."""
    counting.snapshot(timezone.now().date() - datetime.timedelta(days=1))


@shared_task
def recount() -> None:
    """Count every vote anew, tell the log from the start, repair the tallies, and raise the alarm over any difference."""
    found, told = counting.drifts(), counting.replay()
    for drift in found:
        logger.error("tally of tool %s was %s, its votes are %s", drift.tool_id, drift.written, drift.counted)
    for kind, vote in told[:100]:
        logger.error("vote %s and the log disagree: %s", vote, counting.REPLAY_WORDS[kind])
    counting.repair(found)
    alarms.remember(len(found), len(told))


@shared_task
def forget_origins() -> None:
    """Delete the salts and signals of more than a fortnight ago, and challenges that have run out."""
    origins.prune(timezone.now().date())
    work.forget_spent()


@shared_task
def check_votes() -> None:
    """Let the detector look at the votes. Beats that come twice, or late, do no harm."""
    outcome = integrity.check()
    if outcome is None:
        logger.info("another pass over the votes is under way")


@shared_task
def mark_regulars() -> None:
    """Mark the votes of readers who have come to have history."""
    counting.refresh_regulars(timezone.now())


@shared_task
def forget_unconfirmed_accounts() -> int:
    """Delete accounts whose address nobody has confirmed within a week. Return how many there were."""
    return User.objects.unconfirmed(timezone.now() - UNCONFIRMED_KEPT).delete()[1].get(User._meta.label, 0)
