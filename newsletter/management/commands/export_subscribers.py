"""`manage.py export_subscribers > file`: the list with its consent."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from newsletter.listing import lines
from newsletter.models import Subscriber


class Command(BaseCommand):
    help = "Write subscribers as CSV to standard output, each with its choices and its whole history of consent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", choices=Subscriber.State.values, default="", help="Only those in this state.")

    def handle(self, *args: Any, **options: Any) -> None:
        for line in lines(options["state"]):
            self.stdout.write(line, ending="")
