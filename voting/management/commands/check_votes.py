"""`manage.py check_votes`: the hourly pass of the detector, now; or what it would do."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from tools.models import Tool
from voting import integrity
from voting.models import Vote


class Command(BaseCommand):
    help = "Let the detector look at the votes, as it does every hour: hold what looks bought, count what waited."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Change nothing, and say what would change.")

    def handle(self, *args: object, **options: Any) -> None:
        outcome = integrity.check(dry_run=options["dry_run"])
        if outcome is None:
            self.stdout.write("Another pass is under way. Nothing was done.")
            return
        tools = dict(Vote.objects.filter(pk__in=list(outcome.moved)).values_list("pk", "tool"))
        names = dict(Tool.objects.filter(pk__in=set(tools.values())).values_list("pk", "slug"))
        lines = Counter(
            (names[tools[vote]], Vote.State(state).label.lower(), reason)
            for vote, (state, reason) in outcome.moved.items()
            if vote in tools
        )
        for (name, state, reason), n in sorted(lines.items()):
            self.stdout.write(f"{name}: {n} {state}{f' ({reason})' if reason else ''}")
        would = "would be" if options["dry_run"] else "are"
        self.stdout.write(
            f"{outcome.looked_at} votes looked at; {outcome.into(Vote.State.HELD)} {would} held, "
            f"{outcome.into(Vote.State.COUNTED)} {would} counted."
        )
