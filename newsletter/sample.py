"""Two past issues for the sample site's archive, and the next one taking shape. Nobody is sent anything."""

import datetime

from django.db import transaction
from django.utils import timezone

from newsletter.choosing import choose
from newsletter.freezing import write_content, write_editions
from newsletter.models import Issue
from newsletter.schedule import Period, period_after

PAST = 2
SHIFT = datetime.timedelta(days=1)
INTRO = (
    "This is the sample site: the verdicts below were made up to show what an issue looks like. "
    "An editor writes a paragraph like this one, or none."
)


@transaction.atomic
def load(now: datetime.datetime | None = None) -> dict[str, int]:
    """Make what is missing; a site that has had an issue keeps what it has."""
    coming = period_after(now or timezone.now())
    if Issue.objects.exists():
        return {"issues": 0}
    for weeks in range(PAST, 0, -1):
        _past(Period(coming.day - weeks * datetime.timedelta(days=7)))
    Issue.objects.filter(pk=Issue.of(coming).pk).update(intro=INTRO)
    return {"issues": Issue.objects.count()}


def _past(period: Period) -> None:
    """Record an issue as if it had gone out in its week, to nobody."""
    issue = Issue.of(period)
    content = choose(issue)
    if not content.blocks:
        issue.state, issue.finished_at = Issue.State.SKIPPED, period.cutoff
    else:
        write_editions(issue, content)
        write_content(issue, content)
        issue.state, issue.frozen_at = Issue.State.DONE, period.cutoff
        issue.finished_at = period.sends_at + SHIFT
    issue.save()
