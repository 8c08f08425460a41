"""Import of a file of tools: every row is decided on first, then all that was accepted is written at once.

A row that is refused leaves nothing behind and stops nobody else. The same file a second time changes nothing.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from django.db import transaction

from tools.importing.deciding import Decisions
from tools.importing.reading import UnreadableFile, read_sheet
from tools.importing.report import Report

__all__ = ["Report", "UnreadableFile", "import_tools"]


def import_tools(
    path: Path,
    *,
    default_category: str = "",
    publish: bool = False,
    dry_run: bool = False,
    track: Callable[[list], Iterable] = iter,
) -> Report:
    """Return what became of each row of a file. Raises UnreadableFile if it has no rows to speak of.

    New tools are drafts unless `publish`; existing ones keep their state. `default_category` is for new tools whose row
    names none. `track` is given the rows and hands them on, so that a caller can show how far it is.
    """
    sheet = read_sheet(path)
    with transaction.atomic():
        decisions = Decisions(default_category=default_category, publish=publish)
        report = decisions.take(sheet.rows, track)
        if not dry_run:
            decisions.write(reason=f"Imported from {path.name}"[:100])
    report.ignored = sheet.ignored
    return report
