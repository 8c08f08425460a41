"""What readers send us, and what an editor answers: the queue behind reports of wrong facts and requests for tools."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

MOST_WORDS = 500


class AskedState(models.TextChoices):
    """How far it has come. What an editor has not seen is shown to nobody; what was set aside never is."""

    WAITING = "waiting", "Waiting for an editor"
    LISTED = "listed", "Being considered"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    DROPPED = "dropped", "Set aside"


OPEN = [AskedState.WAITING, AskedState.LISTED]
ANSWERED = [AskedState.ACCEPTED, AskedState.DECLINED]


class AskedQuerySet[M: models.Model](models.QuerySet[M]):
    def waiting(self) -> Self:
        """What no editor has looked at."""
        return self.filter(state=AskedState.WAITING)

    def public(self) -> Self:
        """What an editor has let stand, answered or not."""
        return self.filter(state__in=[AskedState.LISTED, *ANSWERED])


class Asked(models.Model):
    """Something a reader sent. It is answered once, in words that everybody can read; nothing tells who sent it."""

    state = models.CharField(max_length=8, choices=AskedState, default=AskedState.WAITING, editable=False)
    answer = models.CharField(max_length=MOST_WORDS, blank=True, editable=False)
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @transaction.atomic
    def settle(self, state: str, answer: str = "") -> None:
        """Answer it, or set it aside. Raises ValidationError when another editor has been there first."""
        current = type(self)._default_manager.select_for_update().get(pk=self.pk)
        if not current.is_open:
            raise ValidationError("This has been answered already.")
        if state in ANSWERED and not answer:
            raise ValidationError("Readers are told why: an answer needs words.")
        self.state, self.answer = state, answer if state in ANSWERED else ""
        self.answered_at = timezone.now() if state in ANSWERED else None
        self.save(update_fields=["state", "answer", "answered_at"])

    def decline(self, answer: str) -> None:
        self.settle(AskedState.DECLINED, answer)

    def drop(self) -> None:
        """Set it aside without a word: rubbish, or what nobody should read."""
        self.settle(AskedState.DROPPED)


def asked_constraints(name: str, states: list[str]) -> list[Any]:
    """Return the constraints of a queue: known states, and words and a day if and only if it is answered."""
    return [
        models.CheckConstraint(condition=Q(state__in=states), name=f"{name}_state_is_known"),
        models.CheckConstraint(
            condition=(Q(state__in=ANSWERED, answered_at__isnull=False) & ~Q(answer=""))
            | (~Q(state__in=ANSWERED) & Q(answered_at=None, answer="")),
            name=f"{name}_is_worded_if_answered",
        ),
    ]
