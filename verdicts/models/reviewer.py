"""Reviewer personas: editorial lenses, not people."""

from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.utils.safestring import SafeString
from simple_history.models import HistoricalRecords

from tools import slugs
from tools.addresses import address
from tools.models.tool import slug_constraints, validate_slug
from tools.text import render_markdown
from verdicts.models.tally import recount


class ReviewerQuerySet(models.QuerySet["Reviewer"]):
    def active(self) -> Self:
        """The personas that make up the panel today."""
        return self.filter(is_active=True)


class Reviewer(models.Model):
    """A persona of the panel: a fixed way of looking at every tool."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=slugs.MAX_LENGTH, unique=True, validators=[validate_slug])
    lens = models.CharField(max_length=160, help_text="What this persona asks, in one line.")
    weighs = models.TextField("what they weigh", max_length=2_000, help_text="Markdown.")
    disclosure = models.TextField(
        max_length=2_000, help_text="Markdown. Who answers for the texts, and whether a machine helped to write them."
    )
    responsible_editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="personas"
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField("active", default=True)

    history = HistoricalRecords()
    objects = ReviewerQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = slug_constraints("reviewer")

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; whoever joins or leaves the panel takes their verdicts with them."""
        was_active = Reviewer.objects.filter(pk=self.pk).values_list("is_active", flat=True).first()
        super().save(*args, **kwargs)
        if was_active is not None and was_active != self.is_active:
            recount()

    def get_absolute_url(self) -> str:
        return address("reviewer", self.slug)

    @property
    def short(self) -> str:
        """The name without its article: "Builder"."""
        return self.name.removeprefix("The ")

    @property
    def weighs_html(self) -> SafeString:
        return render_markdown(self.weighs)

    @property
    def disclosure_html(self) -> SafeString:
        return render_markdown(self.disclosure)
