"""Asking for the mail and confirming it. Whoever asks is answered the same; what happens depends on the address."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from newsletter import consenting, mailing, tokens, watching
from newsletter.addresses import Address, fingerprint
from newsletter.models import Confirmation, ConsentEvent, Subscriber, Suppression

DAY = datetime.timedelta(days=1)
CONFIRM_WITHIN = 7 * DAY
MAILS_PER_DAY, MAILS_PER_MONTH = 3, 5
LIFTED_BY_ASKING = [Suppression.Reason.UNSUBSCRIBED]


@transaction.atomic
def request(address: Address, *, form: str, network: str, follow: Sequence[int] = ()) -> None:
    """Mail a link to confirm with, or a word that all is well already; nothing to whom we may not write.

    `follow` holds the keys of a tool or a pair to follow once the link is used; of who reads the mail already that is
    all there is to confirm.
    """
    digest = fingerprint(address.norm)
    if not may_be_written_to(address, digest):
        return
    subscriber = _subscriber(address, digest)
    if subscriber.state == Subscriber.State.ACTIVE and not follow:
        remind(subscriber)
    elif _may_be_asked(subscriber):
        is_new = subscriber.state != Subscriber.State.ACTIVE
        if is_new:
            consenting.note(subscriber, ConsentEvent.Kind.REQUESTED, form=form, network=network, text=True)
        purpose = Confirmation.Purpose.CONFIRM if is_new else Confirmation.Purpose.FOLLOW
        keys = open_follows(subscriber, purpose)
        secret = open_confirmation(
            subscriber, purpose, CONFIRM_WITHIN, follow=watching.added(keys, sorted(follow)) if follow else keys
        )
        email, send = subscriber.email, mailing.confirm if is_new else mailing.confirm_following
        transaction.on_commit(lambda: mail_link(send, email, secret))


def may_be_written_to(address: Address, digest: bytes) -> bool:
    """Whether an address is a person's, and nothing stands against it that asking would not lift."""
    barred = Suppression.objects.standing().filter(address_hmac=digest).exclude(reason__in=LIFTED_BY_ASKING)
    return address.is_wanted and not barred.exists()


def open_follows(subscriber: Subscriber, purpose: str) -> list[list[int]]:
    """Return what the link that is about to be replaced would follow: the newer one stands for it as well."""
    former = subscriber.confirmations.filter(
        purpose=purpose, used_at=None, superseded=False, expires_at__gt=timezone.now()
    )
    return (former.values_list("payload", flat=True).first() or {}).get("follow", [])


def _subscriber(address: Address, digest: bytes) -> Subscriber:
    """Return the row of an address, locked. One that was erased or suppressed, and may be again, starts anew."""
    fields = {"email": address.email, "email_norm": address.norm}
    Subscriber.objects.get_or_create(address_hmac=digest, defaults=fields)
    subscriber = Subscriber.objects.select_for_update().get(address_hmac=digest)
    if subscriber.state in (Subscriber.State.ERASED, Subscriber.State.SUPPRESSED):
        subscriber.email, subscriber.email_norm = address.email, address.norm
        subscriber.state, subscriber.confirmed_at = Subscriber.State.PENDING, None
        subscriber.save()
    return subscriber


def mail_link(send: Callable[[str, str], None], email: str, secret: str) -> None:
    """Mail a link. One that could not be mailed is forgotten: it must not count among those the owner was sent."""
    try:
        send(email, secret)
    except Exception:
        Confirmation.objects.filter(token_hash=tokens.digest(secret)).delete()
        raise


def _may_be_asked(subscriber: Subscriber) -> bool:
    """Whether another mail may go to an address whose owner may never have asked for one."""
    now = timezone.now()
    sent = subscriber.confirmations.filter(purpose__in=[Confirmation.Purpose.CONFIRM, Confirmation.Purpose.FOLLOW])
    return (
        sent.filter(created_at__gt=now - DAY).count() < MAILS_PER_DAY
        and sent.filter(created_at__gt=now - 30 * DAY).count() < MAILS_PER_MONTH
    )


def remind(subscriber: Subscriber) -> None:
    now = timezone.now()
    if subscriber.reminded_at and subscriber.reminded_at > now - DAY:
        return
    subscriber.reminded_at = now
    subscriber.save(update_fields=["reminded_at"])
    transaction.on_commit(lambda: mailing.subscribed_already(subscriber))


def open_confirmation(subscriber: Subscriber, purpose: str, within: datetime.timedelta, **payload: Any) -> str:
    """Return the secret of a new link; the one before it works no more."""
    Confirmation.objects.filter(subscriber=subscriber, purpose=purpose, used_at=None).update(superseded=True)
    secret, digest = tokens.new_secret()
    Confirmation.objects.create(
        subscriber=subscriber,
        purpose=purpose,
        token_hash=digest,
        expires_at=timezone.now() + within,
        payload=payload,
    )
    return secret


def find_confirmation(secret: str, *purposes: str) -> Confirmation | None:
    """Return the link of a secret, used or not; None for one we never mailed."""
    found = Confirmation.objects.filter(token_hash=tokens.digest(secret), purpose__in=purposes)
    return found.select_related("subscriber").first()


@transaction.atomic
def use(confirmation: Confirmation) -> bool:
    """Take the one use of a link. False when it was used, has run out, or a newer one was asked for."""
    free = Confirmation.objects.filter(
        pk=confirmation.pk, used_at=None, superseded=False, expires_at__gt=timezone.now()
    )
    return bool(free.update(used_at=timezone.now()))


def lift(subscriber: Subscriber) -> None:
    """Take away what stood against an address only until its owner asked for the mail."""
    Suppression.objects.filter(address_hmac=subscriber.address_hmac, reason__in=LIFTED_BY_ASKING).delete()


@transaction.atomic
def confirm(confirmation: Confirmation, *, network: str) -> bool:
    """Start the subscription. False when the link no longer works."""
    subscriber = Subscriber.objects.select_for_update().get(pk=confirmation.subscriber_id)
    waits = subscriber.state in (Subscriber.State.PENDING, Subscriber.State.UNSUBSCRIBED)
    if not waits or not use(confirmation):
        return False
    lift(subscriber)
    subscriber.state, subscriber.confirmed_at = Subscriber.State.ACTIVE, timezone.now()
    subscriber.unsubscribed_at = None
    subscriber.save()
    consenting.note(subscriber, ConsentEvent.Kind.CONFIRMED, form="confirm", network=network, text=True)
    _follow(subscriber, confirmation, network)
    return True


@transaction.atomic
def confirm_following(confirmation: Confirmation, *, network: str) -> bool:
    """Follow what a link stands for. False when it no longer works, or the mail no longer comes."""
    subscriber = Subscriber.objects.select_for_update().get(pk=confirmation.subscriber_id)
    if subscriber.state != Subscriber.State.ACTIVE or not use(confirmation):
        return False
    _follow(subscriber, confirmation, network)
    return True


def _follow(subscriber: Subscriber, confirmation: Confirmation, network: str) -> None:
    for tools in watching.meant_by(confirmation.payload.get("follow", [])):
        watching.follow(subscriber, tools, form="confirm", network=network)
