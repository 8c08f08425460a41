"""Say in plain words what is misconfigured, away or stale."""

from typing import Any

from django.core.management.base import BaseCommand

from config.health import examine

MARKS = {"ok": "  ok       ", "warning": "! warning  ", "error": "x error    "}


class Command(BaseCommand):
    help = "Says in plain words what is misconfigured, away or stale. Exits 1 when something does not work."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        worst = 0
        for finding in examine():
            self.stdout.write(MARKS[finding.level] + finding.words)
            worst = max(worst, finding.level == "error")
        if worst:
            raise SystemExit(1)
