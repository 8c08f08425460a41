"""Write the OpenAPI document anew, after a change of the API."""

from typing import Any

from django.core.management.base import BaseCommand

from config.api.document import FILE, made


class Command(BaseCommand):
    help = "Write config/api/openapi.yaml from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        FILE.write_text(made(), encoding="utf-8")
        self.stdout.write(f"{FILE.name} written.")
