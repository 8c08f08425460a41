"""Import tools from a CSV or JSON Lines file."""

from argparse import ArgumentParser
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, InterfaceError, OperationalError
from rich.progress import track

from tools.importing import UnreadableFile, import_tools
from tools.models import Category


class Command(BaseCommand):
    help = (
        "Import tools from a CSV or JSON Lines file (UTF-8) with the columns name, slug, tagline, description, vendor, "
        "homepage, repository, category, licence, entry, latest_version and released_on. Only name is required. "
        "Known tools are updated, empty cells change nothing, and the same file twice changes nothing. "
        "Refused rows are listed with their line and reason, and make the exit code 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Report what would happen and write nothing.")
        parser.add_argument(
            "--publish", action="store_true", help="Publish new tools instead of keeping them as drafts."
        )
        parser.add_argument("--category", default="", metavar="NAME", help="For new tools whose row names no category.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Category._meta.get_field("name").run_validators(options["category"])
            report = import_tools(
                options["file"],
                default_category=options["category"],
                publish=options["publish"],
                dry_run=options["dry_run"],
                track=self._track if self.stdout.isatty() else iter,
            )
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(f"--category: {' '.join(error.messages)}") from error
        except IntegrityError as error:
            raise CommandError("The catalogue changed during the import; nothing was written. Try again.") from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                "The database went away during the import; nothing was written. Run it again when it is back."
            ) from error
        for line in report.lines():
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("\nDry run: nothing was written.")
        if refused := report.count("refused"):
            raise CommandError(f"{refused:,} {'row was' if refused == 1 else 'rows were'} refused.")

    @property
    def _track(self) -> partial[Iterable]:
        return partial(track, description="Importing", transient=True)
