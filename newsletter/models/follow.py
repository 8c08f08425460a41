"""Tools and pairs whose changes a subscriber wants to read about."""

from collections.abc import Sequence
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from newsletter.models.subscriber import Subscriber
from tools.models import Tool


class FollowQuerySet(models.QuerySet["Follow"]):
    def about(self, *tools: Tool) -> Self:
        """Return follows of one tool, or of the pair of two in either order."""
        return self.filter(**self.columns(tools))

    @staticmethod
    def columns(tools: Sequence[Tool]) -> dict[str, Tool | None]:
        """Return one tool, or two in their order, as the columns of a row."""
        first, other = (*sorted(tools, key=lambda tool: tool.pk), None)[:2]
        return {"tool": first, "other": other}


class Follow(models.Model):
    """One subscriber follows one tool, or one pair: then the tool with the lower key stands first."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="follows")
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="+")
    other = models.ForeignKey(Tool, models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FollowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "tool"], condition=Q(other__isnull=True), name="a_tool_is_followed_once"
            ),
            models.UniqueConstraint(
                fields=["subscriber", "tool", "other"],
                condition=Q(other__isnull=False),
                name="a_pair_is_followed_once",
            ),
            models.CheckConstraint(
                condition=Q(other__isnull=True) | Q(tool__lt=F("other")), name="a_followed_pair_is_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool} and {self.other}" if self.other else str(self.tool)
