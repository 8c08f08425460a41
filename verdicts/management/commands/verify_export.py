"""Prove a dump."""

from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verdicts.dump.verifying import verify

MOST_LINES = 50


class Command(BaseCommand):
    help = (
        "Compute every shown number of a dump anew from the dump alone, and compare its checksums and its two forms. "
        "Needs no database. Exits with 1 and says what differs when something does."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = list(islice(verify(options["folder"]), MOST_LINES + 1))
        for line in wrong[:MOST_LINES]:
            self.stdout.write(line)
        if wrong:
            more = "at least " if len(wrong) > MOST_LINES else ""
            raise CommandError(f"{more}{min(len(wrong), MOST_LINES)} things do not follow from this dump.")
        self.stdout.write("Every shown number follows from this dump.")
