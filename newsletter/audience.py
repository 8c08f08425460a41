"""Who gets an issue: the one place that knows how readers, their wishes and what stands against them are kept."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from newsletter import bouncing, leaving
from newsletter.models import Issue, Subscriber, Suppression, Topic

MONTHLY = Subscriber.Frequency.MONTHLY


def candidates() -> QuerySet[Subscriber]:
    """Readers who have confirmed and not left."""
    return Subscriber.objects.active()


def recipients(issue: Issue) -> QuerySet[Subscriber]:
    """Those of them who get this issue: not paused, not suppressed, and monthly ones only where a month is due."""
    readers = Subscriber.objects.mailable(issue.day)
    if issue.pk is None or not issue.months.exists():
        readers = readers.exclude(frequency=MONTHLY)
    return readers


def kinds(*, monthly: bool) -> list[tuple[int, bool]]:
    """Return the choices of topics among the readers, each with whether they read monthly."""
    readers = candidates() if monthly else candidates().exclude(frequency=MONTHLY)
    rows = readers.order_by("topics", "frequency").values_list("topics", "frequency").distinct()
    return [(topics, frequency == MONTHLY) for topics, frequency in rows]


def categories_of(topics: int) -> set[int] | None:
    """Return the categories that a choice of topics means; None for all of them."""
    if not topics:
        return None
    bits = Topic.objects.exclude(category=None).values_list("bit", "category")
    return {category for bit, category in bits if topics >> bit & 1}


def numbered(readers: QuerySet[Subscriber], groups: Sequence[Any]) -> tuple[str, tuple]:
    """Return the SQL of readers with a running `place` from 1, and the number of the edition each gets."""
    rhythm = {True: MONTHLY, False: Subscriber.Frequency.WEEKLY}
    cases = [When(topics=g.topics, frequency=rhythm[g.is_monthly], then=Value(g.edition)) for g in groups]
    rows = readers.order_by().annotate(
        place=Window(RowNumber(), order_by="pk"),
        edition=Case(*cases, default=Value(0), output_field=IntegerField()),
        address=F("email"),
    )
    return rows.values("id", "place", "address", "address_hmac", "edition").query.sql_with_params()


def ineligible(ids: list[int], day: datetime.date | None = None) -> set[int]:
    """Return which of some readers may not be written to any more."""
    on = max(day, timezone.localdate()) if day else timezone.localdate()
    fine = Subscriber.objects.mailable(on).filter(pk__in=ids).values_list("pk", flat=True)
    return set(ids) - set(fine)


def names_in_links(ids: list[int]) -> dict[int, tuple[Any, int]]:
    """Return what stands for each reader in links, and the version of the links that are good."""
    rows = Subscriber.objects.filter(pk__in=ids).values_list("pk", "public_id", "token_version")
    return {pk: (public_id, version) for pk, public_id, version in rows}


def bounced(subscriber_id: int, *, is_final: bool) -> None:
    """Record that a mail server refused a reader's address, for good or for now."""
    reader = Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
    if reader is None:
        return
    if is_final:
        leaving.suppress(bytes(reader.address_hmac), reason=Suppression.Reason.HARD, source="smtp")
    else:
        bouncing.bounced_for_now(reader, timezone.now(), source="smtp")
