"""`manage.py recount_votes`: whether the tallies are what the votes add up to, and the votes what the log tells."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tools.models import Tool
from voting import counting


class Command(BaseCommand):
    help = "Count every vote anew and compare with the tallies and the log. Exit code 1 for any difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="Write what the votes add up to. The log is left alone."
        )

    def handle(self, *args: object, **options: Any) -> None:
        found, told = counting.drifts(), counting.replay()
        names = dict(Tool.objects.filter(pk__in=[drift.tool_id for drift in found]).values_list("pk", "slug"))
        for drift in found:
            wrong = [
                f"{k} {drift.written[k]} instead of {n}" for k, n in drift.counted.items() if drift.written[k] != n
            ]
            self.stderr.write(f"{names.get(drift.tool_id, drift.tool_id)}: {', '.join(wrong)}")
        for kind, vote in told[:20]:
            self.stderr.write(f"vote {vote}: {counting.REPLAY_WORDS[kind]}")
        if len(told) > 20:
            self.stderr.write(f"… and {len(told) - 20} more")
        if options["repair"]:
            counting.repair(found)
        if not found and not told:
            self.stdout.write("Every tally is what its votes add up to, and the log tells the same votes.")
            return
        done = " Tallies repaired." if options["repair"] and found else ""
        self.stdout.write(f"{len(found)} tallies and {len(told)} votes differ.{done}")
        if told or not options["repair"]:
            raise SystemExit(1)
