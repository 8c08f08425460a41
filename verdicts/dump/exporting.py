"""Writing a dump: what is known from the tables, what is shown from the queries that the pages use."""

import datetime
import json
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from tools.models import Category, Fact, Price, Tool
from verdicts import comparing, details, queries, scoring
from verdicts.dump import files
from verdicts.dump.files import COLUMNS, COUNTERS, Row
from verdicts.facets import stale_verdicts
from verdicts.models import Comparison, Reviewer, Verdict
from voting.models import Tally, TallyDay

CHUNK = 1_000


def export(folder: Path) -> dict[str, int]:
    """Write the whole dump into an empty folder and return the number of rows of each table.

    All of it is of one moment. Raises FileExistsError for a folder that holds something.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty.")
    with transaction.atomic():
        if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _write(folder)


def _write(folder: Path) -> dict[str, int]:
    now = timezone.now()
    day = timezone.localdate(now)
    tables = _data(day) | _shown(day)
    rows = {name: files.write(folder, name, tables[name]) for name in COLUMNS}
    licence = {"name": settings.DATA_LICENCE, "url": settings.DATA_LICENCE_URL}
    manifest = {
        "site": settings.SITE_NAME,
        "url": settings.SITE_URL,
        "made_at": now.isoformat(),
        "day": day.isoformat(),
        "method_version": scoring.METHOD_VERSION,
        "licence": licence,
        "rows": rows,
    }
    (folder / files.MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / files.LICENCE).write_text(_licence(day), encoding="utf-8")
    sums = [f"{files.checksum(path)}  {path.name}" for path in sorted(folder.iterdir())]
    (folder / files.SUMS).write_text("\n".join(sums) + "\n", encoding="utf-8")
    return rows


def _licence(day: datetime.date) -> str:
    return (
        f"Data of {settings.SITE_NAME} ({settings.SITE_URL}), {day}.\n\n"
        f"Licensed under {settings.DATA_LICENCE}: {settings.DATA_LICENCE_URL}\n\n"
        f"You may copy, change and redistribute it as that licence allows. Where it asks for attribution, name\n"
        f"“{settings.SITE_NAME}” and link to {settings.SITE_URL}. Names of tools and vendors are marks of their owners.\n\n"
        "No voter is in here: votes are counts of a tool at the end of a day.\n"
    )


def _rows(query: models.QuerySet[Any], name: str, **other: str) -> Iterator[Row]:
    """Return rows of a table by the columns of its file; `other` says where a column comes from."""
    sources = [other.get(column, column) for column in COLUMNS[name]]
    for values in query.values_list(*sources).iterator(chunk_size=CHUNK):
        yield dict(zip(COLUMNS[name], values, strict=True))


def _data(day: datetime.date) -> dict[str, Iterator[Row]]:
    public = Tool.objects.public()
    visible = {"tool__state__in": ["published", "discontinued"]}
    verdicts = Verdict.objects.ever_published().filter(**visible).order_by("tool__slug", "reviewer__slug", "number")
    pairs = Comparison.objects.published().exclude(first__state="draft").exclude(second__state="draft").order_by("pk")
    facts = Fact.objects.filter(**visible).order_by("tool__slug", "kind__slug")
    prices = Price.objects.filter(**visible).order_by("tool__slug", "plan", "starts_on")
    of = {"tool": "tool__slug"}
    return {
        "categories": _rows(Category.objects.order_by("slug"), "categories"),
        "tools": _tools(public),
        "facts": _rows(facts, "facts", **of, kind="kind__slug"),
        "prices": _rows(prices, "prices", **of),
        "reviewers": _rows(Reviewer.objects.order_by("slug"), "reviewers"),
        "verdicts": _verdicts(verdicts),
        "comparisons": _rows(pairs, "comparisons", first="first__slug", second="second__slug"),
        "votes": _votes(public, day),
    }


def _tools(public: models.QuerySet[Tool]) -> Iterator[Row]:
    rows = public.select_related("category", "successor").prefetch_related("former_slugs").order_by("slug")
    for tool in rows.iterator(chunk_size=CHUNK):
        row = {column: getattr(tool, column, None) for column in COLUMNS["tools"]}
        row["former_slugs"] = sorted(former.slug for former in tool.former_slugs.all())
        row["category"] = tool.category.slug
        row["successor"] = tool.successor.slug if tool.successor and tool.successor.is_public else None
        yield row


def _verdicts(verdicts: models.QuerySet[Verdict]) -> Iterator[Row]:
    """Return the texts that readers could ever read. The editor is named as on the pages: never by address."""
    for row in _rows(verdicts, "verdicts", tool="tool__slug", reviewer="reviewer__slug", editor="editor__name"):
        yield row | {"editor": row["editor"] or "the editors"}


def _votes(public: models.QuerySet[Tool], day: datetime.date) -> Iterator[Row]:
    """Return the counters of each day that changed them, and those of this moment as the last."""
    now = {row.pop("tool__slug"): row for row in Tally.objects.filter(tool__in=public).values("tool__slug", *COUNTERS)}
    days = TallyDay.objects.filter(tool__in=public, day__lt=day).order_by("tool__slug", "day")
    yield from _rows(days, "votes", tool="tool__slug")
    for slug, row in sorted(now.items()):
        yield {"tool": slug, "day": day} | row


def _shown(day: datetime.date) -> dict[str, Iterator[Row]]:
    return {
        "shown_tools": _shown_tools(day),
        "shown_categories": _shown_categories(),
        "shown_reviewers": _shown_reviewers(),
        "shown_comparisons": _shown_comparisons(),
    }


def _shown_tools(day: datetime.date) -> Iterator[Row]:
    stale = stale_verdicts(day).filter(tool=models.OuterRef("pk")).order_by().values("tool")
    counted = models.Subquery(stale.annotate(rows=models.Count("pk")).values("rows"))
    tools = queries.with_figures(Tool.objects.public()).annotate(stale=models.functions.Coalesce(counted, 0))
    batch: list[Any] = []
    for tool in tools.order_by("slug").iterator(chunk_size=CHUNK):
        batch.append(tool)
        if len(batch) == CHUNK:
            yield from _batch(batch, day)
            batch = []
    yield from _batch(batch, day)


def _batch(tools: list[Any], day: datetime.date) -> Iterator[Row]:
    prices = details.current_prices(tools, day=day)
    for tool in queries.scored(tools):
        panel, readers = tool.panel, tool.community
        yield {
            "tool": tool.slug,
            **{f"panel_{name}": getattr(panel, name) for name in ("ships", "total", "percent", "figure", "words")},
            "stale_verdicts": tool.stale,  # type: ignore[attr-defined]
            **{
                f"readers_{name}": getattr(readers, name)
                for name in ("kind", "ships", "skips", "percent", "low", "high")
            },
            "readers_figure": readers.figure,
            "readers_words": readers.words,
            "readers_about": readers.era_words,
            "verified_percent": readers.verified_percent,
            "verified_words": readers.verified_words,
            "being_checked": readers.held,
            "entry_label": str(tool.entry_label),
            "plans": [f"{price.plan}: {price.words}" for price in prices.get(tool.pk, [])],
        }


def _shown_categories() -> Iterator[Row]:
    shelves = Category.objects.annotate(published_count=models.Count("tools", filter=~models.Q(tools__state="draft")))
    for category in shelves.order_by("slug"):
        yield {"category": category.slug, "published_count": category.published_count}


def _shown_reviewers() -> Iterator[Row]:
    for persona in sorted(
        queries.with_record(Reviewer.objects.all(), queries.count_base_rates()), key=lambda persona: persona.slug
    ):
        row = {column: getattr(persona, column) for column in COLUMNS["shown_reviewers"] if column != "reviewer"}
        yield {"reviewer": persona.slug} | row


def _shown_comparisons() -> Iterator[Row]:
    pairs = Comparison.objects.published().exclude(first__state="draft").exclude(second__state="draft").order_by("pk")
    for some in batched(pairs.values_list("first", "second").iterator(chunk_size=CHUNK), CHUNK):
        found = queries.with_figures(Tool.objects.public()).in_bulk({key for pair in some for key in pair})
        queries.scored(found.values())
        for pair in some:
            tools: list[Any] = sorted((found[key] for key in pair), key=lambda tool: tool.slug)
            slugs = [tool.slug for tool in tools]
            yield {"tools": slugs, "result": comparing.result_in_words(tools), "lead": comparing.lead_in_words(tools)}
