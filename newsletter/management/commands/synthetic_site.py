"""`manage.py synthetic_site`: a made-up site of any size, for measuring."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from rich.progress import track

from newsletter.synthetic import Refused, Size, SyntheticSite, everything


class Command(BaseCommand):
    help = (
        "Fill an empty database, or the sample site, with made-up tools, votes and subscribers. The same numbers and "
        "seed make the same site, and running it again adds nothing. Refuses a database with real tools."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tools", type=int, default=0, metavar="N")
        parser.add_argument("--votes", type=int, default=0, metavar="N", help="Spread by Zipf's law; they need tools.")
        parser.add_argument("--subscribers", type=int, default=0, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="Another seed makes another site.")
        parser.add_argument("--force", action="store_true", help="Add it even where there are real tools.")

    def handle(self, *args: object, **options: Any) -> None:
        size = Size(options["tools"], options["votes"], options["subscribers"], options["seed"])
        try:
            made = SyntheticSite(size, timezone.localdate(), self._track()).make(force=options["force"])
        except Refused as error:
            raise CommandError(str(error)) from error
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # a site that grew has statistics; one that was filled at once has none yet
        counts = ", ".join(f"{count:,} {kind}" for kind, count in made.items() if count)
        self.stdout.write(f"Synthetic site: {counts} made." if counts else "Synthetic site: nothing was missing.")

    def _track(self) -> Callable[..., Iterable[Any]]:
        """Return how rows are gone through: with a progress bar where someone watches."""
        return partial(track, transient=True) if self.stdout.isatty() else everything
