"""Verdicts and their revisions: every row is one text that was, or will be, published."""

import datetime
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from tools.models import Tool
from tools.models.change import record
from tools.text import plain_text, render_markdown
from verdicts import scoring
from verdicts.models.reviewer import Reviewer
from verdicts.models.tally import recount


class Decision(models.TextChoices):
    SHIP = "ship", "Ship"
    SKIP = "skip", "Skip"


class Evidence(models.TextChoices):
    HANDS_ON = "hands-on", "Hands-on"
    TRIAL = "trial", "Trial"
    DOCUMENTS = "documents", "Documents only"


class EditConflict(Exception):
    """Someone else has saved the same verdict since the editor opened it."""


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def published(self) -> Self:
        """What the panel says now."""
        return self.filter(state=Verdict.State.PUBLISHED)

    def drafts(self) -> Self:
        return self.filter(state=Verdict.State.DRAFT)

    def as_of(self, moment: datetime.datetime) -> Self:
        """What the panel said at a moment, whatever has been revised or withdrawn since."""
        return self.filter(published_at__lte=moment).filter(Q(retired_at=None) | Q(retired_at__gt=moment))

    def ever_published(self) -> Self:
        """Every text that readers have been able to read."""
        return self.exclude(published_at=None)


class Verdict(models.Model):
    """One persona's ship or skip on one tool, with the reason.

    A row is a revision. A draft may change; once published, its words are fixed (a trigger refuses changes) and an edit
    is a new row that supersedes it. So the past of a verdict is the rows of its tool and persona, in order.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        SUPERSEDED = "superseded", "Superseded"
        WITHDRAWN = "withdrawn", "Withdrawn"

    CONTENT = ["decision", "reason", "evidence", "tool_version", "tested_on", "editor"]

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="verdicts")
    reviewer = models.ForeignKey(Reviewer, models.PROTECT, related_name="verdicts")
    number = models.PositiveSmallIntegerField("revision", editable=False, default=1)
    decision = models.CharField(max_length=4, choices=Decision)
    reason = models.TextField(max_length=6_000, help_text="Markdown. Why, in 60 to 120 words.")
    evidence = models.CharField(max_length=9, choices=Evidence, default=Evidence.DOCUMENTS)
    tool_version = models.CharField(max_length=60, blank=True)
    tested_on = models.DateField()
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="verdicts", help_text="Who answers for it."
    )
    revision_note = models.CharField(max_length=200, blank=True, help_text="What changed, for readers.")

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    withdrawal_reason = models.CharField(max_length=300, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="withdrawals"
    )
    edits = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    seen_on: datetime.date | None = None  # the day a page of the past speaks of

    objects = VerdictQuerySet.as_manager()

    class Meta:
        ordering = ["reviewer__position", "-number"]
        permissions = [("publish_verdict", "Can publish verdicts"), ("withdraw_verdict", "Can withdraw verdicts")]
        indexes = [
            models.Index(fields=["-published_at"], name="verdict_newest", condition=Q(state="published")),
            models.Index(fields=["reviewer", "state", "-published_at"], name="verdict_by_reviewer"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(decision__in=Decision.values), name="verdict_is_ship_or_skip"),
            models.CheckConstraint(condition=Q(evidence__in=Evidence.values), name="verdict_evidence_is_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="verdict_has_a_reason"),
            models.CheckConstraint(condition=Q(number__gte=1), name="verdict_revisions_start_at_one"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None, retired_at=None)
                | Q(state="published", published_at__isnull=False, retired_at=None)
                | Q(state__in=["superseded", "withdrawn"], published_at__isnull=False, retired_at__isnull=False),
                name="verdict_state_matches_its_dates",
            ),
            models.CheckConstraint(
                condition=Q(retired_at=None) | Q(retired_at__gte=F("published_at")),
                name="verdict_is_retired_after_publication",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_by__isnull=False) & ~Q(withdrawal_reason="")
                | (~Q(state="withdrawn") & Q(withdrawal_reason="", withdrawn_by=None)),
                name="verdict_is_withdrawn_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["tool", "reviewer"], condition=Q(state="published"), name="one_published_verdict_per_persona"
            ),
            models.UniqueConstraint(
                fields=["tool", "reviewer"], condition=Q(state="draft"), name="one_draft_verdict_per_persona"
            ),
            models.UniqueConstraint(fields=["tool", "reviewer", "number"], name="one_verdict_per_revision_number"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.tool}: {self.get_decision_display()}"

    def get_absolute_url(self) -> str:
        return f"{self.tool.get_absolute_url()}#{self.reviewer.slug}"

    # Questions

    @property
    def is_published(self) -> bool:
        return self.state == self.State.PUBLISHED

    @property
    def is_ship(self) -> bool:
        return self.decision == Decision.SHIP

    @property
    def reason_html(self) -> SafeString:
        return render_markdown(self.reason)

    @property
    def excerpt(self) -> str:
        """The first thirty words, without markup."""
        return Truncator(plain_text(self.reason)).words(30)

    @property
    def editor_name(self) -> str:
        return self.editor.name or "the editors"

    @property
    def evidence_words(self) -> str:
        """How it was tested, with which version, when, and whether that is stale, in one line."""
        how = [self.get_evidence_display(), self.tool_version and f"version {self.tool_version}"]
        how += [date_format(self.tested_on), self.staleness and f"stale: {self.staleness.lower()}"]
        return " · ".join(part for part in how if part)

    @property
    def staleness(self) -> str:
        """Why the verdict is stale, in words; empty while it is fresh."""
        return scoring.staleness(
            tested_on=self.tested_on,
            today=self.seen_on or timezone.localdate(),
            tested_version=self.tool_version,
            newest_version=self.tool.latest_version,
        )

    # Verbs

    def clean(self) -> None:
        if self.tested_on and self.tested_on > timezone.localdate():
            raise ValidationError({"tested_on": "A test cannot lie in the future."})

    @transaction.atomic
    def revise(self, *, seen_edits: int, **content: Any) -> "Verdict":
        """Return the draft that carries new content: this row if it is a draft, else a new revision of it.

        `seen_edits` is the row's `edits` when the editor opened it. Raises EditConflict when the row has been saved,
        published or retired since, so that nobody's words are lost; ValidationError when the content is not acceptable.
        """
        current = Verdict.objects.select_for_update().get(pk=self.pk)
        newer = Verdict.objects.filter(tool=self.tool_id, reviewer=self.reviewer_id, number__gt=self.number)
        if current.edits != seen_edits or current.state != self.state or newer.exists():
            raise EditConflict
        if current.state == self.State.DRAFT:
            draft = current
            draft.edits += 1
        else:
            draft = Verdict(tool=self.tool, reviewer=self.reviewer, number=self.number + 1)
            for field in self.CONTENT:
                setattr(draft, field, getattr(current, field))
        for field, value in content.items():
            setattr(draft, field, value)
        draft.full_clean()
        draft.save()
        return draft

    @transaction.atomic
    def publish(self, at: datetime.datetime | None = None) -> None:
        """Make this draft what the panel says, from now on; the text it replaces is kept as superseded.

        Publishing what is published already does nothing. Raises ValidationError for a retired revision, and for a
        revision of something published that does not say what changed.
        """
        list(Verdict.objects.select_for_update().filter(tool=self.tool_id, reviewer=self.reviewer_id).order_by("pk"))
        self.refresh_from_db()  # publish what is stored: another editor may have saved better words meanwhile
        if self.is_published:
            return
        if self.state != self.State.DRAFT:
            raise ValidationError("A superseded or withdrawn verdict cannot be published again; write a new revision.")
        now = at or timezone.now()
        replaced = Verdict.objects.published().filter(tool=self.tool_id, reviewer=self.reviewer_id)
        if replaced.exists() and not self.revision_note:
            raise ValidationError({"revision_note": "Say in a few words what changed: readers will see it."})
        replaced.update(state=self.State.SUPERSEDED, retired_at=now, updated_at=timezone.now())
        self.state, self.published_at = self.State.PUBLISHED, now
        self.edits += 1
        self.save(update_fields=["state", "published_at", "edits", "updated_at"])
        was = self._said_before()
        kind = "verdict" if not was else "revised" if was == self.decision else "flipped"
        self._write_down(kind, now, was=was, note=self.revision_note)
        recount([self.tool_id])

    @transaction.atomic
    def withdraw(self, *, by: Any, reason: str, at: datetime.datetime | None = None) -> None:
        """Take a published verdict back. It stays listed with the reason. Raises ValidationError without one."""
        current = Verdict.objects.select_for_update().get(pk=self.pk)
        if not current.is_published:
            raise ValidationError("Only a published verdict can be withdrawn.")
        if not reason.strip():
            raise ValidationError({"withdrawal_reason": "Say why: readers will see it."})
        self.state, self.retired_at = self.State.WITHDRAWN, at or timezone.now()
        self.withdrawal_reason, self.withdrawn_by = reason.strip(), by
        self.edits = current.edits + 1
        self.full_clean(exclude=["reason", *self.CONTENT])
        self.save()
        self._write_down("withdrawn", self.retired_at, note=self.withdrawal_reason)
        recount([self.tool_id])

    def _said_before(self) -> str:
        """What the last published text before this one decided; empty for none."""
        earlier = Verdict.objects.ever_published().filter(
            tool=self.tool_id, reviewer=self.reviewer_id, number__lt=self.number
        )
        return earlier.order_by("-number").values_list("decision", flat=True).first() or ""

    def _write_down(self, kind: str, at: datetime.datetime, **payload: str) -> None:
        """Tell readers, in the log of changes."""
        who = {"reviewer": self.reviewer.slug, "reviewer_name": self.reviewer.name}
        record(self.tool, kind, at, **who, verdict=self.pk, now=self.decision, **payload)

    def next_number(self) -> int:
        """The number that a first draft after withdrawals takes."""
        last = Verdict.objects.filter(tool=self.tool_id, reviewer=self.reviewer_id).aggregate(last=models.Max("number"))
        return (last["last"] or 0) + 1
