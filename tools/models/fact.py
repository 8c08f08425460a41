"""Typed facts: yes, no, partial, unknown, or a text. Unknown is never No."""

from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools import slugs
from tools.models.change import record
from tools.models.checked import Checked, checked_constraints, web_address_constraint
from tools.models.tool import Tool, slug_constraints, validate_slug

UNKNOWN = "Not checked"


class FactKind(models.Model):
    """A question that is asked of every tool, such as "Open source"."""

    slug = models.SlugField(max_length=slugs.MAX_LENGTH, unique=True, validators=[validate_slug])
    label = models.CharField(max_length=60, unique=True)
    help = models.CharField(max_length=200, blank=True, help_text="What counts as yes.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "label"]
        constraints = slug_constraints("fact_kind")

    def __str__(self) -> str:
        return self.label


class Fact(Checked):
    """One answer about one tool. Its past is kept in `history`."""

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        PARTIAL = "partial", "Partly"
        UNKNOWN = "unknown", "Not checked"
        TEXT = "text", "Text"

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="facts")
    kind = models.ForeignKey(FactKind, models.PROTECT, related_name="facts")
    answer = models.CharField(max_length=7, choices=Answer, default=Answer.UNKNOWN)
    text = models.CharField(
        max_length=200, blank=True, help_text="The answer itself, or a note beside yes, no or partly."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["kind__position", "kind__label"]
        indexes = [models.Index(fields=["kind", "answer"], name="fact_answer")]
        constraints = [
            *checked_constraints("fact"),
            web_address_constraint("source_url", "fact_source_url_is_web"),
            models.UniqueConstraint(fields=["tool", "kind"], name="one_answer_per_tool_and_kind"),
            models.CheckConstraint(
                condition=Q(answer__in=["yes", "no", "partial", "unknown", "text"]), name="fact_answer_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(answer="text") | ~Q(text=""),
                name="fact_text_is_given",
                violation_error_message="An answer of kind text needs the text.",
            ),
            models.CheckConstraint(
                condition=~Q(answer="unknown") | Q(check_method="unchecked", text=""),
                name="fact_unknown_is_unchecked",
                violation_error_message="What is unknown has not been checked and says nothing.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and write down what readers are to be told of: another answer than the page showed."""
        before = Fact.objects.filter(pk=self.pk).first() if self.pk else None
        super().save(*args, **kwargs)
        was, now = (before.full_words if before else UNKNOWN), self.full_words
        at = getattr(self, "_history_date", None) or timezone.now()
        if was != now and self.tool.published_at is not None and self.tool.published_at < at:
            record(self.tool, "fact", at, what=self.kind.label, now=now, was=was)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            if self.tool.is_public and self.full_words != UNKNOWN:
                record(self.tool, "fact", what=self.kind.label, now=UNKNOWN, was=self.full_words)
            return super().delete(*args, **kwargs)

    @property
    def full_words(self) -> str:
        """The answer with the note beside it."""
        note = f" ({self.text})" if self.text and self.answer != self.Answer.TEXT else ""
        return self.words + note

    @property
    def words(self) -> str:
        """The answer as a reader sees it."""
        return self.text if self.answer == self.Answer.TEXT else str(self.get_answer_display())
