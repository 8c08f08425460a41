"""Trying two subjects: at freezing the readers are split, two hours after the first mail the rest gets the better one.

What a reader gets stands in the ledger as the number of an edition; the second subject's editions are those past SECOND.
"""

import copy
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Mod
from django.utils import timezone

from newsletter.models import Delivery, Issue, LinkHit, SendBatch, SubjectTest, Subscriber

if TYPE_CHECKING:
    from newsletter.freezing import Group

SECOND = 10_000
SECOND_LINKS = 1_000
WAIT = datetime.timedelta(hours=2)
GIVEN_UP = datetime.timedelta(hours=4)  # with nobody to decide, the rest gets the first subject
PARTS = 10


def find(issue: Issue) -> SubjectTest | None:
    return SubjectTest.objects.filter(issue=issue).first()


def with_second_subject(issue: Issue, test: SubjectTest) -> Issue:
    """Return a copy of the issue, never saved, that bears the second subject."""
    other = copy.copy(issue)
    other.subject = test.second
    return other


def begin(issue: Issue, first_wave: datetime.datetime) -> SubjectTest | None:
    """Fix when the test is decided; None for an issue without one."""
    test = find(issue)
    if test:
        test.decide_at = first_wave + WAIT
        test.save(update_fields=["decide_at"])
    return test


def shares(
    test: SubjectTest | None, readers: QuerySet[Subscriber], wave_at: datetime.datetime, groups: "Sequence[Group]"
) -> "Iterator[tuple[QuerySet[Subscriber], datetime.datetime, Sequence[Group], datetime.datetime | None]]":
    """Yield parts of a wave: readers, when, which edition each group gets, and how long the part waits to be decided."""
    if test is None or test.decide_at is None:
        yield readers, wave_at, groups, None
        return
    others = [replace(g, edition=g.edition + SECOND) if g.edition and not g.is_monthly else g for g in groups]
    parted = readers.annotate(part=Mod(F("pk"), PARTS))
    yield parted.filter(part=0), wave_at, groups, None
    yield parted.filter(part=1), wave_at, others, None
    yield parted.filter(part__gt=1), max(wave_at, test.decide_at), groups, test.decide_at + GIVEN_UP


def decide_due(now: datetime.datetime) -> None:
    """Decide the tests whose hour has come."""
    for pk in SubjectTest.objects.due(now).values_list("pk", flat=True):
        decide(pk)


@transaction.atomic
def decide(pk: int) -> None:
    """Settle a test once, and let go of the batches that wait for it. Killed in the middle, it has not been settled."""
    test = SubjectTest.objects.select_for_update().select_related("issue").get(pk=pk)
    if test.decided_at is not None:
        return
    hits = LinkHit.objects.filter(issue_no=test.issue.number or 0)
    test.first_opened = _sum(hits.filter(link_no__lt=SECOND_LINKS))
    test.second_opened = _sum(hits.filter(link_no__gte=SECOND_LINKS))
    is_second = test.second_opened > test.first_opened
    test.winner = SubjectTest.Winner.SECOND if is_second else SubjectTest.Winner.FIRST
    test.decided_at = timezone.now()
    waiting = SendBatch.objects.filter(
        issue=test.issue, state=SendBatch.State.READY, lease_token=0, next_attempt_at__gt=test.decide_at
    )
    batches = list(waiting.select_for_update().values_list("pk", flat=True))
    if is_second:
        weekly = test.issue.editions.filter(is_monthly=False, number__lt=SECOND).values_list("number", flat=True)
        rest = Delivery.objects.filter(batch__in=batches, state=Delivery.State.PENDING, edition__in=list(weekly))
        rest.update(edition=F("edition") + SECOND)
    SendBatch.objects.filter(pk__in=batches).update(next_attempt_at=None)
    test.save()


def _sum(hits: QuerySet[LinkHit]) -> int:
    return hits.aggregate(all=Sum("count"))["all"] or 0
