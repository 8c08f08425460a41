"""A reader says that something on a page is wrong."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from tools.models.asked import MOST_WORDS, Asked, AskedQuerySet, AskedState, asked_constraints
from tools.models.change import record
from tools.models.checked import WebAddressField, web_address_constraint
from tools.models.tool import Tool

MOST_SAID = 300


class FactReport(Asked):
    """One report about one cell: what the page said then, and what is right."""

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="reports", editable=False)
    cell = models.CharField(max_length=120, editable=False)
    label = models.CharField("about", max_length=160, editable=False)
    said = models.CharField("the page said", max_length=MOST_SAID, editable=False)
    claim = models.CharField("the reader says", max_length=MOST_WORDS, editable=False)
    source_url = WebAddressField("source", blank=True, editable=False)

    objects = AskedQuerySet["FactReport"].as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "-sent_at"], name="report_queue"),
            models.Index(
                fields=["-answered_at", "-id"], name="report_answered", condition=Q(state__in=["accepted", "declined"])
            ),
        ]
        constraints = [
            *asked_constraints("report", ["waiting", "accepted", "declined", "dropped"]),
            models.CheckConstraint(condition=~Q(claim="") & ~Q(cell=""), name="report_says_something"),
            web_address_constraint("source_url", "report_source_url_is_web"),
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.label}"

    @transaction.atomic
    def accept(self, answer: str, *, now: str) -> None:
        """Agree, and write the correction into the public log. `now` is what the page says today.

        Raises ValidationError while the page still says the same: a correction that nobody has made is not announced.
        """
        if now == self.said:
            raise ValidationError(f"The page still says “{now}”. Put it right first, then accept the report.")
        self.settle(AskedState.ACCEPTED, answer)
        record(self.tool, "corrected", what=self.label, now=now, was=self.said, note=answer)
