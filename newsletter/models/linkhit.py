"""How often the links of an issue were followed: per day, never per reader."""

import datetime

from django.db import models
from django.db.models import F


class LinkHitManager(models.Manager["LinkHit"]):
    def note(self, issue_no: int, link_no: int, on: datetime.date) -> None:
        """Count one more visit."""
        row, _ = self.get_or_create(issue_no=issue_no, link_no=link_no, day=on)
        self.filter(pk=row.pk).update(count=F("count") + 1)


class LinkHit(models.Model):
    """The visits of one link of one issue on one day."""

    issue_no = models.PositiveIntegerField()
    link_no = models.PositiveSmallIntegerField()
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    objects = LinkHitManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue_no", "link_no", "day"], name="one_count_per_link_and_day")
        ]

    def __str__(self) -> str:
        return f"Issue {self.issue_no}, link {self.link_no}, {self.day}: {self.count}"
