"""A tool, its category, and the addresses it has had."""

import datetime
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.safestring import SafeString
from simple_history.models import HistoricalRecords

from tools import slugs
from tools.addresses import address
from tools.logos import validate_logo
from tools.models.change import TRACKED, Change, changes_between
from tools.models.checked import Checked, WebAddressField, checked_constraints, web_address_constraint
from tools.text import render_markdown


def validate_slug(value: str) -> None:
    """Raise ValidationError, in plain words, unless the database would accept the slug."""
    if not slugs.is_valid(value):
        raise ValidationError(
            f"Use lower-case letters, digits and single hyphens, {slugs.MAX_LENGTH} at most, without the word "
            f"“vs” and none of: {', '.join(sorted(slugs.RESERVED))}.",
            code="invalid",
        )


def slug_constraints(name: str) -> list[models.BaseConstraint]:
    """Return the constraints that keep a slug plain and keep `a-vs-b` unambiguous."""
    return [
        models.CheckConstraint(
            condition=Q(slug__regex=slugs.PLAIN),
            name=f"{name}_slug_is_plain",
            violation_error_message="A slug has lower-case letters, digits and single hyphens.",
        ),
        models.CheckConstraint(
            condition=~Q(slug__regex=slugs.VS_AS_A_WORD) & ~Q(slug__in=sorted(slugs.RESERVED)),
            name=f"{name}_slug_is_not_vs_or_reserved",
            violation_error_message="A slug cannot contain the word “vs” or be a reserved word.",
        ),
    ]


class Category(models.Model):
    """A shelf of the catalogue."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=slugs.MAX_LENGTH, unique=True, validators=[validate_slug])
    description = models.CharField(max_length=200, blank=True, help_text="One line: what these tools are for.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"
        constraints = slug_constraints("category")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("category", self.slug)


class Entry(models.TextChoices):
    """What it costs to start. Empty means not checked."""

    FREE = "free", "Free"
    FREEMIUM = "freemium", "Freemium"
    PAID = "paid", "Paid"
    CONTACT = "contact", "Contact sales"


class State(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    DISCONTINUED = "discontinued", "Discontinued"


class ToolQuerySet(models.QuerySet["Tool"]):
    def public(self) -> Self:
        """Tools that readers may see: published, and discontinued ones with their history."""
        return self.filter(state__in=[State.PUBLISHED, State.DISCONTINUED])

    def named(self, slug: str) -> Self:
        """The tool that has this address now, else the one that had it last."""
        current = self.filter(slug=slug)
        return current if current.exists() else self.filter(former_slugs__slug=slug)


class Named(NamedTuple):
    """A tool's name and address, for what prints no more of it."""

    name: str
    slug: str


class Tool(Checked):
    """A product that a developer might ship with, and the plain facts about it.

    `check_method` speaks for the columns here (vendor, licence, entry, addresses); typed facts and prices carry their own.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=slugs.MAX_LENGTH, unique=True, validators=[validate_slug])
    tagline = models.CharField(max_length=160, blank=True, help_text="What it does, in one line, without praise.")
    description = models.TextField(max_length=6_000, blank=True, help_text="Markdown.")
    category = models.ForeignKey(Category, models.PROTECT, related_name="tools")
    vendor = models.CharField(max_length=120, blank=True)
    homepage = WebAddressField(blank=True)
    repository = WebAddressField(blank=True)
    documentation = WebAddressField(blank=True)
    licence = models.CharField(max_length=80, blank=True, help_text="An SPDX identifier where there is one.")
    entry = models.CharField("entry price", max_length=8, choices=Entry, blank=True, help_text="Empty: not checked.")
    latest_version = models.CharField(max_length=60, blank=True)
    released_on = models.DateField(null=True, blank=True, help_text="The day the latest version came out.")
    logo = models.ImageField(upload_to="logos", blank=True, validators=[validate_logo])

    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    discontinued_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="predecessors")
    is_sample = models.BooleanField(default=False, editable=False)
    # How high lists put it: written by the app that judges, with the judgement, and never by `save`. It stands in this
    # table so that the first page of a list of any length is read from one index.
    standing = models.PositiveIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords(excluded_fields=["created_at", "updated_at", "standing"])
    objects = ToolQuerySet.as_manager()

    class Meta:
        ordering = [Lower("name"), "pk"]
        indexes = [
            # Not the state first: nearly all tools are public, and SQLite would sort them all rather than read an order.
            models.Index(fields=["category", "state"], name="tool_category_state"),
            models.Index(Lower("name"), name="tool_lower_name"),
            models.Index(fields=["homepage"], name="tool_homepage"),
            models.Index(F("standing").desc(), Lower("name"), F("id"), name="tool_list"),
            models.Index(F("category"), F("standing").desc(), Lower("name"), F("id"), name="tool_list_of_a_shelf"),
            # A rare licence would have the whole list read through for its few tools.
            models.Index(F("licence"), F("standing").desc(), Lower("name"), F("id"), name="tool_list_of_a_licence"),
            models.Index(F("published_at").desc(), Lower("name"), F("id"), name="tool_newest"),
            models.Index(fields=["is_sample"], name="tool_sample", condition=Q(is_sample=True)),
        ]
        constraints = [
            *slug_constraints("tool"),
            *checked_constraints("tool"),
            *[
                web_address_constraint(f, f"tool_{f}_is_web")
                for f in ("homepage", "repository", "documentation", "source_url")
            ],
            models.CheckConstraint(condition=~Q(name=""), name="tool_has_a_name"),
            models.CheckConstraint(condition=Q(entry__in=["", *Entry.values]), name="tool_entry_is_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="tool_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT, published_at=None)
                | (~Q(state=State.DRAFT) & Q(published_at__isnull=False)),
                name="tool_is_dated_if_public",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DISCONTINUED, discontinued_on__isnull=False)
                | (~Q(state=State.DISCONTINUED) & Q(discontinued_on=None, successor=None)),
                name="tool_is_dated_if_discontinued",
                violation_error_message="A discontinued tool needs the day it ended; only it may have a successor.",
            ),
            models.CheckConstraint(
                condition=Q(successor=None) | ~Q(successor=F("pk")),
                name="tool_does_not_succeed_itself",
                violation_error_message="A tool cannot succeed itself.",
            ),
            models.CheckConstraint(
                condition=Q(released_on=None) | ~Q(latest_version=""),
                name="tool_release_day_has_a_version",
                violation_error_message="A release day needs the version that came out.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("tool", self.slug)

    @property
    def named(self) -> Named:
        return Named(self.name, self.slug)

    @property
    def is_public(self) -> bool:
        return self.state != State.DRAFT

    @property
    def is_draft(self) -> bool:
        return self.state == State.DRAFT

    @property
    def is_discontinued(self) -> bool:
        return self.state == State.DISCONTINUED

    @property
    def entry_label(self) -> str:
        return self.get_entry_display() or "Not checked"

    @property
    def description_html(self) -> SafeString:
        return render_markdown(self.description)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and write down what readers are to be told of."""
        written = kwargs.get("update_fields")
        is_told = written is None or not set(TRACKED).isdisjoint(written)
        before = Tool.objects.filter(pk=self.pk).values(*TRACKED).first() if self.pk and is_told else None
        if not self._state.adding:
            self.__dict__.pop("standing", None)  # a value read earlier must not undo what was judged meanwhile
        super().save(*args, **kwargs)
        if is_told:
            at = getattr(self, "_history_date", None) or timezone.now()
            Change.objects.bulk_create(changes_between(self, before, at))

    def settle_state(self) -> None:
        """Bring the dates in step with the state: the first publication is kept, a draft has none."""
        if self.is_draft:
            self.published_at = None
        elif self.published_at is None:
            self.published_at = timezone.now()
        if not self.is_discontinued:
            self.discontinued_on = self.successor = None

    def publish(self) -> None:
        """Make the tool public now. Publishing twice keeps the first date."""
        self.state = State.PUBLISHED
        self.settle_state()
        self.save()

    def move(
        self,
        state: str,
        *,
        reason: str,
        discontinued_on: datetime.date | None = None,
        successor: "Tool | None" = None,
    ) -> None:
        """Bring the tool into a state, for a reason that its history keeps. Raises ValidationError, field by field."""
        self.state, self.discontinued_on, self.successor = state, discontinued_on, successor
        self.settle_state()
        self._change_reason = reason
        self.full_clean()
        self.save()

    @transaction.atomic
    def rename_slug(self, slug: str) -> None:
        """Move the tool to another address; the old one keeps leading here."""
        if slug == self.slug:
            return
        FormerSlug.objects.filter(slug=slug).delete()
        FormerSlug.objects.update_or_create(slug=self.slug, defaults={"tool": self})
        self.slug = slug
        self.save()


class FormerSlug(models.Model):
    """An address that a tool had once. It redirects for good, unless another tool takes it."""

    slug = models.SlugField(max_length=slugs.MAX_LENGTH, unique=True, validators=[validate_slug])
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="former_slugs")
    until = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-until"]
        constraints = slug_constraints("former")

    def __str__(self) -> str:
        return self.slug
