"""What became of each row."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.importing.reading import Row
from tools.importing.values import quoted


@dataclass
class Report:
    """Counts of rows by outcome, and what a person should look at, by line of the file."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: list[Row] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        return self.outcomes[outcome]

    def refuse(self, row: Row) -> None:
        self.outcomes["refused"] += 1
        self.refused.append(row)

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        yield ", ".join(
            f"{self.count(outcome):,} {outcome}" for outcome in ("created", "changed", "unchanged", "refused")
        )
        if self.ignored:
            yield f"Ignored columns: {', '.join(quoted(column)[1:-1] for column in self.ignored)}"
        if self.categories:
            yield f"New categories: {'; '.join(self.categories)}"
        if self.refused:
            yield "\nRefused:"
        for row in sorted(self.refused, key=lambda row: row.line):
            for column, reasons in row.problems.items():
                yield f"  line {row.line}: {column}: {'; '.join(reasons)}"
        if self.notes:
            yield "\nNotes:"
        for line, note in sorted(self.notes, key=lambda note: note[0]):
            yield f"  line {line}: {note}"
