"""A file of tools, CSV or JSON Lines, taken apart into rows."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = (
    "name",
    "slug",
    "tagline",
    "description",
    "vendor",
    "homepage",
    "repository",
    "category",
    "licence",
    "entry",
    "latest_version",
    "released_on",
)
ALIASES = {"repo_url": "repository", "suggested_category": "category", "release_date": "released_on"}


class UnreadableFile(Exception):
    """The file as a whole cannot be imported; the message says why."""


@dataclass
class Row:
    """One record: the line it begins on, its known cells, and what is wrong with them, by column."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Sheet:
    """All records of a file, and the columns nobody asked for."""

    rows: list[Row] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def read_sheet(path: Path) -> Sheet:
    """Return the rows of a file; a broken record is a row with a problem. Raises UnreadableFile."""
    text = _read_text(path)
    suffix = path.suffix.lower()
    is_json = suffix in {".jsonl", ".ndjson", ".json"} or (suffix != ".csv" and text.lstrip().startswith("{"))
    return _read_json_lines(text) if is_json else _read_csv(text)


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise UnreadableFile(f"{path} is a directory, not a file.")
    if not path.is_file():
        raise UnreadableFile(f"There is no file {path}.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"{path} is not UTF-8 (line {line}). Save it as UTF-8 and try again.") from error
    if not text.strip():
        raise UnreadableFile(f"{path} is empty.")
    return text


def _lines(text: str) -> list[str]:
    """Split at LF, CR and CRLF only, keeping them: `str.splitlines` would also split inside a description."""
    return list(io.StringIO(text, newline=""))


def _read_json_lines(text: str) -> Sheet:
    sheet = Sheet()
    for number, line in enumerate(_lines(text), start=1):
        if not line.strip():
            continue
        row = Row(number)
        sheet.rows.append(row)
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            row.problems["line"] = [f"is not JSON: {error.msg} (column {error.colno})"]
        except (ValueError, RecursionError):
            row.problems["line"] = ["is not JSON that can be read: a number is too long or it is nested too deeply"]
        else:
            _take_object(sheet, row, record)
    return sheet


def _take_object(sheet: Sheet, row: Row, record: object) -> None:
    if not isinstance(record, dict):
        row.problems["line"] = ["is not an object such as {“name”: “…”}"]
        return
    for key, value in record.items():
        column = _column(key)
        if column not in COLUMNS:
            _ignore(sheet, key)
        elif isinstance(value, dict | list) and column != "entry":
            row.problems[column] = ["is a list or an object, not a text"]
        elif text := _spelled(value):
            row.cells.setdefault(column, text)


def _spelled(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _read_csv(text: str) -> Sheet:
    sheet = Sheet()
    records = _records(_lines(text))
    header: list[str] | None = None
    for line, values, problem in records:
        if header is None:
            if problem:
                raise UnreadableFile(f"The header (line {line}) {problem}.")
            header = _header(sheet, values)
            continue
        row = Row(line)
        if problem:
            row.problems["line"] = [problem]
        elif len(values) > len(header) and any(value.strip() for value in values[len(header) :]):
            row.problems["line"] = [f"has {len(values)} cells, the header has {len(header)}: is a quote missing?"]
        elif not any(value.strip() for value in values):
            continue
        for column, value in zip(header, values, strict=False):
            if column in COLUMNS and value.strip():
                row.cells.setdefault(column, value)
        sheet.rows.append(row)
    return sheet


def _header(sheet: Sheet, values: list[str]) -> list[str]:
    columns = [_column(value) for value in values]
    if any("\0" in value for value in values):
        raise UnreadableFile("The file holds NUL bytes: it is not UTF-8 text.")
    if "name" not in columns:
        found = ", ".join(value.strip()[:40] for value in values[:20])
        raise UnreadableFile(f"There is no column “name”. Found: {found}.")
    named = [value.strip().lower() for value in values]
    if twice := sorted({column for column in named if column in COLUMNS and named.count(column) > 1}):
        raise UnreadableFile(f"The column “{twice[0]}” appears twice.")
    for value, column in zip(values, columns, strict=True):
        if column not in COLUMNS and value.strip():
            _ignore(sheet, value)
    return columns


def _records(lines: list[str]) -> Iterator[tuple[int, list[str], str]]:
    """Yield each record with its first line and, if it cannot be read, why.

    A quote that is never closed would swallow the rest of the file: then only its own line is given up, and since what
    follows may be the inside of that cell, a later record must have every column.
    """
    start, width, has_lost_quote = 0, 0, False
    with _long_fields():
        while start < len(lines):
            reader = csv.reader(lines[start:], strict=True)
            offset, start = start, len(lines)
            first = offset + 1
            try:
                for values in reader:
                    width = width or len(values)
                    if has_lost_quote and values and len(values) != width:
                        yield first, values, f"has {len(values)} of {width} cells after a quote that was never closed"
                    elif values:
                        yield first, values, ""
                    first = offset + reader.line_num + 1
            except csv.Error as error:
                at_end = "unexpected end of data" in str(error)
                has_lost_quote |= at_end
                start = first if at_end else offset + reader.line_num
                yield first, [], "opens a quote that is never closed" if at_end else f"is not CSV: {error}"


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let any cell be read, so that one too long refuses its own row and not the file."""
    limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _column(heading: str) -> str:
    heading = heading.strip().lower()
    return ALIASES.get(heading, heading)


def _ignore(sheet: Sheet, heading: str) -> None:
    if heading not in sheet.ignored:
        sheet.ignored.append(heading)
