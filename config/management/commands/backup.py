"""Write the database and the uploads of this moment into a folder."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import backups


class Command(BaseCommand):
    help = "Writes the database and the uploads into an empty folder, with checksums. Salts, signals and sessions are left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            rows = backups.make(folder)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{sum(rows.values()):,} rows of {len(rows)} tables and the uploads are in {folder}.")
