"""Jobs of the newsletter. They take what a request knew, and running one twice does no harm."""

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from newsletter import moving, subscribing
from newsletter.addresses import parse
from newsletter.models import Confirmation, Subscriber

AGAIN_SECONDS, MOST_TIMES = 60, 24 * 60
PASSING = (SMTPException, OSError, OperationalError, InterfaceError)  # what is away now, and will come back
logger = logging.getLogger(__name__)


def ask(task: Task, *args: Any) -> None:
    """Leave what a reader asked for to a worker; while the broker is away it is done at once.

    What was acknowledged is never lost.
    """
    try:
        task.delay(*args)
    except BrokerAway as error:
        logger.warning("the broker is away, %s is done at once: %s", task.name, error)
        task(*args)


def _try(task: Task, work: Callable[[], None]) -> None:
    """Do a worker's part. While the mail server or the database is away it is tried every minute, for a day."""
    try:
        work()
    except PASSING as error:
        if task.request.is_eager or task.request.called_directly:
            raise
        raise task.retry(exc=error, countdown=AGAIN_SECONDS) from error


@shared_task(bind=True, ignore_result=True, acks_late=True, max_retries=MOST_TIMES)
def request_subscription(self: Task, email: str, form: str, network: str, follow: list[int] | None = None) -> None:
    """Do what a request for the mail asks for, away from the request: so answers take the same time for everyone.

    `follow` holds the key of a tool, or of the two of a pair, that it asks to follow as well.
    """
    _try(self, lambda: subscribing.request(parse(email), form=form, network=network, follow=follow or []))


@shared_task(bind=True, ignore_result=True, acks_late=True, max_retries=MOST_TIMES)
def request_move(self: Task, public_id: str, email: str, network: str) -> None:
    """Ask both addresses whether the mail shall go to the new one."""
    _try(self, lambda: moving.request(public_id, parse(email), network=network))


@shared_task(ignore_result=True)
def forget_unconfirmed() -> None:
    """Delete links that ran out a month ago, and addresses that never confirmed one."""
    month_ago = timezone.now() - 30 * subscribing.DAY
    Confirmation.objects.filter(expires_at__lt=month_ago).delete()
    waiting = Subscriber.objects.filter(state=Subscriber.State.PENDING, created_at__lt=month_ago)
    waiting.filter(confirmations__isnull=True).delete()
