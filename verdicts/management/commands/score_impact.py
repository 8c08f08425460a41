"""`manage.py score_impact QUORUM=4 FEW_VOTES=30`: what a change of a constant would do to every tool."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tools.models import Tool
from verdicts import queries, scoring

CONSTANTS = {"QUORUM", "FEW_VOTES"}


class Command(BaseCommand):
    help = (
        f"Show for every public tool what other constants would make of its figures ({', '.join(sorted(CONSTANTS))})."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("changes", nargs="+", metavar="CONSTANT=VALUE")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = dict(change.partition("=")[::2] for change in options["changes"])
        if unknown := asked.keys() - CONSTANTS:
            raise CommandError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(CONSTANTS))}.")
        if not all(value.isascii() and value.isdecimal() and int(value) > 0 for value in asked.values()):
            raise CommandError("A value is a whole number from 1.")
        tools = queries.scored(queries.with_figures(Tool.objects.public()).order_by("slug"))
        before = [_figures(tool) for tool in tools]
        kept = {name: getattr(scoring, name) for name in asked}
        try:
            for name, value in asked.items():
                setattr(scoring, name, int(value))
            after = [_figures(tool) for tool in tools]
        finally:
            for name, value in kept.items():
                setattr(scoring, name, value)
        changed = [
            f"{tool.slug}: {was} -> {now}" for tool, was, now in zip(tools, before, after, strict=True) if was != now
        ]
        for line in changed:
            self.stdout.write(line)
        self.stdout.write(f"{len(changed)} of {len(tools)} tools would change.")


def _figures(tool: Any) -> str:
    return f"panel {tool.panel.figure}, readers {tool.community.figure}"
