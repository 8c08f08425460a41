"""Tallies: moved by exactly what votes change, counted anew, compared with the log."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Subquery

from voting.models import Era, Tally, TallyDay, Vote, Voter
from voting.models.tally import COUNTERS, last_day


class Stand(NamedTuple):
    """What of a vote a tally depends on."""

    value: int
    state: int
    era: int
    is_verified: bool
    is_regular: bool

    @classmethod
    def of(cls, vote: Vote) -> "Stand":
        return cls(vote.value, vote.state, vote.era, vote.is_verified, vote.is_regular)


def counters_of(stand: Stand, era: int) -> Counter[str]:
    """Return what one vote adds to the counters of a tool whose current era is given."""
    if stand.value == 0:
        return Counter()
    if stand.state != Vote.State.COUNTED:
        return Counter({"held" if stand.state == Vote.State.HELD else "discarded": 1})
    side = "ships" if stand.value == 1 else "skips"
    counted = {side: 1, f"verified_{side}": stand.is_verified, "regulars": stand.is_regular}
    if stand.era == era:
        counted |= {f"era_{name}": n for name, n in counted.items()}
    return Counter({name: int(n) for name, n in counted.items()})


MOVE = f"UPDATE voting_tally SET {', '.join(f'{name} = {name} + %s' for name in COUNTERS)} WHERE tool_id = %s"  # noqa: S608


class Deltas:
    """Gathers what changes about votes; writes it to the tallies at the end, in the order of the tools."""

    def __init__(self) -> None:
        self.changes: dict[int, list[tuple[int, Stand]]] = defaultdict(list)

    def change(self, tool_id: int, before: Stand | None, after: Stand | None) -> None:
        """Note that a vote stood in one way and now stands in another; None where it was not, or is no more."""
        if before != after:
            self.changes[tool_id] += [(sign, it) for sign, it in ((-1, before), (1, after)) if it is not None]

    def write(self) -> None:
        """Move the tallies. The last lock that a transaction takes."""
        moves = []
        for tally in locked_tallies(self.changes):
            added: Counter[str] = Counter()
            for sign, stand in self.changes[tally.tool_id]:
                for name, n in counters_of(stand, tally.era).items():
                    added[name] += sign * n
            moves.append([*(added[name] for name in COUNTERS), tally.pk])
        if moves:
            with connection.cursor() as cursor:
                cursor.executemany(MOVE, moves)


def locked_tallies(tool_ids: Iterable[int]) -> list[Tally]:
    """Return the tallies of some tools, locked in the order of the tools; missing ones are made."""
    wanted = sorted(set(tool_ids))
    missing = set(wanted) - set(Tally.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    make_tallies(missing)
    return list(Tally.objects.filter(pk__in=wanted).order_by("pk").select_for_update())


def make_tallies(tool_ids: Iterable[int]) -> None:
    """Make empty tallies for tools that have none, in their current eras."""
    wanted = sorted(tool_ids)
    eras = {era.tool_id: era for era in Era.objects.filter(tool__in=wanted).order_by("number")}
    rows = [
        Tally(tool_id=pk, era=eras[pk].number if pk in eras else 0, era_label=eras[pk].label if pk in eras else "")
        for pk in wanted
    ]
    Tally.objects.bulk_create(rows, ignore_conflicts=True)


# Counting anew -----------------------------------------------------------------------------------

_IN = {
    "ships": "state = 0 AND value = 1",
    "skips": "state = 0 AND value = -1",
    "verified_ships": "state = 0 AND value = 1 AND is_verified",
    "verified_skips": "state = 0 AND value = -1 AND is_verified",
    "regulars": "state = 0 AND value <> 0 AND is_regular",
    "held": "state = 1 AND value <> 0",
    "discarded": "state = 2 AND value <> 0",
}
# One statement, and so one moment: votes by tool and era (0), then the tallies as they are written (1).
RECOUNT = f"""
SELECT 0, tool_id, era, {", ".join(f"COUNT(*) FILTER (WHERE {where})" for where in _IN.values())},
    {", ".join("0" for _ in range(len(COUNTERS) - len(_IN)))}
FROM voting_vote {{where}} GROUP BY tool_id, era
UNION ALL
SELECT 1, tool_id, era, {", ".join(_IN)}, {", ".join(name for name in COUNTERS if name not in _IN)}
FROM voting_tally {{where}}
"""  # noqa: S608
_COLUMNS = (*_IN, *(name for name in COUNTERS if name not in _IN))


class Drift(NamedTuple):
    """A tool whose tally is not what its votes add up to."""

    tool_id: int
    written: dict[str, int]
    counted: dict[str, int]


def drifts(tool_id: int | None = None) -> list[Drift]:
    """Return where tallies and votes disagree, as of one moment."""
    where = "" if tool_id is None else "WHERE tool_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT.format(where=where), [] if tool_id is None else [tool_id, tool_id])
        rows = cursor.fetchall()
    written = {row[1]: dict(zip(_COLUMNS, row[3:], strict=True)) for row in rows if row[0] == 1}
    current = {row[1]: row[2] for row in rows if row[0] == 1}
    counted: dict[int, dict[str, int]] = {tool: dict.fromkeys(_COLUMNS, 0) for tool in written}
    for kind, tool, era, *numbers in rows:
        if kind == 0:
            sums = counted.setdefault(tool, dict.fromkeys(_COLUMNS, 0))
            for name, n in zip(_IN, numbers, strict=False):
                sums[name] += n
                if era == current.get(tool, era) and f"era_{name}" in sums:
                    sums[f"era_{name}"] += n
    nothing = dict.fromkeys(_COLUMNS, 0)
    found = [Drift(tool, written.get(tool, nothing), sums) for tool, sums in sorted(counted.items())]
    return [drift for drift in found if drift.written != drift.counted]


def repair(found: Iterable[Drift]) -> None:
    """Write what the votes add up to, tool by tool, while nobody else moves that tally."""
    for drift in found:
        with transaction.atomic():
            [tally] = locked_tallies([drift.tool_id])
            for now in drifts(drift.tool_id):
                Tally.objects.filter(pk=tally.pk).update(**now.counted)


# The log and the votes ---------------------------------------------------------------------------

REPLAY = """
WITH told AS (
    SELECT vote_id, tool_id, id, old_value, new_value, old_state, new_state,
        LAG(id) OVER w AS earlier, LAG(new_value) OVER w AS last_value, LAG(new_state) OVER w AS last_state,
        LEAD(id) OVER w AS later
    FROM voting_voteevent WINDOW w AS (PARTITION BY vote_id ORDER BY id)
)
SELECT 'broken', vote_id FROM told
WHERE COALESCE(old_value, 9) <> COALESCE(last_value, 9) OR COALESCE(old_state, 9) <> COALESCE(last_state, 9)
UNION ALL
SELECT 'differs', v.id FROM voting_vote v LEFT JOIN told e ON e.vote_id = v.id AND e.later IS NULL
WHERE COALESCE(e.new_value, 9) <> v.value OR COALESCE(e.new_state, 9) <> v.state OR e.tool_id <> v.tool_id
UNION ALL
SELECT 'lost', e.vote_id FROM told e JOIN tools_tool t ON t.id = e.tool_id LEFT JOIN voting_vote v ON v.id = e.vote_id
WHERE e.later IS NULL AND e.new_value IS NOT NULL AND v.id IS NULL
"""


REPLAY_WORDS = {
    "broken": "an event in the log does not follow from the one before it",
    "differs": "it is not what the log ended with",
    "lost": "the log knows it, and it is not there",
}


def replay() -> list[tuple[str, int]]:
    """Return the votes where the log, told from the start, does not end in the votes there are, and how they differ."""
    with connection.cursor() as cursor:
        cursor.execute(REPLAY)
        return [(kind, vote) for kind, vote in cursor.fetchall()]


AT_ONCE = 200  # votes that are marked in one transaction: nobody waits long for a tally

# Passes ------------------------------------------------------------------------------------------


def refresh_regulars(at: datetime.datetime) -> int:
    """Mark the votes of voters who have come to have history since; return how many. Nobody loses it again."""
    due = Vote.objects.filter(is_regular=False, voter__in=Voter.objects.regular(at))
    pks = list(due.order_by("tool_id", "pk").values_list("pk", flat=True))
    marked = 0
    for start in range(0, len(pks), AT_ONCE):
        with transaction.atomic():
            deltas = Deltas()
            mine = Vote.objects.filter(pk__in=pks[start : start + AT_ONCE], is_regular=False)
            votes = list(mine.order_by("tool_id", "pk").select_for_update())
            for vote in votes:
                stand = Stand.of(vote)
                deltas.change(vote.tool_id, stand, stand._replace(is_regular=True))
            Vote.objects.filter(pk__in=[vote.pk for vote in votes]).update(is_regular=True)
            deltas.write()
            marked += len(votes)
    return marked


def snapshot(day: datetime.date) -> int:
    """Keep today's counters as those of the end of a day, for tools where they have changed; return for how many."""
    with transaction.atomic():
        names = (*COUNTERS, "era", "era_label")
        before = TallyDay.objects.filter(day=Subquery(last_day(day)))
        newest = {row.tool_id: row for row in before.iterator()}
        rows = [
            TallyDay(tool_id=tally.pk, day=day, **{name: getattr(tally, name) for name in names})
            for tally in Tally.objects.order_by("pk").iterator()
            if tally.pk not in newest or any(getattr(newest[tally.pk], n) != getattr(tally, n) for n in names)
        ]
        TallyDay.objects.bulk_create(
            rows, batch_size=500, update_conflicts=True, unique_fields=["tool", "day"], update_fields=names
        )
    return len(rows)
