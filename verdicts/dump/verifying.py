"""Proving a dump from itself: its checksums, its two forms, and every shown number. Asks no database."""

import datetime
import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from verdicts.dump import files
from verdicts.dump.files import COLUMNS, DATA, SHOWN
from verdicts.dump.reckoning import Reckoning, difference


def verify(folder: Path) -> Iterator[str]:
    """Return what is wrong with a dump, a line each."""
    if not (folder / files.SUMS).is_file():
        yield f"{folder} holds no {files.SUMS}: it is not a dump."
        return
    yield from _sums(folder)
    try:
        manifest = json.loads((folder / files.MANIFEST).read_text(encoding="utf-8"))
        reckoning = Reckoning(datetime.date.fromisoformat(manifest["day"]))
        for name in COLUMNS:
            yield from _forms(folder, name, manifest["rows"][name])
        for name in DATA:
            for row in files.read(folder, name):
                reckoning.take(name, row)
        for name in SHOWN:
            yield from _numbers(folder, name, reckoning)
    except (OSError, ValueError, TypeError) as error:
        yield f"The dump cannot be read on: {error}"
    except KeyError as error:
        yield f"The dump cannot be read on: {error} is not in it."


def _sums(folder: Path) -> Iterator[str]:
    lines = (folder / files.SUMS).read_text(encoding="utf-8").splitlines()
    stated = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {path.name for path in folder.iterdir()} - {files.SUMS}
    wanted = {f"{name}.{form}" for name in COLUMNS for form in ("jsonl", "csv")} | {files.MANIFEST, files.LICENCE}
    yield from (f"{name} is missing." for name in sorted((wanted | set(stated)) - there))
    yield from (f"{name} is not in {files.SUMS}." for name in sorted((there | wanted) - set(stated)))
    for name in sorted(there & set(stated)):
        if files.checksum(folder / name) != stated[name]:
            yield f"{name} is not the file that was written: its checksum differs."


def _forms(folder: Path, name: str, rows: int) -> Iterator[str]:
    """Compare the CSV with the JSON Lines, row by row."""
    cells = files.read_cells(folder, name)
    if tuple(next(cells, [])) != COLUMNS[name]:
        yield f"{name}.csv has other columns."
        return
    number = 0
    for number, (row, line) in enumerate(zip_longest(files.read(folder, name), cells), 1):
        if row is None or line is None or [files.cell(value) for value in row.values()] != line:
            yield f"{name}, row {number}: the two forms differ."
            return
    if number != rows:
        yield f"{name} has {number} rows, not {rows}."


def _numbers(folder: Path, name: str, reckoning: Reckoning) -> Iterator[str]:
    key = COLUMNS[name][0]
    for number, (stated, reckoned) in enumerate(zip_longest(files.read(folder, name), reckoning.shown(name)), 1):
        if stated is None or reckoned is None:
            yield f"{name}, row {number}: {'not given' if stated is None else 'follows from nothing'}."
            return
        yield from difference(f"{name}, {reckoned[key]}", stated, reckoned)
