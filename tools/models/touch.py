"""What has changed lately, so that a page kept for readers is dropped as soon as something on it is another."""

from django.db import models
from django.db.models.functions import Now


class Touch(models.Model):
    """A transaction changed something that pages show: one tool, one shelf, or the whole site (`ref` 0).

    Rows are written by triggers (`tools/migrations/_touching.py`), never by code: whatever changes a figure, an editor,
    an import or a statement typed by hand, leaves its touch in the same transaction. `moment` orders the transactions:
    PostgreSQL's transaction id, or the row's own number on SQLite, which has one writer at a time.
    """

    class Kind(models.IntegerChoices):
        SITE = 0
        TOOL = 1
        SHELF = 2

    kind = models.SmallIntegerField(choices=Kind)
    ref = models.BigIntegerField()
    moment = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["moment"], name="touch_moment"), models.Index(fields=["at"], name="touch_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.ref}"
