"""What changed about a tool, one row per change. The table only grows: a trigger refuses anything else."""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from tools.models.tool import Tool

WORDS = {
    "listed": "Listed",
    "unlisted": "Taken off the site",
    "renamed": "Now called {now} (was {was})",
    "moved": "Moved to the address {now} (was {was})",
    "version": "Version {now} is out",
    "entry": "Entry price is now {now} (was {was})",
    "discontinued": "Discontinued",
    "resumed": "Offered again",
    "price": "{what}: {now}",
    "fact": "{what}: {now}",
    "verdict": "{reviewer_name} says {now}",
    "flipped": "{reviewer_name} changed from {was} to {now}",
    "revised": "{reviewer_name} revised the verdict, still {now}",
    "withdrawn": "{reviewer_name} withdrew the verdict: {note}",
    "corrected": "Corrected: {what}: {now}",
}
WITH_PAST = {"price", "fact", "corrected"}  # "(was …)" follows where there was something before
WITH_NOTE = {"flipped", "revised", "corrected", "unlisted", "discontinued"}


class ChangeQuerySet(models.QuerySet["Change"]):
    def public(self, moment: datetime.datetime | None = None) -> Self:
        """Changes that have come true, by now or by a moment, of tools that readers may see."""
        return self.filter(at__lte=moment or timezone.now()).exclude(tool__state="draft")

    def of(self, tools: "Iterable[Tool | int]") -> Self:
        return self.filter(tool__in=[getattr(tool, "pk", tool) for tool in tools])

    def since(self, day: datetime.date) -> Self:
        """Changes from the start of a day on."""
        return self.filter(at__gte=start_of(day))

    def newest_first(self) -> Self:
        return self.order_by("-at", "-pk")

    def corrections(self) -> Self:
        """What was put right: wrong facts, and verdicts taken back."""
        return self.filter(kind__in=[Change.Kind.CORRECTED, Change.Kind.WITHDRAWN])


class Change(models.Model):
    """One dated change of one tool, with all that its sentence needs: what it says stays true when names change later.

    It is written in the transaction of the change, by the verb that makes the change. `at` lies in the future for a
    price that is announced.
    """

    class Kind(models.TextChoices):
        LISTED = "listed", "Listed"
        UNLISTED = "unlisted", "Taken off"
        RENAMED = "renamed", "Renamed"
        MOVED = "moved", "New address"
        VERSION = "version", "Version"
        ENTRY = "entry", "Entry price"
        DISCONTINUED = "discontinued", "Discontinued"
        RESUMED = "resumed", "Offered again"
        PRICE = "price", "Price"
        FACT = "fact", "Fact"
        VERDICT = "verdict", "Verdict"
        FLIPPED = "flipped", "Changed verdict"
        REVISED = "revised", "Revised verdict"
        WITHDRAWN = "withdrawn", "Withdrawn verdict"
        CORRECTED = "corrected", "Correction"

    kind = models.CharField(max_length=12, choices=Kind)
    # Without a constraint: the log outlives a draft that somebody deletes.
    tool = models.ForeignKey(
        "tools.Tool", models.DO_NOTHING, related_name="changes", db_constraint=False, db_index=False
    )
    at = models.DateTimeField(default=timezone.now)
    payload = models.JSONField(default=dict)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="change_newest"),
            models.Index(fields=["tool", "-at", "-id"], name="change_of_a_tool"),
            models.Index(
                fields=["-at", "-id"], name="change_corrections", condition=Q(kind__in=["corrected", "withdrawn"])
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "listed",
                        "unlisted",
                        "renamed",
                        "moved",
                        "version",
                        "entry",
                        "discontinued",
                        "resumed",
                        "price",
                        "fact",
                        "verdict",
                        "flipped",
                        "revised",
                        "withdrawn",
                        "corrected",
                    ]
                ),
                name="change_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def on(self) -> datetime.date:
        return timezone.localdate(self.at)

    @property
    def text(self) -> str:
        """The change as a sentence without its tool's name."""
        words = WORDS[self.kind].format_map(_Given(self.payload))
        if self.kind in WITH_PAST and self.payload.get("was"):
            words += f" (was {self.payload['was']})"
        if self.kind in WITH_NOTE and self.payload.get("note"):
            words += f": {self.payload['note']}"
        return words


class _Given(dict):
    """A payload: what an old row does not say is left out of its sentence."""

    def __missing__(self, key: str) -> str:
        return "…"


def start_of(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, datetime.UTC)


def record(tool: "Tool", kind: str, at: datetime.datetime | None = None, **payload: object) -> Change:
    """Write one change. Call it in the transaction of the change itself."""
    return Change.objects.create(tool=tool, kind=kind, at=at or timezone.now(), payload=payload)


# A tool's own columns ----------------------------------------------------------------------------

LABELS = {"licence": "Licence", "vendor": "Vendor"}
TRACKED = ["name", "slug", "state", "latest_version", "entry", "category_id", *LABELS]


def snapshot(tool: "Tool") -> dict[str, Any]:
    """Return the columns whose changes readers are told of."""
    return {column: getattr(tool, column) for column in TRACKED}


def changes_between(tool: "Tool", before: dict[str, Any] | None, at: datetime.datetime) -> list[Change]:
    """Return the unsaved rows for what a tool was (None: it was not there) and what it is. Drafts have no changes."""

    def changed(kind: str, **payload: object) -> Change:
        return Change(tool=tool, kind=kind, at=at, payload=payload)

    was_public = before is not None and before["state"] != "draft"
    if tool.state == "draft" or before is None or not was_public:
        kind = "listed" if tool.state != "draft" else "unlisted"
        return [changed(kind)] if was_public or tool.state != "draft" else []
    found = []
    for column, kind in (("name", "renamed"), ("slug", "moved")):
        if getattr(tool, column) != before[column]:
            found.append(changed(kind, now=getattr(tool, column), was=before[column]))
    if tool.latest_version and tool.latest_version != before["latest_version"]:
        found.append(changed("version", now=tool.latest_version, was=before["latest_version"]))
    if tool.state != before["state"]:
        found.append(changed("discontinued" if tool.state == "discontinued" else "resumed"))
    if tool.entry != before["entry"]:
        now, was = (ENTRY_WORDS.get(entry, "not checked") for entry in (tool.entry, before["entry"]))
        found.append(changed("entry", now=now, was=was))
    if tool.category_id != before["category_id"]:
        found.append(changed("fact", what="Category", now=tool.category.name))
    for column, label in LABELS.items():
        if getattr(tool, column) != before[column]:
            now, was = (value or "not checked" for value in (getattr(tool, column), before[column]))
            found.append(changed("fact", what=label, now=now, was=was))
    return found


ENTRY_WORDS = {"free": "free", "freemium": "freemium", "paid": "paid", "contact": "contact sales"}
