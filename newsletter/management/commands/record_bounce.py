"""`manage.py record_bounce < mail`: for mail servers that pipe bounces and complaints to a command."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from newsletter import bouncing, reports

MOST_BYTES = 2_000_000


class Command(BaseCommand):
    help = "Read one bounce (RFC 3464) or complaint (RFC 5965) from standard input, and act on what it reports."

    def handle(self, *args: Any, **options: Any) -> None:
        told = reports.read(sys.stdin.buffer.read(MOST_BYTES))
        new = [
            bouncing.record(
                report.kind,
                esp="smtp",
                event_id=report.event_id,
                address=report.address,
                at=timezone.now(),
                code=report.code,
            )
            for report in told
        ]
        self.stdout.write(f"{len(told)} reported, {sum(new)} new.")
