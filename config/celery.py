"""The Celery application: every app's tasks, configured from Django's settings."""

import os

from celery import Celery
from celery.signals import setup_logging, worker_shutting_down
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from newsletter import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("shipworthy")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="jobs")


@setup_logging.connect
def use_django_logging(**kwargs: object) -> None:
    """Log from workers as the site does, instead of letting Celery replace the handlers."""
    import logging.config

    logging.config.dictConfig(settings.LOGGING)


worker_shutting_down.connect(stopping.ask)  # only this process is told; those it has forked look at the same byte
