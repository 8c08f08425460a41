"""Write the public dump."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verdicts.dump.exporting import export


class Command(BaseCommand):
    help = (
        "Write everything the site says into an empty folder, as JSON Lines and CSV with checksums and the licence: "
        "tools, facts, prices, personas, verdicts and their revisions, votes as counts per day (no voter), and every "
        "number that is shown. verify_export proves the numbers from the rest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = export(options["folder"])
        except OSError as error:
            raise CommandError(str(error)) from error
        for name, number in rows.items():
            self.stdout.write(f"{number:>10,}  {name}")
