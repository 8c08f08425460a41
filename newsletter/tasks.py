"""Jobs of the newsletter. They take what a request knew, and running one twice does no harm."""

from celery import shared_task
from django.utils import timezone

from newsletter import moving, subscribing
from newsletter.addresses import parse
from newsletter.models import Confirmation, Subscriber


@shared_task(ignore_result=True, acks_late=True)
def request_subscription(email: str, form: str, network: str, follow: list[int] | None = None) -> None:
    """Do what a request for the mail asks for, away from the request: so answers take the same time for everyone.

    `follow` holds the key of a tool, or of the two of a pair, that it asks to follow as well.
    """
    subscribing.request(parse(email), form=form, network=network, follow=follow or [])


@shared_task(ignore_result=True, acks_late=True)
def request_move(public_id: str, email: str, network: str) -> None:
    """Ask both addresses whether the mail shall go to the new one."""
    moving.request(public_id, parse(email), network=network)


@shared_task(ignore_result=True)
def forget_unconfirmed() -> None:
    """Delete links that ran out a month ago, and addresses that never confirmed one."""
    month_ago = timezone.now() - 30 * subscribing.DAY
    Confirmation.objects.filter(expires_at__lt=month_ago).delete()
    waiting = Subscriber.objects.filter(state=Subscriber.State.PENDING, created_at__lt=month_ago)
    waiting.filter(confirmations__isnull=True).delete()
