"""The sitemap: an index and files of at most 50,000 addresses, each written line by line.

The pairs are never all in memory, nor stored: a file's share of them is counted off from the judged tools of each
shelf. `lastmod` is when something on the page last changed: the tool, its facts and prices (their history says when), a
verdict, or the words of an editor.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import NoReverseMatch, reverse

from tools.models import Category, Fact, Price, Tool
from verdicts import queries
from verdicts.comparing import SEPARATOR
from verdicts.models import Comparison, Reviewer, Verdict

MOST = 50_000
CHUNK = 2_000
PAGES = (
    "home",
    "browse",
    "rankings",
    "panel",
    "methodology",
    "how_votes_count",
    "votes_ledger",
    "changes",
    "corrections",
    "reports",
    "requests",
)
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

type Entry = tuple[str, datetime.datetime | None]


def changed_at(tools: Any) -> Any:
    """Add `changed_at` to tools: when something on their page last changed."""

    def last(rows: Any, column: str) -> Coalesce:
        newest = Subquery(rows.order_by().values("tool").annotate(at=Max(column)).values("at"))
        return Coalesce(newest, F("updated_at"))

    verdicts = Verdict.objects.ever_published().filter(tool=OuterRef("pk"))
    moments = [last(verdicts, "updated_at")]
    moments += [last(model.history.filter(tool=OuterRef("pk")), "history_date") for model in (Fact, Price)]
    return tools.annotate(changed_at=Greatest(F("updated_at"), *moments))


def pages() -> Iterator[Entry]:
    for name in PAGES:
        try:
            yield reverse(name), None
        except NoReverseMatch:
            continue
    newest = dict(Tool.objects.public().order_by().values_list("category").annotate(Max("updated_at")))
    for category in Category.objects.all():
        yield category.get_absolute_url(), newest.get(category.pk)
    for reviewer in Reviewer.objects.active():
        said = Verdict.objects.published().filter(reviewer=reviewer.pk)
        yield reviewer.get_absolute_url(), said.aggregate(last=Max("published_at"))["last"]


def tools(number: int) -> Iterator[Entry]:
    """Return the tools of one file, by their keys, read in chunks that leave no cursor open between them."""
    rows = changed_at(Tool.objects.public()).order_by("pk").values_list("pk", "slug", "changed_at")
    start = (number - 1) * MOST
    chunk = list(rows[start : start + min(CHUNK, MOST)])
    left = MOST
    while chunk:
        yield from ((f"/tools/{slug}/", moment) for _, slug, moment in chunk)
        left -= len(chunk)
        more = len(chunk) == CHUNK and left > 0
        chunk = list(rows.filter(pk__gt=chunk[-1][0])[: min(CHUNK, left)]) if more else []


@dataclass(slots=True)
class Pairs:
    """The pairs worth finding: both panels at quorum, and of one shelf or chosen by an editor."""

    shelves: list[list[tuple[str, datetime.datetime]]] = field(default_factory=list)
    across: list[tuple[str, str, datetime.datetime]] = field(default_factory=list)
    chosen: dict[tuple[str, str], datetime.datetime] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Pairs":
        """Read the judged tools, in two queries."""
        judged = changed_at(queries.with_panel(Tool.objects.public()).filter(queries.at_quorum()))
        found = {
            pk: (slug, shelf, at)
            for pk, slug, shelf, at in judged.order_by("slug").values_list("pk", "slug", "category", "changed_at")
        }
        shelves: dict[int, list[tuple[str, datetime.datetime]]] = {}
        for slug, shelf, at in found.values():
            shelves.setdefault(shelf, []).append((slug, at))
        pairs = cls(list(shelves.values()))
        for a, b, at in Comparison.objects.published().order_by("pk").values_list("first", "second", "updated_at"):
            if a in found and b in found:
                (one, shelf, then), (other, elsewhere, later) = sorted([found[a], found[b]], key=lambda row: row[0])
                pairs.chosen[one, other] = at
                if shelf != elsewhere:
                    pairs.across.append((one, other, max(then, later, at)))
        return pairs

    @property
    def count(self) -> int:
        return len(self.across) + sum(len(shelf) * (len(shelf) - 1) // 2 for shelf in self.shelves)

    def file(self, number: int) -> Iterator[Entry]:
        """Return the pairs of one file."""
        skip = (number - 1) * MOST
        for first, second, at in islice(self._from(skip), MOST):
            yield f"/compare/{first}{SEPARATOR}{second}/", at

    def _from(self, skip: int) -> Iterator[tuple[str, str, datetime.datetime]]:
        """Go through the pairs from a place on, without going through those before it."""
        yield from self.across[skip:]
        skip = max(0, skip - len(self.across))
        for shelf in self.shelves:
            for place, (first, moment) in enumerate(shelf):
                others = len(shelf) - place - 1
                if skip >= others:
                    skip -= others
                    continue
                for second, later in shelf[place + 1 + skip :]:
                    chosen = self.chosen.get((first, second))
                    yield first, second, max(moment, later, chosen) if chosen else max(moment, later)
                skip = 0


def files() -> Iterator[Entry]:
    """Return the address of every file, with the newest change within."""
    yield "/sitemaps/pages.xml", None
    public = Tool.objects.public()
    count = public.count()
    for number in range(1, -(-count // MOST) + 1):
        chunk = changed_at(public).order_by("pk").values("changed_at")[(number - 1) * MOST : number * MOST]
        yield f"/sitemaps/tools-{number}.xml", chunk.aggregate(last=Max("changed_at"))["last"]
    pairs = Pairs.load()
    for number in range(1, -(-pairs.count // MOST) + 1):
        yield f"/sitemaps/pairs-{number}.xml", max(at for _, at in pairs.file(number) if at)


def written(kind: str, entries: Iterable[Entry]) -> Iterator[str]:
    """Write a sitemap (`urlset`) or its index (`sitemapindex`), a piece at a time."""
    inner = {"urlset": "url", "sitemapindex": "sitemap"}[kind]
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{NAMESPACE}">\n'
    for path, moment in entries:
        date = f"<lastmod>{moment.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%S+00:00}</lastmod>" if moment else ""
        yield f"<{inner}><loc>{escape(settings.SITE_URL + path)}</loc>{date}</{inner}>\n"
    yield f"</{kind}>\n"
