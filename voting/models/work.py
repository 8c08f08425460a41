"""Challenges that have been solved once, so that nobody votes with one twice."""

from django.db import models


class SpentWork(models.Model):
    """A challenge that a vote was sent with, by its signature. Kept until it would have run out anyway."""

    challenge = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(challenge=""), name="spent_work_is_of_a_challenge")]

    def __str__(self) -> str:
        return f"spent until {self.expires_at}"
