"""`manage.py recount_panel`: the counts of the panel that lists are read from, made or proved right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from verdicts.models.tally import recount


class Command(BaseCommand):
    help = "Count the panel's verdicts on every tool again. With --check nothing is written, and a difference exits 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only tell whether the counts are right.")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            wrong = recount()
            transaction.set_rollback(options["check"])
        words = f"{len(wrong):,} tool{'' if len(wrong) == 1 else 's'} had a wrong count"
        if wrong and options["check"]:
            raise CommandError(f"{words}; run it without --check to put them right.")
        self.stdout.write(f"{words}; put right." if wrong else "Every count is right.")
