"""The one weekly rule: which issue is due when, and the instant at which each time zone gets it. No database, no clock."""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

EARLIEST = datetime.timedelta(hours=14)  # Kiritimati is the first to have Monday morning
LEAD_TIME = datetime.timedelta(hours=1)  # between the cutoff and the first wave: freezing, and looking at it
LATE = datetime.timedelta(hours=36)
DEADLINE = datetime.timedelta(hours=24)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One week's issue, by the local day on which it arrives."""

    day: datetime.date

    @property
    def key(self) -> str:
        """The ISO week of the day: `2026-W48`."""
        year, week, _ = self.day.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def cutoff(self) -> datetime.datetime:
        """What is published before this instant belongs to the issue; then it is frozen."""
        hour = datetime.time(settings.NEWSLETTER_HOUR)
        return datetime.datetime.combine(self.day, hour, datetime.UTC) - EARLIEST - LEAD_TIME

    @property
    def sends_at(self) -> datetime.datetime:
        """The instant of the editorial zone, which readers without a zone of their own share."""
        return self.wave("")

    def wave(self, zone: str) -> datetime.datetime:
        """Return the instant at which a time zone gets the issue. An unknown zone counts as the editorial one."""
        return local_instant(self.day, settings.NEWSLETTER_HOUR, 0, known_zone(zone))

    @property
    def next(self) -> "Period":
        return Period(self.day + datetime.timedelta(days=7))


def period_after(moment: datetime.datetime) -> Period:
    """Return the first period whose cutoff has not passed at a moment."""
    week_day = moment.astimezone(datetime.UTC).date() - datetime.timedelta(days=2)
    period = Period(week_day + datetime.timedelta(days=(settings.NEWSLETTER_DAY - week_day.weekday()) % 7))
    while period.cutoff <= moment:
        period = period.next
    return period


@lru_cache(maxsize=1000)
def known_zone(name: str) -> str:
    """Return the name if it is a time zone; else the editorial zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return settings.NEWSLETTER_TZ
    return name or settings.NEWSLETTER_TZ


def local_instant(day: datetime.date, hour: int, minute: int, zone: str) -> datetime.datetime:
    """Return the instant, in UTC, of a wall-clock time.

    A time that the clocks skip means the first that exists after it; one that comes twice means the first time.
    """
    wall = datetime.datetime.combine(day, datetime.time(hour, minute))
    while True:
        instant = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(datetime.UTC)
        if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall:
            return instant
        wall += datetime.timedelta(minutes=1)
