"""Which pages may be kept, and until when: what a page shows, and what has been touched since it was made.

A page says what it shows with `kept_while` or `kept_as_list`. Every process asks the database for new touches
(`tools.models.Touch`) once in a while, and drops the pages that show what was touched.

Transactions do not end in the order in which they began, so "newer than" is not a number. A moment is PostgreSQL's own
snapshot: it tells for every transaction whether a reader of that moment could see it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, connections
from django.http import HttpResponse

from tools.models import Tool, Touch

Subject = tuple[int, int]
SITE: Subject = (Touch.Kind.SITE, 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a reader of the database could see: transactions below `least`, and those below `next` that had ended."""

    least: int
    next: int
    running: frozenset[int] = frozenset()

    def saw(self, transaction: int) -> bool:
        return transaction < self.least or (transaction < self.next and transaction not in self.running)

    def covers(self, earlier: "Moment") -> bool:
        """Tell whether everything that could be seen at `earlier` could be seen now.

        The least numbers alone do not tell: one long transaction, even of another database of the cluster, keeps them
        where they are while others begin and end.
        """
        return self.next >= earlier.next and not any(earlier.saw(it) for it in self.running)

    def __str__(self) -> str:
        """As PostgreSQL writes a snapshot: least, next, and the ones running."""
        return f"{self.least}:{self.next}:{','.join(map(str, sorted(self.running)))}"

    @classmethod
    def read(cls, text: str) -> "Moment":
        least, following, running = text.split(":")
        return cls(int(least), int(following), frozenset(map(int, filter(None, running.split(",")))))


def now(using: str = "default") -> Moment:
    """Return the present moment of the database, in one query.

    A replica does not name the transactions that run: all that began since the oldest of them counts as not seen.
    """
    asked = connections[using]
    with asked.cursor() as cursor:
        if asked.vendor == "postgresql":
            cursor.execute("SELECT pg_current_snapshot()::text")
            found = Moment.read(cursor.fetchone()[0])
            return found if using == "default" else Moment(found.least, found.least)
        cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM tools_touch")
        after = cursor.fetchone()[0]
        return Moment(after, after)


def touched_since(before: Moment) -> tuple[list[tuple[Subject, int]], Moment]:
    """Return what transactions that `before` could not see have touched, with the moment up to which that is complete."""
    present = now()
    number = "moment" if connection.vendor == "postgresql" else "id"
    rows = Touch.objects.filter(**{f"{number}__gte": before.least}).values_list("kind", "ref", number)
    return [((kind, ref), moment) for kind, ref, moment in rows if not before.saw(moment)], present


LIST: frozenset[Subject] = frozenset()  # what a page about many tools shows: anything


def shown_of(tools: Iterable[Tool]) -> frozenset[Subject]:
    """Return what a page about these tools shows: each of them, its shelf, and the site."""
    shown = {SITE}
    for tool in tools:
        shown |= {(Touch.Kind.TOOL, tool.pk), (Touch.Kind.SHELF, tool.category_id)}
    return frozenset(shown)


def kept_while[R: HttpResponse](response: R, tools: Iterable[Tool] = ()) -> R:
    """Let an answer be kept for other readers until one of these tools, one of their shelves or the site is touched."""
    return kept_showing(response, shown_of(tools))


def kept_showing[R: HttpResponse](response: R, subjects: frozenset[Subject]) -> R:
    """Let an answer be kept for other readers until one of these subjects is touched, or as a `LIST`."""
    response.subjects = subjects  # type: ignore[attr-defined]
    return response


def kept_as_list[R: HttpResponse](response: R) -> R:
    """Let an answer about many tools be kept: it is dropped when anything at all is touched, but not every instant.

    `PAGE_LIST_SECONDS` says how old it may grow while votes keep coming in.
    """
    return kept_showing(response, LIST)
