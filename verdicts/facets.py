"""What the filters of the catalogue tell apart, and how many tools each of their choices would leave.

The counts of every combination come out of one grouped query, the *cube*: a row per combination that exists, with its
number of tools. In a large catalogue the cube is kept for a few minutes, each process adds it up once for each choice of
filters, and pages say when it was counted.
"""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from tools.models import Fact, Tool
from verdicts import queries, scoring
from verdicts.keeping import is_first, keep, kept
from verdicts.models import Verdict

OPEN_SOURCE = {"yes": "Yes", "partial": "Partly", "no": "No", "unknown": "Not checked"}
FRESHNESS = {"fresh": "All verdicts fresh", "stale": "Some verdict stale", "none": "No verdicts yet"}
NAMES = ("category", "entry", "licence", "open", "panel", "tested")
COLUMNS = ("category__slug", "entry", "licence", "facet_open", "facet_panel", "facet_tested")
LARGE = 500  # from here on the cube of the whole catalogue is kept
KEPT_SECONDS = 300

BUSY_SECONDS = 30

type Cube = list[tuple[tuple[str, ...], int]]
type KeptCube = tuple[datetime.datetime, Cube]
_at_hand: dict[str, KeptCube] = {}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tools pass all the filters, how many each choice would leave, and when that was; None for now."""

    total: int
    choices: dict[str, Counter[str]]
    at: datetime.datetime | None = None


def stale_verdicts(today: datetime.date) -> QuerySet[Verdict]:
    """Return the published verdicts of active personas that are stale, by the rule of `scoring.staleness`."""
    oldest = today - datetime.timedelta(days=scoring.STALE_AFTER_DAYS)
    versions = ~Q(tool_version="") & ~Q(tool__latest_version="") & ~Q(tool_version=F("tool__latest_version"))
    return Verdict.objects.published().filter(reviewer__is_active=True).filter(Q(tested_on__lt=oldest) | versions)


def tell_staleness(tools: Sequence[Tool]) -> None:
    """Give some tools `stale`: how many of their verdicts are, in one query."""
    stale = stale_verdicts(timezone.localdate()).filter(tool__in=[tool.pk for tool in tools])
    counts = dict(stale.order_by().values_list("tool").annotate(rows=Count("pk")))
    for tool in tools:
        tool.stale = counts.get(tool.pk, 0)  # type: ignore[attr-defined]


def with_facets(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """Add what the filters ask for and no column of a tool holds: open source, panel result, freshness."""
    panel = When(panel_total__lt=scoring.QUORUM, then=Value("none"))
    shares = [
        When(panel_ships=F("panel_total"), then=Value("unanimous")),
        When(panel_share__gt=0.5, then=Value("ship")),
        When(panel_share=0.5, then=Value("split")),
    ]
    answer = Fact.objects.filter(tool=OuterRef("pk"), kind__slug="open-source").values("answer")[:1]
    is_stale = Exists(stale_verdicts(timezone.localdate()).filter(tool=OuterRef("pk")))
    return queries.with_panel(tools).annotate(
        facet_open=Coalesce(Subquery(answer), Value("unknown")),
        facet_panel=Case(panel, *shares, default=Value("skip")),
        facet_tested=Case(
            When(panel_total=0, then=Value("none")), When(is_stale, then=Value("stale")), default=Value("fresh")
        ),
    )


def filtered(tools: QuerySet[Tool], chosen: Mapping[str, str]) -> QuerySet[Tool]:
    """Return the tools that pass the chosen filters, each asked in the way that an index answers."""
    plain = {"category": "category__slug", "entry": "entry", "licence": "licence"}
    tools = tools.filter(**{column: chosen[name] for name, column in plain.items() if name in chosen})
    if panel := chosen.get("panel"):
        tools = queries.with_panel_result(tools, panel)
    if answer := chosen.get("open"):
        facts = Fact.objects.filter(tool=OuterRef("pk"), kind__slug="open-source").order_by()
        tools = (
            tools.filter(~Exists(facts) | Q(Exists(facts.filter(answer=answer))))
            if answer == "unknown"
            else (tools.filter(Exists(facts.filter(answer=answer))))
        )
    if tested := chosen.get("tested"):
        tools = tools.filter(standing=0) if tested == "none" else tools.filter(standing__gt=0)
        is_stale = Exists(stale_verdicts(timezone.localdate()).filter(tool=OuterRef("pk")))
        tools = {"none": tools, "stale": tools.filter(is_stale), "fresh": tools.filter(~is_stale)}[tested]
    return tools


def cube_of(tools: QuerySet[Tool]) -> Cube:
    """Return how many of some tools there are of each combination of facets."""
    rows = with_facets(tools).order_by().values_list(*COLUMNS).annotate(rows=Count("pk"))
    return [(row[:-1], row[-1]) for row in rows]


def counted_among(keys: Collection[int], chosen: Mapping[str, str]) -> Counted:
    """Return the counts of some tools, as they are now."""
    return Counted(*count(cube_of(Tool.objects.public().filter(pk__in=keys)), chosen))


def counted(chosen: Mapping[str, str]) -> Counted:
    """Return the counts of the public tools: of this moment in a small catalogue, of the last minutes in a large one."""
    if sum(queries.shelf_counts().values()) < LARGE:
        return Counted(*count(cube_of(Tool.objects.public()), chosen))
    database = str(connection.settings_dict["NAME"])
    at, _ = _at_hand[database] = _large_cube(_at_hand.get(database))
    return _summed(database, at, tuple(sorted(chosen.items())))


def _large_cube(mine: KeptCube | None) -> KeptCube:
    """Return a cube not older than `KEPT_SECONDS`: this process's, else the shared one, else one that is counted now.

    While somebody counts anew the others go on with what they have, unless they have nothing.
    """
    oldest = timezone.now() - datetime.timedelta(seconds=KEPT_SECONDS)
    if mine and mine[0] >= oldest:
        return mine
    newest = kept("cube-of-facets") or mine
    if newest and (newest[0] >= oldest or not is_first("counting-facets", BUSY_SECONDS)):
        return newest
    return count_large()


def count_large() -> KeptCube:
    """Count the whole catalogue anew, for all processes."""
    made = timezone.now(), cube_of(Tool.objects.public())
    keep("cube-of-facets", made, 12 * KEPT_SECONDS)
    return made


@lru_cache(maxsize=512)
def _summed(database: str, at: datetime.datetime, chosen: tuple[tuple[str, str], ...]) -> Counted:
    """Return what the cube at hand says, added up once for each choice of filters."""
    return Counted(*count(_at_hand[database][1], dict(chosen)), at)


def count(cube: Cube, chosen: Mapping[str, str]) -> tuple[int, dict[str, Counter[str]]]:
    """Return how many tools pass all the filters, and for each filter how many each of its choices would leave."""
    total, counts = 0, {name: Counter[str]() for name in NAMES}
    for values, tools in cube:
        missed = [name for name, value in zip(NAMES, values, strict=True) if chosen.get(name, value) != value]
        if len(missed) > 1:
            continue
        total += 0 if missed else tools
        for name, value in zip(NAMES, values, strict=True):
            if not missed or missed == [name]:
                counts[name][value] += tools
    return total, counts


def commonest(counts: Counter[str], chosen: str, most: int = 12) -> Iterable[str]:
    """Return the values to offer where there may be any number of them: the commonest, and the chosen one."""
    offered = [value for value, _ in sorted(counts.items(), key=lambda row: (-row[1], row[0])) if value][:most]
    return sorted({*offered, *([chosen] if chosen else [])}, key=str.casefold)
