"""A sending process for tests that kill it. Its leases are short."""

import datetime
import mmap
import os
import signal
import time

import django

import tests.environment  # noqa: F401  (before the settings)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from newsletter import leases, stopping  # noqa: E402
from newsletter.models import SendBatch  # noqa: E402
from newsletter.sending import Sender  # noqa: E402
from newsletter.smtp import Server, Session  # noqa: E402


def work(port: int) -> None:
    """Send through a server of this machine until nothing is left, or until told to end."""
    leases.LEASE = datetime.timedelta(seconds=3)
    leases.RENEW_SECONDS, leases.MARGIN_SECONDS = 0.5, 1
    stopping._asked = mmap.mmap(-1, 1)  # not shared with the others: each is told by itself
    signal.signal(signal.SIGTERM, stopping.ask)
    while not stopping.is_asked() and SendBatch.objects.exclude(state="done").exists():
        Sender(Session(Server("127.0.0.1", port))).work()
        time.sleep(0.1)
