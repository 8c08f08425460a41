"""Jobs of the newsletter. They take what a request knew, and running one twice does no harm."""

import logging
from smtplib import SMTPException

from celery import Task, shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from newsletter import subscribing
from newsletter.addresses import parse
from newsletter.models import Confirmation, Subscriber

AGAIN_SECONDS, MOST_TIMES = 60, 24 * 60
PASSING = (SMTPException, OSError, OperationalError, InterfaceError)  # what is away now, and will come back
logger = logging.getLogger(__name__)


def ask_for_subscription(email: str, form: str, network: str) -> None:
    """Leave a request to a worker; while the broker is away it is done at once: what was acknowledged is never lost."""
    try:
        request_subscription.delay(email, form, network)
    except BrokerAway as error:
        logger.warning("the broker is away, a subscription is asked for at once: %s", error)
        request_subscription(email, form, network)


@shared_task(bind=True, ignore_result=True, acks_late=True, max_retries=MOST_TIMES)
def request_subscription(self: Task, email: str, form: str, network: str) -> None:
    """Do what a request for the mail asks for, away from the request: so answers take the same time for everyone.

    While the mail server or the database is away it is tried again every minute, for a day.
    """
    try:
        subscribing.request(parse(email), form=form, network=network)
    except PASSING as error:
        if self.request.is_eager or self.request.called_directly:
            raise
        raise self.retry(exc=error, countdown=AGAIN_SECONDS) from error


@shared_task(ignore_result=True)
def forget_unconfirmed() -> None:
    """Delete links that ran out a month ago, and addresses that never confirmed one."""
    month_ago = timezone.now() - 30 * subscribing.DAY
    Confirmation.objects.filter(expires_at__lt=month_ago).delete()
    waiting = Subscriber.objects.filter(state=Subscriber.State.PENDING, created_at__lt=month_ago)
    waiting.filter(confirmations__isnull=True).delete()
