"""Look after the search index."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tools.search import out_of_step, rebuild


class Command(BaseCommand):
    help = (
        "verify: compare the search index with the tools and exit with 1 where they differ. rebuild: make it anew, "
        "with its triggers (needed after a migration that rebuilt the table of tools on SQLite, or once pg_trgm has been created)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify", "rebuild"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "rebuild":
            self.stdout.write(f"The index holds {rebuild(self.stderr.write):,} tools.")
            return
        if wrong := out_of_step():
            for line in wrong[:20]:
                self.stdout.write(line)
            raise CommandError(
                f"The search index is out of step in {len(wrong):,} places. Run: manage.py search_index rebuild"
            )
        self.stdout.write("The search index is in step.")
