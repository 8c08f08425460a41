"""`manage.py score_impact QUORUM=4 FEW_VOTES=30`: what a change of a constant would do to every tool."""

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import NormalDist
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tools.models import Tool
from verdicts import queries, rankings, scoring
from verdicts.methodology import CONSTANTS
from verdicts.models import Verdict
from verdicts.scored import ScoredTool

NAMES = {constant.attribute for constant in CONSTANTS}
DEVIATIONS = {"CONFIDENCE_PERCENT": "Z95", "DIFFER_PERCENT": "Z99"}  # a confidence is computed with as deviations
SHARES = {"REGULARS_SHARE"}


class Command(BaseCommand):
    help = f"Show for every public tool what other constants would make of its figures ({', '.join(sorted(NAMES))})."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("changes", nargs="+", metavar="CONSTANT=VALUE")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = _read(options["changes"])
        tools = queries.scored(queries.with_figures(Tool.objects.public()).order_by("slug"))
        said: dict[int, list[Verdict]] = defaultdict(list)
        for verdict in Verdict.objects.published().filter(reviewer__is_active=True).select_related("tool"):
            said[verdict.tool_id].append(verdict)
        share = rankings.site_share()
        before = figures(tools, said, share)
        with changed(asked):
            after = figures(tools, said, share)
        lines = [
            f"{tool.slug}: {_words(was, now, was)} -> {_words(was, now, now)}"
            for tool, was, now in zip(tools, before, after, strict=True)
            if was != now
        ]
        for line in lines:
            self.stdout.write(line)
        self.stdout.write(f"{len(lines)} of {len(tools)} tools would change.")


def _read(changes: Sequence[str]) -> dict[str, int | float]:
    """Return the constants asked about with their values. Raises CommandError for what makes no sense."""
    asked = dict(change.partition("=")[::2] for change in changes)
    if unknown := asked.keys() - NAMES:
        raise CommandError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(NAMES))}.")
    found: dict[str, int | float] = {}
    for name, text in asked.items():
        try:
            found[name] = float(text) if name in SHARES else int(text)
        except ValueError as error:
            raise CommandError(f"{name} is a number.") from error
        most = 1 if name in SHARES else 99 if name in DEVIATIONS else 1_000_000
        if not 0 < found[name] <= most:
            raise CommandError(f"{name} lies above 0 and is {most} at most.")
    return found


@contextmanager
def changed(asked: dict[str, int | float]) -> Iterator[None]:
    """Compute with other constants for a while. Only for a process that does nothing else meanwhile."""
    values: dict[str, float] = dict(asked)
    for name in asked.keys() & DEVIATIONS.keys():
        values[DEVIATIONS[name]] = NormalDist().inv_cdf(0.5 + asked[name] / 200)
    kept = {name: getattr(scoring, name) for name in values}
    try:
        for name, value in values.items():
            setattr(scoring, name, value)
        yield
    finally:
        for name, value in kept.items():
            setattr(scoring, name, value)


def figures(tools: Sequence[ScoredTool], said: dict[int, list[Verdict]], site_share: float) -> list[dict[str, str]]:
    """Return, for each tool, every word that a constant decides."""
    ranked = [tool for tool in tools if tool.community.kind == "shown"]
    ranked.sort(
        key=lambda tool: scoring.shrunk_share(tool.community.ships, tool.community.skips, site_share=site_share),
        reverse=True,
    )
    ranks = scoring.shared_ranks([tool.community.interval for tool in ranked if tool.community.interval])
    places = {tool.pk: (place, rank) for place, (tool, rank) in enumerate(zip(ranked, ranks, strict=True), 1)}
    return [_figures(tool, said[tool.pk], places.get(tool.pk)) for tool in tools]


def _figures(tool: ScoredTool, verdicts: list[Verdict], place: tuple[int, int] | None) -> dict[str, str]:
    readers = tool.community
    return {
        "panel": tool.panel.figure,
        "readers": readers.figure,
        "interval": f"{readers.low}–{readers.high}" if readers.interval else "none",
        "lean": readers.lean or "none",
        "verified": readers.verified_words + (" (differ)" if readers.differs else ""),
        "place": f"{place[0]} (rank {place[1]})" if place else "none",
        "stale": str(sum(bool(verdict.staleness) for verdict in verdicts)),
    }


def _words(was: dict[str, str], now: dict[str, str], shown: dict[str, str]) -> str:
    """The panel's and the readers' figures always, the rest where it differs."""
    return ", ".join(
        f"{name} {text}" for name, text in shown.items() if name in {"panel", "readers"} or was[name] != now[name]
    )
