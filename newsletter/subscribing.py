"""Asking for the mail and confirming it. Whoever asks is answered the same; what happens depends on the address."""

import datetime

from django.db import transaction
from django.utils import timezone

from newsletter import consenting, mailing, tokens
from newsletter.addresses import Address, fingerprint
from newsletter.models import Confirmation, ConsentEvent, Subscriber, Suppression

DAY = datetime.timedelta(days=1)
CONFIRM_WITHIN = 7 * DAY
MAILS_PER_DAY, MAILS_PER_MONTH = 3, 5
LIFTED_BY_ASKING = [Suppression.Reason.UNSUBSCRIBED]


@transaction.atomic
def request(address: Address, *, form: str, network: str) -> None:
    """Mail a link to confirm with, or a word that all is well already; nothing to whom we may not write."""
    if not address.is_wanted:
        return
    digest = fingerprint(address.norm)
    barred = Suppression.objects.standing().filter(address_hmac=digest).exclude(reason__in=LIFTED_BY_ASKING)
    if barred.exists():
        return
    subscriber = _subscriber(address, digest)
    if subscriber.state == Subscriber.State.ACTIVE:
        _remind(subscriber)
    elif _may_be_asked(subscriber):
        consenting.note(subscriber, ConsentEvent.Kind.REQUESTED, form=form, network=network, text=True)
        secret = open_confirmation(subscriber, Confirmation.Purpose.CONFIRM, CONFIRM_WITHIN)
        email = subscriber.email
        transaction.on_commit(lambda: _mail(email, secret))


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


def _mail(email: str, secret: str) -> None:
    """Mail a link. One that could not be mailed is forgotten: it must not count among those the owner was sent."""
    try:
        mailing.confirm(email, secret)
    except Exception:
        Confirmation.objects.filter(token_hash=tokens.digest(secret)).delete()
        raise


def _may_be_asked(subscriber: Subscriber) -> bool:
    """Whether another mail may go to an address whose owner may never have asked for one."""
    now = timezone.now()
    sent = subscriber.confirmations.filter(purpose=Confirmation.Purpose.CONFIRM)
    return (
        sent.filter(created_at__gt=now - DAY).count() < MAILS_PER_DAY
        and sent.filter(created_at__gt=now - 30 * DAY).count() < MAILS_PER_MONTH
    )


def _remind(subscriber: Subscriber) -> None:
    now = timezone.now()
    if subscriber.reminded_at and subscriber.reminded_at > now - DAY:
        return
    subscriber.reminded_at = now
    subscriber.save(update_fields=["reminded_at"])
    transaction.on_commit(lambda: mailing.subscribed_already(subscriber))


def open_confirmation(subscriber: Subscriber, purpose: str, within: datetime.timedelta, **payload: str) -> str:
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


@transaction.atomic
def confirm(confirmation: Confirmation, *, network: str) -> bool:
    """Start the subscription. False when the link no longer works."""
    subscriber = Subscriber.objects.select_for_update().get(pk=confirmation.subscriber_id)
    waits = subscriber.state in (Subscriber.State.PENDING, Subscriber.State.UNSUBSCRIBED)
    if not waits or not use(confirmation):
        return False
    Suppression.objects.filter(address_hmac=subscriber.address_hmac, reason__in=LIFTED_BY_ASKING).delete()
    subscriber.state, subscriber.confirmed_at = Subscriber.State.ACTIVE, timezone.now()
    subscriber.unsubscribed_at = None
    subscriber.save()
    consenting.note(subscriber, ConsentEvent.Kind.CONFIRMED, form="confirm", network=network, text=True)
    return True
