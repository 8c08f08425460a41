"""How fast mail may leave, for all workers together: a place in line, kept in the database.

A worker reserves the next few slots by moving `next_at` forward, and waits for its turn. So the limit holds across
machines and restarts, and needs nothing but the database. The clock is the database's where it is a server.
"""

import datetime
import time
from collections.abc import Callable

from django.db import connection
from django.db.models import Case, F, When
from django.utils import timezone

from newsletter.models import DomainLimit, SendControl

AHEAD_SECONDS = 0.1  # what one reservation covers at most
LEAST = 0.05  # messages a second, however often a server has asked for less
UNKNOWN = 20.0  # messages a second we take for the speed of a domain that had no limit when it first asks for less
STEP = 1.2  # what an eased limit grows by in a minute
EVERY = datetime.timedelta(minutes=1)
FREE = 200.0  # messages a second at which a limit that only a server had asked for is lifted


class Pace:
    """The line in front of the mail server, for one worker."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self.sleep = sleep
        self.held = 0
        self.refresh()

    def refresh(self) -> bool:
        """Read the limits anew; return whether all sending is paused."""
        control = SendControl.get()
        rate = effective(control.rate, control.allowed)
        if rate != getattr(self, "rate", rate):
            self.held = 0
        self.rate = rate
        self.limits = {limit.domain: effective(limit.rate, limit.allowed) for limit in DomainLimit.objects.all()}
        return control.is_paused

    def line(self, domain: str) -> float:
        """Return the seconds until a domain takes its next message; nothing is reserved."""
        if domain not in self.limits:
            return 0.0
        with connection.cursor() as cursor:
            table = DomainLimit._meta.db_table
            cursor.execute(f"SELECT next_at - {_clock()} FROM {table} WHERE domain = %s", [domain])  # noqa: S608
            found = cursor.fetchone()
        return max(0.0, found[0]) if found else 0.0

    def wait(self, domain: str) -> None:
        """Return when one message to a domain may leave."""
        if rate := self.limits.get(domain):
            self._until(_reserve(DomainLimit, "domain", domain, 1 / rate))
        if not self.rate:
            return
        if not self.held:
            self.held = max(1, int(self.rate * AHEAD_SECONDS))
            self._until(_reserve(SendControl, "id", 1, self.held / self.rate))
        self.held -= 1

    def _until(self, seconds: float) -> None:
        if seconds > 0:
            self.sleep(seconds)


def effective(rate: float, allowed: float) -> float:
    """Return the lower of two limits, where 0 means none."""
    return min(rate, allowed) if rate and allowed else rate or allowed


def halve(domain: str) -> None:
    """Send to a domain at half the speed, because it asked for less; at most once a minute."""
    limit, made = DomainLimit.objects.get_or_create(domain=domain)
    now = timezone.now()
    if not made and limit.allowed and now - limit.eased_at < EVERY:
        return
    speed = effective(limit.rate, limit.allowed) or UNKNOWN
    DomainLimit.objects.filter(pk=limit.pk).update(allowed=max(LEAST, speed / 2), eased_at=now)


def halve_all() -> None:
    """Send everything at half the speed, because the server asked for less."""
    control = SendControl.get()
    speed = effective(control.rate, control.allowed) or FREE
    SendControl.objects.filter(id=1).update(allowed=max(LEAST, speed / 2))


def ease() -> None:
    """Grow what was lowered back, a step a minute; called by every tick."""
    now = timezone.now()
    lowered = DomainLimit.objects.filter(allowed__gt=0, eased_at__lte=now - EVERY)
    lowered.filter(rate=0, allowed__gte=FREE).delete()
    grown = F("allowed") * STEP
    lowered.update(allowed=Case(When(rate__gt=0, allowed__gte=F("rate"), then=0.0), default=grown), eased_at=now)
    control = SendControl.objects.filter(id=1, allowed__gt=0)
    control.update(allowed=Case(When(allowed__gte=max(FREE, 1.0), then=0.0), default=grown))


def _clock() -> str:
    """Return SQL for the present, in seconds: the database's where it is a server, since machines differ."""
    is_postgres = connection.vendor == "postgresql"
    return "extract(epoch FROM clock_timestamp())::float8" if is_postgres else repr(time.time())


def _reserve(model: type, key: str, value: str | int, length: float) -> float:
    """Move a row's line forward by `length` seconds; return the seconds until the place reserved."""
    now, later = _clock(), "GREATEST" if connection.vendor == "postgresql" else "MAX"
    table = model._meta.db_table  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET next_at = {later}(next_at, {now}) + %s WHERE {key} = %s RETURNING next_at - {now}",  # noqa: S608
            [length, value],
        )
        found = cursor.fetchone()
    return found[0] - length if found else 0.0
