"""What should have happened by now and has not: jobs that nobody runs, promises about time that are not kept."""

import datetime
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from config.findings import Finding, error, ok, warning
from newsletter import leases
from newsletter.models import Issue, SendBatch
from tools.models import Touch
from tools.tasks import TOUCHES_KEPT
from voting import alarms
from voting.models import Round, Salt, Vote, VoteSignal
from voting.origins import oldest_kept
from voting.settling import PASSES_WITHIN

NIGHT = datetime.timedelta(hours=26)  # a nightly job is late after so long
HOUR = datetime.timedelta(hours=2)  # and an hourly one


def batches_overdue() -> int:
    """Return how many batches of an issue have waited for a worker for long."""
    now = timezone.now()
    return SendBatch.objects.filter(leases.claimable(now), wave_at__lt=now - leases.LEASE * 5).count()


def _recount() -> Iterator[Finding]:
    """Whether the votes were counted anew last night, and what came of it."""
    found = alarms.last()
    if found is None:
        yield ok(
            "No recount of the votes is known of: on a new site, or after the cache was emptied, the next night's is."
        )
        return
    hours = (time.time() - found.at) / 3600
    if hours > NIGHT.total_seconds() / 3600:
        yield warning(
            f"The votes were last recounted {hours:.0f} hours ago. Is beat running, and a worker of `celery`?"
        )
    if found.drifts or found.disagreements:
        yield error(
            f"The last recount mended {found.drifts} tallies, and {found.disagreements} votes are not what the log says. "
            "Look at the log of the worker."
        )


def _clock_job() -> Iterator[Finding]:
    """Beat looks at the clock once a minute and makes the next issue."""
    if not settings.CELERY_TASK_ALWAYS_EAGER and not Issue.objects.filter(sends_at__gte=timezone.now()).exists():
        yield warning("No next issue of the weekly mail stands ready: nobody looks at the clock. Is beat running?")


def _sending() -> Iterator[Finding]:
    for issue in Issue.objects.filter(state=Issue.State.PAUSED):
        yield error(f"{issue} is paused: {issue.paused_reason} Resume or cancel it in the admin.")
    for issue in Issue.objects.filter(state=Issue.State.MISSED):
        yield warning(f"{issue} missed its hour. Approve it in the admin to send it anyway, or cancel it.")
    if overdue := batches_overdue():
        yield error(
            f"{overdue} batches of the weekly mail wait and nobody takes them. Is a worker of mail_bulk running?"
        )


def _kept_too_long() -> Iterator[Finding]:
    """What is promised to be forgotten by a certain time."""
    oldest = oldest_kept(timezone.now().date()) - datetime.timedelta(days=1)
    if Salt.objects.filter(day__lt=oldest).exists() or VoteSignal.objects.filter(day__lt=oldest).exists():
        yield error(
            "Where votes came from is kept for longer than the fortnight that readers were promised. "
            "Run the job voting.tasks.forget_origins, and see why beat does not."
        )
    if Session.objects.filter(expire_date__lt=timezone.now() - NIGHT).exists():
        yield warning("Sessions that ran out are still there. Is beat running? manage.py clearsessions removes them.")
    if (
        Touch.objects.filter(at__lt=timezone.now() - TOUCHES_KEPT - HOUR).exists()
        and not settings.CELERY_TASK_ALWAYS_EAGER
    ):
        yield warning("Notes of old changes are still there: the hourly job does not run. Is beat running?")


def _passes() -> Iterator[Finding]:
    """Votes that come fast wait for the hourly pass, and nobody looks at the others without it."""
    last = Round.objects.filter(at__lte=timezone.now()).first()
    if last is None:
        if Vote.objects.exists():
            yield warning(
                "Nobody has looked at the votes yet. Let celery beat run, or manage.py check_votes every hour."
            )
    elif last.at < timezone.now() - PASSES_WITHIN:
        yield error(
            f"The last look at the votes was at {last.at:%d %b %H:%M} UTC: bought votes count unnoticed, and some votes "
            "wait. Is celery beat running? manage.py check_votes does it now."
        )
    else:
        yield ok(f"The votes were looked at at {last.at:%H:%M} UTC.")


def _static_files() -> Iterator[Finding]:
    """Pages name files by their content: a release whose files were not collected names those of the one before."""
    collected = settings.STATIC_ROOT / "staticfiles.json"
    if settings.DEBUG or not collected.exists():
        return
    newest = max(it.stat().st_mtime for it in (settings.BASE_DIR / "config" / "static").rglob("*") if it.is_file())
    if newest > collected.stat().st_mtime:
        yield warning("Static files are newer than those collected. Run manage.py collectstatic and restart the pages.")


STALE: list[Callable[[], Iterator[Finding]]] = [_recount, _passes, _clock_job, _sending, _kept_too_long, _static_files]
