"""Jobs about the catalogue."""

import datetime

from celery import shared_task
from django.utils import timezone

from tools.models import Touch

TOUCHES_KEPT = datetime.timedelta(hours=1)


@shared_task
def forget_old_touches() -> None:
    """Delete touches that every process has heard of long ago; pages kept anywhere are younger than that."""
    Touch.objects.filter(at__lt=timezone.now() - TOUCHES_KEPT).delete()
