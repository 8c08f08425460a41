"""`manage.py import_subscribers FILE`: bring a list in, with the evidence that it has."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsletter.importing import UnreadableFile, import_subscribers

SHOWN = 100


class Command(BaseCommand):
    help = (
        "Import subscribers from a CSV file in UTF-8 with the column address, and any of frequency, time_zone, "
        "confirmed_at, source and words. The last three are the evidence of consent; without them an address stays "
        "unconfirmed and gets nothing. Who is known, left, suppressed or erased stays as is. "
        "Refused lines are listed, without the address, and make the exit code 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Report what would happen and write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                report = import_subscribers(lines, source=path.name[:100], dry_run=options["dry_run"])
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except UnreadableFile as error:
            raise CommandError(f"{error} Nothing was written.") from error
        for line, words in report.refused[:SHOWN]:
            self.stderr.write(f"Line {line}: {words}")
        if (rest := len(report.refused) - SHOWN) > 0:
            self.stderr.write(f"And {rest:,} more.")
        self.stdout.write(report.words)
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was written.")
        if report.refused:
            raise SystemExit(1)
