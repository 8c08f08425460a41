"""The files of a dump: their columns, and how a row is written as JSON Lines and as CSV. No database."""

import csv
import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

COUNTERS = (
    *(
        f"{era}{name}"
        for era in ("", "era_")
        for name in ("ships", "skips", "verified_ships", "verified_skips", "regulars")
    ),
    "held",
    "discarded",
    "era",
    "era_label",
)
CHECKED = ("check_method", "checked_on", "source_url")
# What is known.
DATA = {
    "categories": ("slug", "name", "description"),
    "tools": (
        *("slug", "name", "former_slugs", "tagline", "description", "category", "vendor", "homepage", "repository"),
        *("documentation", "licence", "entry", "latest_version", "released_on", "state", "published_at"),
        *("discontinued_on", "successor", *CHECKED, "is_sample"),
    ),
    "facts": ("tool", "kind", "answer", "text", *CHECKED),
    "prices": ("tool", "plan", "amount", "currency", "unit", "period", "starts_on", "is_offered", *CHECKED),
    "reviewers": ("slug", "name", "lens", "weighs", "disclosure", "is_active"),
    "verdicts": (
        *("tool", "reviewer", "number", "decision", "reason", "evidence", "tool_version", "tested_on", "editor"),
        *("state", "published_at", "retired_at", "revision_note", "withdrawal_reason"),
    ),
    "comparisons": (
        *("first", "second", "headline", "standfirst", "ship_first_if", "ship_second_if", "ship_neither_if"),
        *("featured_on", "published_at"),
    ),
    "votes": ("tool", "day", *COUNTERS),
}
# What is shown, and follows from it.
SHOWN = {
    "shown_tools": (
        *("tool", "panel_ships", "panel_total", "panel_percent", "panel_figure", "panel_words", "stale_verdicts"),
        *("readers_kind", "readers_ships", "readers_skips", "readers_percent", "readers_low", "readers_high"),
        *("readers_figure", "readers_words", "readers_about", "verified_percent", "verified_words", "being_checked"),
        *("entry_label", "plans"),
    ),
    "shown_categories": ("category", "published_count"),
    "shown_reviewers": (
        "reviewer",
        "verdict_count",
        "ship_count",
        "skip_count",
        "flip_count",
        "ship_percent",
        "flip_percent",
    ),
    "shown_comparisons": ("tools", "result", "lead"),
}
COLUMNS = DATA | SHOWN
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LICENCE, SUMS, MANIFEST = "LICENCE.txt", "SHA256SUMS", "manifest.json"

type Row = dict[str, Any]


def plain(value: Any) -> Any:
    """Return a value as JSON has it: dates and amounts as text."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return list(value) if isinstance(value, tuple) else value


def cell(value: Any) -> str:
    """Return a value as a CSV cell: nothing for unknown; text that a spreadsheet would compute gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = " | ".join(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.lstrip(" ").startswith(FORMULA) else text


def write(folder: Path, name: str, rows: Iterable[Row]) -> int:
    """Write one table in both forms; return its number of rows."""
    number = 0
    with ExitStack() as stack:
        lines = stack.enter_context((folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n"))
        table = csv.writer(stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline="")))
        table.writerow(COLUMNS[name])
        for row in rows:
            number += 1
            values = {column: plain(row[column]) for column in COLUMNS[name]}
            lines.write(json.dumps(values, ensure_ascii=False) + "\n")
            table.writerow([cell(value) for value in values.values()])
    return number


def read(folder: Path, name: str) -> Iterator[Row]:
    """Read one table. Raises ValueError with the place of a line that is no row of it."""
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{name}.jsonl, line {number}: no JSON.") from error
            if not isinstance(row, dict) or tuple(row) != COLUMNS[name]:
                raise ValueError(f"{name}.jsonl, line {number}: not the columns of {name}.")
            yield row


def read_cells(folder: Path, name: str) -> Iterator[list[str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as table:
        yield from csv.reader(table)


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
