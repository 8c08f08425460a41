"""How far an issue has come, from the counts of its batches: a million deliveries are never counted for a page."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from newsletter.models import Issue, SendBatch


@dataclass(frozen=True, slots=True)
class Progress:
    """The counts of an issue, as of its batches' last word."""

    recipients: int
    sent: int
    failed: int
    skipped: int
    expired: int
    uncertain: int
    deferred: int
    batches: int
    batches_done: int
    at_work: int
    takeovers: int

    @property
    def ended(self) -> int:
        return self.sent + self.failed + self.skipped + self.expired

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.recipients if self.recipients else 0

    @property
    def words(self) -> str:
        if not self.recipients:
            return "no recipients"
        parts = [f"{self.sent:,} of {self.recipients:,} handed over"]
        for name, word in [
            ("failed", "refused"),
            ("skipped", "not sent"),
            ("expired", "given up"),
            ("uncertain", "unknown"),
            ("deferred", "to be tried again"),
        ]:
            if count := getattr(self, name):
                parts.append(f"{count:,} {word}")
        return ", ".join(parts)


def progress_of(issue: Issue) -> Progress:
    """Return the counts of an issue in one query."""
    totals = issue.batches.aggregate(
        **{name: Sum(name, default=0) for name in SendBatch.COUNTS},
        batches=Count("pk"),
        batches_done=Count("pk", filter=Q(state=SendBatch.State.DONE)),
        at_work=Count("pk", filter=Q(state=SendBatch.State.LEASED)),
        takeovers=Sum("takeovers", default=0),
    )
    return Progress(recipients=issue.recipient_count, **totals)


def waves_of(issue: Issue) -> list[dict]:
    """Return the waves of an issue, each with its instant, its size and how much of it has ended."""
    return list[Any](
        issue.batches.order_by("wave_at")
        .values("wave_at")
        .annotate(
            total=Sum("size"),
            handed=Sum("sent"),
            done=Count("pk", filter=Q(state=SendBatch.State.DONE)),
            of=Count("pk"),
            first=Min("number"),
            last=Max("number"),
        )
    )
