"""What is made of rows is made again only when they are others.

Whoever makes a page asks statements (`tools.statements`); which ones, and what they found, is its trace. When the page is
wanted again, the same statements are asked in one go. If they find the same rows, what was made of them is what would be
made now. If not, it is made again, and finds the rows that have come already. So nothing is ever shown that the database
does not say at that moment, and nothing has to be dropped. From the third time on PostgreSQL only tells a digest of the
rows (`tools.fingerprints`).

A trace holds for what depends on nothing but its key, rows, templates, settings and the day. What asks the database
anything besides is not remembered. (The idea is that of build systems with verifying traces: Mokhov, Mitchell and Peyton
Jones, "Build systems à la carte", 2018.)
"""

import datetime
import hashlib
import pickle
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from tools.fingerprints import Fingerprint, rows_and_fingerprint
from tools.memory import Memory
from tools.statements import Asked, Rows, at_hand, followed, rows_of

LONGEST_SECONDS = 300  # what a cache that is asked besides may keep, too


@dataclass(slots=True)
class Trace[T]:
    made: T
    asked: tuple[Asked, ...]
    digest: bytes
    day: datetime.date
    made_at: float
    fingerprint: Fingerprint | None = None  # of the very rows it was made of

    @property
    def may_hold(self) -> bool:
        return self.day == timezone.localdate() and time.time() - self.made_at < LONGEST_SECONDS


class Traced[T]:
    """What was made, by its key, with its trace; the least recently used is given up first.

    What `size_of` tells no size of is not remembered.
    """

    def __init__(self, most: int, size_of: Callable[[T], int | None]) -> None:
        self.traces: Memory[Trace[T]] = Memory(most)
        self.size_of = size_of

    def made(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns, from memory where it would be made of the same rows. What it raises is passed on."""
        trace = None if settings.DEBUG else self.traces.get(key)  # in development templates change while the site runs
        if trace is None or not trace.may_hold:
            return self._made_now(key, make)
        known = trace.fingerprint
        if known is not None and known.holds():
            return trace.made
        rows, new = rows_and_fingerprint(trace.asked) if known is None else (rows_of(trace.asked), known)
        if _digest(rows) == trace.digest:
            trace.fingerprint = new
            return trace.made
        with at_hand(rows):
            return self._made_now(key, make)

    def _made_now(self, key: Hashable, make: Callable[[], T]) -> T:
        day = timezone.localdate()
        with followed() as trail:
            made = make()
        size = self.size_of(made)
        if trail.is_whole and size is not None:
            trace = Trace(made, tuple(trail.asked.values()), _digest(trail.rows), day, time.time())
            self.traces.put(key, trace, size)
        return made


def _digest(rows: Rows) -> bytes:
    """Return what differs where rows do: also where they count as equal, as 1.0 and 1.00 do, and look different."""
    return hashlib.blake2b(pickle.dumps(list(rows.values())), digest_size=16).digest()
