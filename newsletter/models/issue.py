"""One week's mail: what is in it, the bytes it was frozen to, and how far it has come."""

import datetime
from collections.abc import Sequence
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from newsletter.schedule import Period
from tools.models import Tool
from tools.text import render_markdown
from verdicts.models import Comparison, Verdict

MOST_SUBJECT = 59


class IssueQuerySet(models.QuerySet["Issue"]):
    def unfrozen(self) -> Self:
        """Issues that can still change."""
        return self.filter(state__in=[Issue.State.DRAFT, Issue.State.READY])

    def under_way(self) -> Self:
        return self.filter(state__in=[Issue.State.FROZEN, Issue.State.SENDING])

    def archived(self) -> Self:
        """Issues that readers may look up: those that have begun to go out."""
        return self.filter(state__in=Issue.PUBLIC).order_by("-day")


class Issue(models.Model):
    """The weekly mail of one period. Once frozen, a trigger refuses changes to what was agreed to be sent."""

    class State(models.TextChoices):
        DRAFT = "draft", "Taking shape"
        READY = "ready", "Approved"
        FROZEN = "frozen", "Frozen"
        SENDING = "sending", "Going out"
        PAUSED = "paused", "Paused"
        DONE = "done", "Sent"
        SKIPPED = "skipped", "Skipped: nothing new"
        CANCELLED = "cancelled", "Cancelled"
        MISSED = "missed", "Missed its hour"

    PUBLIC = [State.SENDING, State.PAUSED, State.DONE]

    period_key = models.CharField(max_length=8, unique=True, editable=False)
    day = models.DateField(unique=True, editable=False, help_text="The local day on which it arrives.")
    number = models.PositiveIntegerField(unique=True, null=True, editable=False, help_text="Given when it is frozen.")
    slug = models.SlugField(unique=True, editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT, editable=False)
    cutoff_at = models.DateTimeField(editable=False)
    sends_at = models.DateTimeField(editable=False)

    subject = models.CharField(
        max_length=MOST_SUBJECT,
        blank=True,
        help_text="What is inside, in fewer than 60 characters. Empty: made from it.",
    )
    preheader = models.CharField(
        max_length=120,
        blank=True,
        help_text="What mail programs show after the subject. Empty: made from what is inside.",
    )
    intro = models.TextField(max_length=2_000, blank=True, help_text="Markdown. A paragraph or two of your own.")

    candidate_count = models.PositiveIntegerField(default=0, editable=False)
    excluded_count = models.PositiveIntegerField(default=0, editable=False)
    recipient_count = models.PositiveIntegerField(default=0, editable=False)
    more_count = models.PositiveIntegerField(default=0, editable=False, help_text="What waits for the next issue.")
    frozen_at = models.DateTimeField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="approved_issues"
    )
    paused_reason = models.CharField(max_length=300, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    is_late = models.BooleanField(default=False, editable=False, help_text="An editor let it go out after its hour.")
    monthly_in = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="months",
        help_text="Where monthly readers got it.",
    )

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-day"]
        permissions = [("send_issue", "Can approve, pause and resume issues")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "draft",
                        "ready",
                        "frozen",
                        "sending",
                        "paused",
                        "done",
                        "skipped",
                        "cancelled",
                        "missed",
                    ]
                ),
                name="issue_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "ready", "skipped", "missed"], frozen_at=None)
                | Q(state__in=["frozen", "sending", "paused", "done"], frozen_at__isnull=False, number__isnull=False)
                | Q(state="cancelled"),
                name="issue_state_matches_its_freezing",
            ),
            models.CheckConstraint(
                condition=~Q(state="paused") | ~Q(paused_reason=""), name="issue_is_paused_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(frozen_at=None)
                | Q(candidate_count=models.F("excluded_count") + models.F("recipient_count")),
                name="issue_leaves_nobody_unaccounted",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False), name="issue_is_dated_if_done"
            ),
        ]

    def __str__(self) -> str:
        return f"No. {self.number}" if self.number else f"Issue of {self.day:%-d %B %Y}"

    def get_absolute_url(self) -> str:
        return reverse("newsletter_issue", args=[self.slug])

    # Questions

    @property
    def period(self) -> Period:
        return Period(self.day)

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def is_editable(self) -> bool:
        return self.state in {self.State.DRAFT, self.State.READY, self.State.MISSED}

    @property
    def intro_html(self) -> SafeString:
        return render_markdown(self.intro)

    # Verbs

    @classmethod
    def of(cls, period: Period) -> "Issue":
        """Return the issue of a period; whoever asks first makes it."""
        issue, _ = cls.objects.get_or_create(
            period_key=period.key,
            defaults={
                "day": period.day,
                "slug": period.key.lower(),
                "cutoff_at": period.cutoff,
                "sends_at": period.sends_at,
            },
        )
        return issue

    def approve(self, by: Any, at: datetime.datetime | None = None) -> None:
        """Let the issue go out at its hour; a missed one goes out with the next tick."""
        with self._moving([self.State.DRAFT, self.State.MISSED], "Only an issue that takes shape can be approved."):
            self.is_late = self.state == self.State.MISSED
            self.state, self.approved_by, self.approved_at = self.State.READY, by, at or timezone.now()

    def withdraw_approval(self) -> None:
        with self._moving([self.State.READY], "It is not approved, or already frozen."):
            self.state, self.approved_by, self.approved_at = self.State.DRAFT, None, None

    def pause(self, reason: str) -> None:
        """Stop sending within seconds; what has been handed over is gone. Pausing twice keeps the first reason."""
        with self._moving([self.State.FROZEN, self.State.SENDING], "Only an issue that goes out can be paused."):
            self.state, self.paused_reason = self.State.PAUSED, reason[:300] or "Paused by hand."

    def resume(self) -> None:
        with self._moving([self.State.PAUSED], "It is not paused."):
            self.state, self.paused_reason = self.State.SENDING, ""
        self.batches.filter(state="ready").update(next_attempt_at=None, failures=0)

    def cancel(self) -> None:
        """End the issue. Frozen recipients that have nothing yet get nothing."""
        movable = [self.State.DRAFT, self.State.READY, self.State.FROZEN, self.State.PAUSED, self.State.MISSED]
        with self._moving(movable, "Pause it first; a sent issue cannot be called back."):
            self.state = self.State.CANCELLED
            self.batches.all().abandon()

    def _moving(self, states: Sequence[str], refusal: str) -> "_Moving":
        return _Moving(self, states, refusal)


class _Moving:
    """Changes an issue's state under its row's lock, or refuses in words."""

    def __init__(self, issue: Issue, states: Sequence[str], refusal: str) -> None:
        self.issue, self.states, self.refusal = issue, states, refusal
        self.transaction = transaction.atomic()

    def __enter__(self) -> None:
        self.transaction.__enter__()
        try:
            self.issue.refresh_from_db(from_queryset=Issue.objects.select_for_update())
            if self.issue.state not in self.states:
                raise ValidationError(self.refusal)
        except BaseException as error:
            self.transaction.__exit__(type(error), error, error.__traceback__)
            raise

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self.issue.save(
                update_fields=["state", "paused_reason", "approved_by", "approved_at", "is_late", "finished_at"]
            )
        self.transaction.__exit__(kind, error, trace)


class IssuePin(models.Model):
    """What an editor wants first in an issue, or held back until the next."""

    class Place(models.TextChoices):
        FIRST = "first", "Put first"
        HOLD = "hold", "Hold back"

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="pins")
    place = models.CharField(max_length=5, choices=Place, default=Place.FIRST)
    position = models.PositiveSmallIntegerField(default=0)
    tool = models.ForeignKey(Tool, models.CASCADE, null=True, blank=True, related_name="+")
    comparison = models.ForeignKey(Comparison, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tool__isnull=False, comparison=None) | Q(tool=None, comparison__isnull=False),
                name="pin_names_a_tool_or_a_comparison",
                violation_error_message="Name either a tool or a comparison.",
            ),
            models.CheckConstraint(condition=Q(place__in=["first", "hold"]), name="pin_place_is_known"),
            models.UniqueConstraint(fields=["issue", "tool"], name="one_pin_per_tool"),
            models.UniqueConstraint(fields=["issue", "comparison"], name="one_pin_per_comparison"),
        ]

    def __str__(self) -> str:
        return f"{self.get_place_display()}: {self.tool or self.comparison}"


class IssueItem(models.Model):
    """That a verdict or comparison was in an issue, and what was said of it. Fixed: a trigger refuses changes.

    `block` numbers what stands together in the mail: the verdicts on one tool share it.
    """

    class Kind(models.TextChoices):
        NEW = "new", "New verdict"
        CHANGED = "changed", "Changed verdict"
        COMPARISON = "comparison", "Comparison"
        CLOSE = "close", "Close call"

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    block = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    verdict = models.ForeignKey(Verdict, models.SET_NULL, null=True, related_name="issue_items")
    comparison = models.ForeignKey(Comparison, models.SET_NULL, null=True, related_name="issue_items")
    snapshot = models.JSONField()

    class Meta:
        ordering = ["issue", "position"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "position"], name="one_item_per_position"),
            models.UniqueConstraint(fields=["verdict", "kind"], name="a_verdict_is_in_one_issue_per_kind"),
            models.UniqueConstraint(fields=["comparison", "kind"], name="a_comparison_is_in_one_issue_per_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=["new", "changed"], comparison=None)
                | Q(kind__in=["comparison", "close"], verdict=None),
                name="item_kind_matches_what_it_names",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.issue_id}"


class MailedChange(models.Model):
    """That a change to a tool has been in an issue for the readers who follow it. `key` is the change's own."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="mailed_changes")
    key = models.CharField(max_length=60, unique=True)
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return self.key


class Edition(models.Model):
    """The frozen bytes of an issue for the readers of some topics and a rhythm. Fixed: a trigger refuses changes."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="editions")
    number = models.PositiveSmallIntegerField()
    is_monthly = models.BooleanField(default=False)
    item_count = models.PositiveSmallIntegerField()
    mime = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["issue", "number"]
        constraints = [models.UniqueConstraint(fields=["issue", "number"], name="one_edition_per_number")]

    def __str__(self) -> str:
        return f"Edition {self.number} of {self.issue_id}"


class Snippet(models.Model):
    """What changed about one followed tool, rendered once for an issue and set into each follower's mail."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="snippets")
    number = models.PositiveSmallIntegerField()
    tool = models.ForeignKey(Tool, models.SET_NULL, null=True, related_name="+")
    text = models.BinaryField()
    html = models.BinaryField()

    class Meta:
        ordering = ["issue", "number"]
        constraints = [models.UniqueConstraint(fields=["issue", "number"], name="one_snippet_per_number")]

    def __str__(self) -> str:
        return f"Snippet {self.number} of {self.issue_id}"
