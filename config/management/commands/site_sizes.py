"""`manage.py site_sizes`: what the tables take, for each row, and what they would take on a larger site."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

GROUPS = {
    "tools": (
        "tools_tool",
        ["tools_", "verdicts_"],
        "a tool with its facts, prices, verdicts, history and search entry",
    ),
    "votes": (
        "voting_vote",
        ["voting_vote", "voting_voteevent", "voting_votesignal"],
        "a vote with its log and signal",
    ),
    "voters": ("voting_voter", ["voting_voter"], "a voter"),
    "subscribers": (
        "newsletter_subscriber",
        ["newsletter_subscriber", "newsletter_consentevent"],
        "a subscriber with consent",
    ),
}
OF_TABLES = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)"


class Command(BaseCommand):
    help = (
        "Print the bytes that a tool, a vote, a voter and a subscriber take here, with indexes, and the sum for a size."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, size in (
            ("tools", 100_000),
            ("votes", 10_000_000),
            ("voters", 2_000_000),
            ("subscribers", 1_000_000),
        ):
            parser.add_argument(f"--{name}", type=int, default=size, metavar="N", help=f"({size:,})")

    def handle(self, *args: object, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL tells what its tables take.")
        sizes, total = self._sizes(), 0
        self.stdout.write(f"{'':<14}{'bytes each':>12}{'rows here':>14}{'rows then':>14}{'megabytes then':>16}  what")
        for name, (counted, starts, words) in GROUPS.items():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {counted}")  # noqa: S608 - one of our own tables
                rows = cursor.fetchone()[0]
            if not rows:
                self.stdout.write(f"{name:<14}{'none here':>12}")
                continue
            taken = sum(size for table, size in sizes.items() if self._belongs(table, starts))
            each = taken / rows
            then = each * options[name] / 1_000_000
            total += then
            self.stdout.write(f"{name:<14}{each:>12,.0f}{rows:>14,}{options[name]:>14,}{then:>16,.0f}  {words}")
        self.stdout.write(f"{'together':<14}{'':>40}{total:>16,.0f}")

    def _sizes(self) -> dict[str, int]:
        tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
        tables += [name for name in connection.introspection.table_names() if name.startswith("tools_search")]
        with connection.cursor() as cursor:
            cursor.execute(OF_TABLES, [sorted({*tables} - {"tools_touch"})])
            return dict(cursor.fetchall())

    def _belongs(self, table: str, starts: list[str]) -> bool:
        return any(table == start or (start.endswith("_") and table.startswith(start)) for start in starts)
