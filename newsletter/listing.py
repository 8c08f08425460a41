"""Subscribers as CSV, each with its whole history of consent: for keeping, for moving, for an authority that asks."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch

from newsletter.models import ConsentEvent, Follow, Subscriber, Topic
from tools.admin.exporting import defused

COLUMNS = [
    "address",
    "state",
    "frequency",
    "time_zone",
    "topics",
    "follows",
    "paused_until",
    "created_at",
    "confirmed_at",
    "unsubscribed_at",
    "consent",
]
CHUNK = 1_000


class _Echo:
    """A file whose lines are handed on."""

    def write(self, line: str) -> str:
        return line


def lines(state: str = "") -> Iterator[str]:
    """Yield the lines of the file, the columns first. Erased subscribers have no address and are left out."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    topics = list(Topic.objects.exclude(category=None).select_related("category").order_by("bit"))
    rows = Subscriber.objects.exclude(state=Subscriber.State.ERASED).order_by("pk")
    rows = rows.filter(state=state) if state else rows
    rows = rows.prefetch_related(
        Prefetch("consent", ConsentEvent.objects.select_related("text")),
        Prefetch("follows", Follow.objects.select_related("tool", "other").order_by("pk")),
    )
    for row in rows.iterator(chunk_size=CHUNK):
        yield writer.writerow(_cells(row, topics))


def _cells(row: Subscriber, topics: list[Topic]) -> list[str]:
    chosen = [topic.category.slug for topic in topics if topic.category and row.topics >> topic.bit & 1]
    moments = [row.paused_until, row.created_at, row.confirmed_at, row.unsubscribed_at]
    return [
        defused(row.email),
        row.state,
        row.frequency,
        row.tz,
        " ".join(chosen),
        defused("; ".join(map(str, row.follows.all()))),
        *[moment.isoformat() if moment else "" for moment in moments],
        json.dumps([_event(event) for event in row.consent.all()], ensure_ascii=False),
    ]


def _event(event: ConsentEvent) -> dict[str, Any]:
    told = {
        "what": event.kind,
        "at": event.at.isoformat(),
        "form": event.form,
        "network": event.network,
        "words": event.text.body if event.text else "",
        "detail": event.detail,
    }
    return {name: value for name, value in told.items() if value}
