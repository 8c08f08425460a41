"""Jobs of the newsletter. They take what a request knew, and running one twice does no harm."""

from celery import shared_task
from django.utils import timezone

from newsletter import subscribing
from newsletter.addresses import parse
from newsletter.models import Confirmation, Subscriber


@shared_task(ignore_result=True, acks_late=True)
def request_subscription(email: str, form: str, network: str) -> None:
    """Do what a request for the mail asks for, away from the request: so answers take the same time for everyone."""
    subscribing.request(parse(email), form=form, network=network)


@shared_task(ignore_result=True)
def forget_unconfirmed() -> None:
    """Delete links that ran out a month ago, and addresses that never confirmed one."""
    month_ago = timezone.now() - 30 * subscribing.DAY
    Confirmation.objects.filter(expires_at__lt=month_ago).delete()
    waiting = Subscriber.objects.filter(state=Subscriber.State.PENDING, created_at__lt=month_ago)
    waiting.filter(confirmations__isnull=True).delete()
