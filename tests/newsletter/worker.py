"""A sending process for tests that kill it: `python -m tests.newsletter.worker HOST:PORT`. Its leases are short."""

import datetime
import os
import signal
import sys
import time

import tests.environment  # noqa: F401  (before the settings)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    import django

    django.setup()
    from newsletter import leases, stopping
    from newsletter.models import SendBatch
    from newsletter.sending import Sender
    from newsletter.smtp import Server, Session

    leases.LEASE = datetime.timedelta(seconds=3)
    leases.RENEW_SECONDS, leases.MARGIN_SECONDS = 0.5, 1
    signal.signal(signal.SIGTERM, stopping.ask)
    host, port = sys.argv[1].split(":")
    while not stopping.is_asked() and SendBatch.objects.exclude(state="done").exists():
        Sender(Session(Server(host, int(port)))).work()
        time.sleep(0.1)


if __name__ == "__main__":
    main()
