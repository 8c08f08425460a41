"""Prices as dated rows: what a plan costs from a day on, until the next row of that plan begins."""

import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from simple_history.models import HistoricalRecords

from tools.models.change import record, start_of
from tools.models.checked import Checked, checked_constraints, web_address_constraint
from tools.models.tool import Tool


class PriceQuerySet(models.QuerySet["Price"]):
    def on(self, day: datetime.date) -> Self:
        """The price of each plan as it stood on a day; plans that had ended are left out."""
        newest = (
            Price.objects.filter(tool=OuterRef("tool"), plan=OuterRef("plan"), starts_on__lte=day)
            .order_by("-starts_on")
            .values("pk")[:1]
        )
        return self.filter(pk=Subquery(newest), is_offered=True)


class PriceLine(NamedTuple):
    """A price as a page prints it."""

    plan: str
    words: str
    source_url: str
    get_check_method_display: str
    checked_on: datetime.date | None


class Price(Checked):
    """What one plan of a tool costs from `starts_on`.

    A row has no end: it lasts until the next row of the same plan, so two ranges cannot overlap and no day falls
    between them. A plan that is no longer sold ends with a row that is not offered.
    """

    class Period(models.TextChoices):
        MONTH = "month", "per month"
        YEAR = "year", "per year"
        ONCE = "once", "once"
        USE = "use", "by use"

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="prices")
    plan = models.CharField(max_length=60, default="Standard")
    amount = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(
        max_length=3, default="USD", validators=[RegexValidator(r"^[A-Z]{3}$", "Three capital letters, such as USD.")]
    )
    unit = models.CharField(max_length=60, blank=True, help_text="What is counted: “seat”, “million input tokens”.")
    period = models.CharField(max_length=5, choices=Period, default=Period.MONTH)
    starts_on = models.DateField()
    is_offered = models.BooleanField("offered", default=True, help_text="Off: from that day the plan is not sold.")

    history = HistoricalRecords()
    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "-starts_on"]
        constraints = [
            *checked_constraints("price"),
            web_address_constraint("source_url", "price_source_url_is_web"),
            models.UniqueConstraint(
                fields=["tool", "plan", "starts_on"],
                name="one_price_per_plan_and_day",
                violation_error_message="This plan already has a price from that day.",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0) | Q(amount=None), name="price_is_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="price_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(period__in=["month", "year", "once", "use"]), name="price_period_is_known"
            ),
            models.CheckConstraint(
                condition=Q(is_offered=True, amount__isnull=False) | Q(is_offered=False, amount=None),
                name="price_has_an_amount_if_offered",
                violation_error_message="A plan on offer needs an amount; one that is not has none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.words}"

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and write down what readers are to be told of: from the day on that the price holds."""
        self.amount = None if self.amount is None else Decimal(str(self.amount))  # "20" reads as 20 does
        before = Price.objects.filter(pk=self.pk).first() if self.pk else None
        was = before or self._previous()
        super().save(*args, **kwargs)
        if before is None or str(before) != str(self):
            now = getattr(self, "_history_date", None) or timezone.now()
            at = max(now, start_of(self.starts_on))
            record(self.tool, "price", at, what=self.plan, now=self.words, was=was.words if was else "")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            record(self.tool, "price", what=self.plan, now="taken off the list", was=self.words)
            return super().delete(*args, **kwargs)

    def _previous(self) -> "Price | None":
        """The price that this one follows."""
        plan = Price.objects.filter(tool=self.tool_id, plan=self.plan, starts_on__lt=self.starts_on)
        return plan.order_by("-starts_on").first()

    @property
    def line(self) -> PriceLine:
        checked = str(self.get_check_method_display())
        return PriceLine(self.plan, self.words, self.source_url, checked, self.checked_on)

    @property
    def words(self) -> str:
        """The price as a reader sees it, such as "$20 per seat per month"."""
        if self.amount is None:
            return "No longer offered"
        sign = {"USD": "$", "EUR": "€", "GBP": "£"}.get(self.currency, f"{self.currency} ")
        amount = f"{self.amount:,.4f}".rstrip("0").rstrip(".")
        if "." in amount and len(amount.split(".")[1]) == 1:
            amount += "0"
        unit = f" per {self.unit}" if self.unit else ""
        return f"{sign}{amount}{unit}" + ("" if self.period == "use" else f" {self.get_period_display()}")
