"""A second subject for an issue, tried on a part of its readers."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from newsletter.models.issue import MOST_SUBJECT, Issue


class SubjectTestQuerySet(models.QuerySet["SubjectTest"]):
    def due(self, now: datetime.datetime) -> Self:
        """Return those whose hour has come and that nobody has decided."""
        return self.filter(decide_at__lte=now, decided_at=None)


class SubjectTest(models.Model):
    """A tenth of an issue's weekly readers gets each subject; what is opened more goes to the others.

    The database allows one decision, and one winner with it.
    """

    class Winner(models.TextChoices):
        FIRST = "first", "The first"
        SECOND = "second", "The second"

    issue = models.OneToOneField(Issue, models.CASCADE, related_name="subject_test")
    second = models.CharField(
        "second subject",
        max_length=MOST_SUBJECT,
        help_text="A tenth of the readers gets it, a tenth the first; two hours later the others get the better one.",
    )
    decide_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    winner = models.CharField(max_length=6, choices=Winner, blank=True, editable=False)
    first_opened = models.PositiveIntegerField(default=0, editable=False)
    second_opened = models.PositiveIntegerField(default=0, editable=False)

    objects = SubjectTestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at=None, winner="")
                | Q(decided_at__isnull=False, decide_at__isnull=False, winner__in=["first", "second"]),
                name="subject_test_is_decided_with_a_winner",
            ),
            models.CheckConstraint(condition=~Q(second=""), name="subject_test_has_a_second_subject"),
        ]

    def __str__(self) -> str:
        return self.second
