"""Taking a subscription to another address: both have to agree, each by a link that only its mailbox gets."""

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from newsletter import consenting, mailing, subscribing
from newsletter.addresses import Address, fingerprint, parse
from newsletter.models import Confirmation, ConsentEvent, Subscriber

Purpose = Confirmation.Purpose
OTHER = {Purpose.CHANGE: Purpose.RELEASE, Purpose.RELEASE: Purpose.CHANGE}
MAILS_PER_DAY = 3
GIVEN_UP = [Subscriber.State.PENDING, Subscriber.State.UNSUBSCRIBED]


@transaction.atomic
def request(public_id: str, address: Address, *, network: str) -> None:
    """Mail a link to either address. Where the new one may not be written to, or reads the mail itself, no move begins.

    Who asked is not told which: one could find out who is subscribed.
    """
    subscriber = Subscriber.objects.active().select_for_update().filter(public_id=public_id).first()
    digest = fingerprint(address.norm)
    if subscriber is None or not subscribing.may_be_written_to(address, digest) or not _may_be_asked(subscriber):
        return
    there = Subscriber.objects.filter(address_hmac=digest).first()
    if there and there.state not in GIVEN_UP:
        if there.state == Subscriber.State.ACTIVE and there.pk != subscriber.pk:
            subscribing.remind(there)
        return
    pair = get_random_string(16)
    consenting.note(subscriber, ConsentEvent.Kind.REQUESTED, form="move", network=network, to=digest.hex())
    leaves, arrives = (
        subscribing.open_confirmation(
            subscriber, purpose, subscribing.CONFIRM_WITHIN, pair=pair, email=address.email, norm=address.norm
        )
        for purpose in (Purpose.RELEASE, Purpose.CHANGE)
    )
    former = subscriber.email
    transaction.on_commit(lambda: mailing.release(former, leaves))
    transaction.on_commit(lambda: mailing.take_over(address.email, arrives))


def _may_be_asked(subscriber: Subscriber) -> bool:
    since = timezone.now() - subscribing.DAY
    return subscriber.confirmations.filter(purpose=Purpose.CHANGE, created_at__gt=since).count() < MAILS_PER_DAY


@transaction.atomic
def agree(confirmation: Confirmation, *, network: str) -> bool | None:
    """Write down that one address agrees, and move when the other has.

    True when the mail goes to the new address from now on, False while the other has not agreed, None when the link no
    longer works: also when the new address has come to read the mail itself, or may not be written to any more.
    """
    subscriber = Subscriber.objects.select_for_update().get(pk=confirmation.subscriber_id)
    address = parse(confirmation.payload["email"])
    if not _is_open_to(subscriber, address) or not subscribing.use(confirmation):
        return None
    other = subscriber.confirmations.filter(
        purpose=OTHER[Purpose(confirmation.purpose)], payload__pair=confirmation.payload["pair"]
    )
    if not other.exclude(used_at=None).exists():
        return False
    _move(subscriber, address, network)
    return True


def _is_open_to(subscriber: Subscriber, address: Address) -> bool:
    digest = fingerprint(address.norm)
    if subscriber.state != Subscriber.State.ACTIVE or not subscribing.may_be_written_to(address, digest):
        return False
    there = Subscriber.objects.filter(address_hmac=digest).first()
    return there is None or there.state in GIVEN_UP


def _move(subscriber: Subscriber, address: Address, network: str) -> None:
    """Write the new address down. Links of preferences in older mails work no more, those that unsubscribe do.

    A row of the new address that never confirmed, or left, goes; what it agreed to stays with the address.
    """
    former = bytes(subscriber.address_hmac).hex()
    Subscriber.objects.filter(address_hmac=fingerprint(address.norm), state__in=GIVEN_UP).delete()
    subscriber.email, subscriber.email_norm = address.email, address.norm
    subscriber.token_version += 1
    subscriber.soft_bounce_weeks = []
    subscriber.save()
    subscribing.lift(subscriber)
    consenting.note(subscriber, ConsentEvent.Kind.MOVED, form="move", network=network, former=former)
