"""Ending a subscription, and being forgotten."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from newsletter import consenting
from newsletter.models import Confirmation, ConsentEvent, Delivery, Subscriber, Suppression

LEAVES = [Subscriber.State.PENDING, Subscriber.State.ACTIVE]


@transaction.atomic
def unsubscribe(subscriber: Subscriber, *, form: str, **detail: Any) -> None:
    """End the subscription now. Doing it again changes nothing and writes nothing."""
    now = timezone.now()
    standing = Subscriber.objects.filter(pk=subscriber.pk, state__in=LEAVES)
    if standing.update(state=Subscriber.State.UNSUBSCRIBED, unsubscribed_at=now):
        Confirmation.objects.filter(subscriber=subscriber, used_at=None).update(superseded=True)
        consenting.note(subscriber, ConsentEvent.Kind.UNSUBSCRIBED, form=form, **detail)


@transaction.atomic
def erase(subscriber: Subscriber) -> None:
    """Forget the address. Its keyed digest stays on the suppression list, so that nobody adds it again."""
    subscriber = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    if subscriber.state == Subscriber.State.ERASED:
        return
    Suppression.objects.get_or_create(
        address_hmac=subscriber.address_hmac, defaults={"reason": Suppression.Reason.ERASED, "source": "the reader"}
    )
    consenting.note(subscriber, ConsentEvent.Kind.ERASED, form="erase")
    subscriber.confirmations.all().delete()
    subscriber.follows.all().delete()
    Delivery.objects.forget(subscriber.pk)
    Subscriber.objects.filter(pk=subscriber.pk).update(
        state=Subscriber.State.ERASED, email="", email_norm=None, topics=0, tz="UTC", paused_until=None
    )


@transaction.atomic
def suppress(address_hmac: bytes, *, reason: str, source: str) -> None:
    """Never mail this address again, whether we know a subscriber of it or not."""
    row, made = Suppression.objects.get_or_create(
        address_hmac=address_hmac, defaults={"reason": reason, "source": source}
    )
    if not made and row.reason == Suppression.Reason.UNSUBSCRIBED:  # asking again would lift that one
        Suppression.objects.filter(pk=row.pk).update(reason=reason, source=source, until=None)
    known = Subscriber.objects.filter(address_hmac=address_hmac).exclude(
        state__in=[Subscriber.State.ERASED, Subscriber.State.SUPPRESSED]
    )
    subscriber = known.first()
    if subscriber and known.update(state=Subscriber.State.SUPPRESSED):
        consenting.note(subscriber, ConsentEvent.Kind.SUPPRESSED, form=source, reason=reason)
