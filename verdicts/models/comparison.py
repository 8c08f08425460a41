"""Comparisons that an editor has written about. All the others exist too, without a row."""

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from simple_history.models import HistoricalRecords

from tools.models import Tool
from tools.text import render_markdown

REQUIRED_TEXTS = ["ship_first_if", "ship_second_if", "ship_neither_if"]


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def published(self) -> Self:
        return self.exclude(published_at=None)


class Comparison(models.Model):
    """What an editor adds to a pair: a headline and when to ship which, or neither.

    `first` is the tool with the lower primary key, so that a pair has one row; pages show tools in the order of
    their addresses.
    """

    first = models.ForeignKey(Tool, models.CASCADE, related_name="+")
    second = models.ForeignKey(Tool, models.CASCADE, related_name="+")
    headline = models.CharField(max_length=120, blank=True)
    standfirst = models.CharField(max_length=400, blank=True)
    ship_first_if = models.TextField(max_length=1_000, blank=True, help_text="Markdown; continues “Ship it if …”.")
    ship_second_if = models.TextField(max_length=1_000, blank=True, help_text="Markdown; continues “Ship it if …”.")
    ship_neither_if = models.TextField(max_length=1_000, blank=True, help_text="Markdown.")
    featured_on = models.DateField(null=True, blank=True, help_text="From this day it may lead the home page.")
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords(excluded_fields=["updated_at"])
    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["-featured_on", "-published_at"]
        permissions = [("publish_comparison", "Can publish comparisons")]
        constraints = [
            models.CheckConstraint(
                condition=Q(first__lt=F("second")),
                name="comparison_is_of_two_tools_in_order",
                violation_error_message="A comparison needs two different tools.",
            ),
            models.UniqueConstraint(
                fields=["first", "second"],
                name="one_comparison_per_pair",
                violation_error_message="This pair already has a comparison.",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None)
                | ~(Q(ship_first_if="") | Q(ship_second_if="") | Q(ship_neither_if="") | Q(headline="")),
                name="comparison_is_complete_if_published",
                violation_error_message="To publish, fill in the headline and all three of “ship … if”.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} vs {self.second}"

    def get_absolute_url(self) -> str:
        return reverse("comparison", args=["-vs-".join(sorted([self.first.slug, self.second.slug]))])

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    def advice(self) -> dict[int, SafeString]:
        """Return "ship it if …" by tool."""
        return {
            self.first_id: render_markdown(self.ship_first_if),
            self.second_id: render_markdown(self.ship_second_if),
        }

    @property
    def neither_html(self) -> SafeString:
        return render_markdown(self.ship_neither_if)

    def put_in_order(self) -> None:
        """Swap the tools and their texts if needed, so that the pair has its one row."""
        if self.first_id and self.second_id and self.first_id > self.second_id:
            self.first, self.second = self.second, self.first
            self.ship_first_if, self.ship_second_if = self.ship_second_if, self.ship_first_if

    def publish(self) -> None:
        """Make the texts public. Raises ValidationError, field by field, while one is missing."""
        missing = [name for name in ["headline", *REQUIRED_TEXTS] if not getattr(self, name).strip()]
        if missing:
            raise ValidationError(dict.fromkeys(missing, "Needed before the comparison can be published."))
        if not (self.first.is_public and self.second.is_public):
            raise ValidationError("Both tools have to be published first.")
        if self.published_at is None:
            self.published_at = timezone.now()
            self.save()

    def unpublish(self) -> None:
        """Take the texts off the page; the comparison itself stays."""
        self.published_at = None
        self.save()
