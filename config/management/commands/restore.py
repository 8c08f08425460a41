"""Put a backup back, and prove that all of it is there."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import backups


class Command(BaseCommand):
    help = "Puts a backup into the database and the uploads of the settings, after checking that it is whole."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="lose what is in the database now")

    def handle(self, *args: Any, folder: Path, overwrite: bool, **options: Any) -> None:
        try:
            rows = backups.restore(folder, overwrite=overwrite)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{sum(rows.values()):,} rows of {len(rows)} tables are back. Run manage.py doctor next.")
