"""Jobs about accounts."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_expired_sessions() -> None:
    """Delete sessions that have run out. Running it twice does no harm."""
    call_command("clearsessions")
