"""What is known about where a vote came from: digests under keys that live for a fortnight, never an address."""

import datetime

from django.db import models

from voting.models.vote import Vote

SALTS_KEPT = 14


class Salt(models.Model):
    """The secret of one day. Once it is deleted nobody can tell what that day's digests stood for.

    Never part of a backup (see SECURITY.md).
    """

    day = models.DateField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.day}"


class VoteSignal(models.Model):
    """Where the latest words of a vote came from, as far as the detector needs it. Deleted after a fortnight.

    `addr`, `net`, `wide` and `ua` are digests under the salt of `day`: equal within a day, meaningless across days.
    `earlier` holds the digests under the two salts that join days, sealed with that day's salt, so that
    `voting.origins.joined` can match days while the salts live, and nobody can once they are gone.
    """

    vote = models.OneToOneField(Vote, models.CASCADE, primary_key=True, related_name="signal")
    day = models.DateField(db_index=True)
    at = models.DateTimeField()
    addr = models.BinaryField(max_length=8)
    net = models.BinaryField(max_length=8)
    wide = models.BinaryField(max_length=8)
    ua = models.BinaryField(max_length=8)
    earlier = models.BinaryField(max_length=512)
    ref_host = models.CharField(max_length=100, blank=True)
    dwell_ms = models.PositiveIntegerField(null=True)
    pages = models.PositiveSmallIntegerField(default=1)
    honeypot = models.BooleanField(default=False)
    pow = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"signal of {self.day}"


def oldest_kept(today: datetime.date) -> datetime.date:
    """Return the first day whose salt and signals are still kept."""
    return today - datetime.timedelta(days=SALTS_KEPT - 1)
