"""`manage.py replay_votes EVENTS.jsonl --decisions OUT.csv`: how the site would have judged a recorded stream of votes."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from voting import counting
from voting.models import Case, Round, Vote, VoteEvent
from voting.replaying import WEEK, Replay, read


class Command(BaseCommand):
    help = (
        "Tell a recorded stream of votes to the site, at the stream's own clock, and write what became of each. "
        "Only on a database without votes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("events", type=Path, help="One event a line, as JSON.")
        parser.add_argument("--decisions", type=Path, required=True, help="Where the decisions go: ts,event_id,state.")
        parser.add_argument(
            "--afresh-every",
            type=int,
            default=WEEK,
            metavar="HOURS",
            help="After how many passes the detector reads all votes anew; 1 is what the hourly job does.",
        )

    def handle(self, *args: object, **options: Any) -> None:
        if Vote.objects.exists() or VoteEvent.objects.exists() or Round.objects.exists():
            raise CommandError("This database holds votes. Replay on an empty one, made for it.")
        began = time.monotonic()
        try:
            with (
                options["events"].open(encoding="utf-8") as lines,
                options["decisions"].open("w", encoding="utf-8", newline="") as out,
            ):
                replay = Replay(out, afresh_every=max(1, options["afresh_every"]))
                replay.tell(read(lines))
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise CommandError(f"The stream cannot be told: {type(error).__name__}: {error}") from error
        drifts, told = counting.drifts(), counting.replay()
        self.stdout.write(
            f"{VoteEvent.objects.filter(actor='voter').count()} words of readers, {replay.passes} passes, "
            f"{Case.objects.count()} cases in {time.monotonic() - began:.0f} s. "
            f"{len(drifts)} tallies and {len(told)} votes differ from the log."
        )
        if drifts or told:
            raise SystemExit(1)
