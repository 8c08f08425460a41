"""What became of mails after they were sent: each report is kept once, whoever brings it and however often."""

import datetime

from django.db import transaction

from newsletter import leaving
from newsletter.addresses import Refused, fingerprint, parse
from newsletter.models import ProviderEvent, Subscriber, Suppression

Kind = ProviderEvent.Kind
FOR_GOOD = {Kind.HARD: Suppression.Reason.HARD, Kind.COMPLAINT: Suppression.Reason.COMPLAINT}
MOST_SOFT, OF_THE_LAST = 3, 5  # weeks; for who reads once a month, months


@transaction.atomic
def record(
    kind: str,
    *,
    esp: str,
    event_id: str,
    address: str,
    at: datetime.datetime,
    issue_no: int | None = None,
    code: str = "",
) -> bool:
    """Act on one report. False when it was known, or is about nothing that could be an address.

    A policy refusal (5.7.x) is our fault, and suppresses nobody. Nothing makes an unsubscribed reader active again.
    """
    try:
        digest = fingerprint(parse(address).norm)
    except Refused:
        return False
    subscriber = Subscriber.objects.select_for_update().filter(address_hmac=digest).first()
    values = {
        "kind": kind,
        "address_hmac": digest,
        "subscriber": subscriber,
        "issue_no": issue_no,
        "at": at,
        "detail": {"code": code[:9]} if code else {},
    }
    _, is_new = ProviderEvent.objects.get_or_create(esp=esp[:32], event_id=event_id[:128], defaults=values)
    if not is_new:
        return False
    if kind in FOR_GOOD:
        leaving.suppress(digest, reason=FOR_GOOD[Kind(kind)], source=esp[:64])
    elif subscriber and kind == Kind.UNSUBSCRIBED:
        leaving.unsubscribe(subscriber, form=esp[:64])
    elif subscriber and kind == Kind.DELIVERED:
        Subscriber.objects.filter(pk=subscriber.pk).update(soft_bounce_weeks=[], last_event_at=at)
    elif subscriber and kind == Kind.SOFT:
        bounced_for_now(subscriber, at, source=esp)
    return True


def bounced_for_now(subscriber: Subscriber, at: datetime.datetime, *, source: str) -> None:
    """Remember that this week's mail did not arrive; the third of the last five is the last one."""
    span = OF_THE_LAST * (7 if subscriber.frequency == Subscriber.Frequency.WEEKLY else 31)
    monday = at.date() - datetime.timedelta(days=at.weekday())
    since = monday - datetime.timedelta(days=span)
    recent = {week for week in subscriber.soft_bounce_weeks if since < datetime.date.fromisoformat(week)}
    weeks = sorted(recent | {monday.isoformat()})
    Subscriber.objects.filter(pk=subscriber.pk).update(soft_bounce_weeks=weeks, last_event_at=at)
    if len(weeks) >= MOST_SOFT:
        leaving.suppress(bytes(subscriber.address_hmac), reason=Suppression.Reason.HARD, source=source[:64])
