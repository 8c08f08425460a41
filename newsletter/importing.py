"""Bringing subscribers in from a CSV file: line by line, each refused for a reason or taken for what its evidence shows.

Without evidence an address is unconfirmed and gets no issue. Who left, is suppressed or was erased stays so, whatever a
file says: the digests of the addresses decide.
"""

import csv
import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from newsletter.addresses import Address, Refused, fingerprint, parse
from newsletter.forms import zone_or_none
from newsletter.models import ConsentEvent, ConsentText, Subscriber, Suppression
from tools.admin.exporting import refused

BATCH = 500
EVIDENCE = ["confirmed_at", "source", "words"]
COLUMNS = ["address", "frequency", "time_zone", *EVIDENCE]
EMPTY = "The file is empty. Its first line must name the columns."


class UnreadableFile(ValueError):
    """Why nothing of a file can be taken; the words never repeat what is in it."""


@dataclass(slots=True)
class Row:
    """One line that makes sense."""

    line: int
    address: Address
    fields: dict[str, Any]
    evidence: dict[str, Any] | None

    @property
    def digest(self) -> bytes:
        return fingerprint(self.address.norm)


@dataclass(slots=True)
class Report:
    """What became of the lines. None of its words repeats an address."""

    confirmed: int = 0
    unconfirmed: int = 0
    known: int = 0
    suppressed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        return (
            f"{self.confirmed:,} confirmed, {self.unconfirmed:,} unconfirmed; {self.known:,} known already, "
            f"{self.suppressed:,} suppressed, {len(self.refused):,} refused."
        )


def import_subscribers(lines: Iterable[str], *, source: str, dry_run: bool = False) -> Report:
    """Take the lines of a file, all of them or, where it cannot be read to its end, none.

    `source` names it in the consent record. Raises UnreadableFile. Running it twice adds nothing.
    """
    report, seen = Report(), set[bytes]()
    with transaction.atomic():
        for rows in batched(_rows(lines, report), BATCH):
            _take(rows, seen, report, source, dry_run)
    return report


# Lines ----------------------------------------------------------------------------------------


def _rows(lines: Iterable[str], report: Report) -> Iterator[Row]:
    reader = csv.DictReader(lines, strict=True)
    try:
        _check_columns(reader.fieldnames)
        for cells in reader:
            try:
                yield _row(reader.line_num, cells)
            except Refused as error:
                report.refused.append((reader.line_num, str(error)))
    except csv.Error as error:
        raise UnreadableFile(f"Line {reader.reader.line_num}: it cannot be read as CSV ({error}).") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile("The file is not in UTF-8.") from error


def _check_columns(found: Iterable[str] | None) -> None:
    names = list(found or [])
    if not names:
        raise UnreadableFile(EMPTY)
    if "address" not in names or len(set(names)) < len(names) or set(names) - set(COLUMNS):
        raise UnreadableFile(f"The columns must be address, and any of {', '.join(COLUMNS[1:])}, each once.")


def _row(line: int, cells: dict[Any, Any]) -> Row:
    """Return what a line says. Raises Refused."""
    if None in cells or None in cells.values():
        raise Refused("It has another number of cells than the first line.")
    text = {name: value.strip() for name, value in cells.items()}
    if any("\0" in value for value in text.values()):
        raise Refused("It holds a character that no text has.")
    address = parse(refused(text["address"]))
    if not address.is_wanted:
        raise Refused("It is a role or a throw-away address.")
    return Row(line, address, _choices(text), _evidence(text))


def _choices(text: dict[str, str]) -> dict[str, Any]:
    frequency = text.get("frequency", "").lower() or Subscriber.Frequency.WEEKLY
    if frequency not in Subscriber.Frequency.values:
        raise Refused("Its frequency is neither weekly nor monthly.")
    zone = zone_or_none(text.get("time_zone", "") or "UTC")
    if zone is None:
        raise Refused("Its time zone is unknown. One looks like Europe/Berlin.")
    return {"frequency": frequency, "tz": zone}


def _evidence(text: dict[str, str]) -> dict[str, Any] | None:
    """Return when, where and to which words an address agreed: all three, or None for none of them."""
    given = {name: text.get(name, "") for name in EVIDENCE}
    if not any(given.values()):
        return None
    if not all(given.values()):
        raise Refused(f"Its evidence is not whole: {', '.join(EVIDENCE)} belong together.")
    try:
        at = parse_datetime(given["confirmed_at"])
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        raise Refused("Its confirmed_at is no time with a zone, such as 2026-11-24T09:00:00Z.")
    if at > timezone.now() or at.year < 1990:
        raise Refused("Its confirmed_at lies in the future, or before there were such lists.")
    if len(given["words"]) > 2_000:
        raise Refused("Its words are longer than 2,000 characters.")
    return {"at": at.astimezone(datetime.UTC), "form": given["source"][:64], "words": given["words"]}


# Rows -----------------------------------------------------------------------------------------


def _take(rows: Iterable[Row], seen: set[bytes], report: Report, source: str, dry_run: bool) -> None:
    """Add those that are new. A constant number of queries, whatever they are."""
    rows = list(rows)
    digests = [row.digest for row in rows]
    barred = Suppression.objects.standing().filter(address_hmac__in=digests).values_list("address_hmac", flat=True)
    suppressed = set(map(bytes, barred))
    there = Subscriber.objects.filter(address_hmac__in=digests).values_list("address_hmac", flat=True)
    known = set(map(bytes, there)) | seen
    fresh = []
    for row, digest in zip(rows, digests, strict=True):
        if digest in suppressed:
            report.suppressed += 1
        elif digest in known:
            report.known += 1
        else:
            known.add(digest)
            fresh.append((row, digest))
    seen |= {digest for _, digest in fresh}
    report.confirmed += sum(1 for row, _ in fresh if row.evidence)
    report.unconfirmed += sum(1 for row, _ in fresh if not row.evidence)
    if not dry_run:
        _write(fresh, source)


def _write(fresh: list[tuple[Row, bytes]], source: str) -> None:
    made = Subscriber.objects.bulk_create(
        Subscriber(
            email=row.address.email,
            email_norm=row.address.norm,
            address_hmac=digest,
            state=Subscriber.State.ACTIVE if row.evidence else Subscriber.State.PENDING,
            confirmed_at=row.evidence["at"] if row.evidence else None,
            **row.fields,
        )
        for row, digest in fresh
    )
    texts = {words: ConsentText.objects.holding(words) for words in {_words(row) for row, _ in fresh} if words}
    events = []
    for subscriber, (row, digest) in zip(made, fresh, strict=True):
        owner = {"subscriber": subscriber, "address_hmac": digest}
        detail = {"source": source, "line": row.line}
        events.append(ConsentEvent(**owner, kind=ConsentEvent.Kind.IMPORTED, form="import", detail=detail))
        if row.evidence:
            said = {"at": row.evidence["at"], "form": row.evidence["form"], "text": texts[_words(row)]}
            events.append(ConsentEvent(**owner, kind=ConsentEvent.Kind.CONFIRMED, detail={"source": source}, **said))
    ConsentEvent.objects.bulk_create(events)


def _words(row: Row) -> str:
    return row.evidence["words"] if row.evidence else ""
