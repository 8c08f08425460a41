"""The hourly pass: the detector looks at the votes, and what it wants becomes states, cases and a note of the pass.

One pass at a time, by a lock of the database; each reads what it needs anew, so that it does not matter which process
makes it, or when the last one was. Another pass right afterwards finds nothing to do. Locks are taken in one order
everywhere: cases, voters, votes, tallies.
"""

import dataclasses
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from voting import judging
from voting.ballots import Bench, is_sided
from voting.detector import COUNTED, HELD, MEMORY
from voting.models import Case, CaseVote, Round, Tally, Vote, VoteEvent, Watch
from voting.models.case import BUSY_FROM
from voting.settling import busy_from

LOCK = 0x5417  # of PostgreSQL's advisory locks: any number that nothing else uses
JOINED_WITHIN = datetime.timedelta(days=2)  # what is held so soon after a crowd belongs to it
ROUNDS_KEPT = datetime.timedelta(days=90)


class Outcome(NamedTuple):
    """What a pass did, or would have done."""

    looked_at: int
    held: int
    counted: int
    changes: Counter[tuple[int, str]]  # by tool and reason, which is "" for counted


def check(at: datetime.datetime | None = None, *, dry_run: bool = False) -> Outcome | None:
    """Make a pass, and return what it did; None while another one is being made, or has been made of this moment."""
    with _alone() as mine:
        now = at or timezone.now()
        if not mine or Round.objects.filter(at=now).exists():
            return None
        bench = Bench(now)
        return review(bench, now, dry_run=dry_run)


def review(bench: Bench, now: datetime.datetime, *, dry_run: bool = False) -> Outcome:
    """Let the detector look, and do what it says."""
    bench.detector.review(now.timestamp())
    wanted = bench.changes()
    if not dry_run:
        moved = carry_out(bench, wanted, now)
        wanted = {vote: stood for vote, stood in wanted.items() if vote in moved}
        # How they stand now, for whoever goes on with the same bench.
        bench.stood |= wanted
    states = Counter(state for state, _ in wanted.values())
    by = Counter((bench.tool_of(vote), reason) for vote, (_, reason) in wanted.items())
    outcome = Outcome(len(bench.ballots), states[Vote.State.HELD], states[Vote.State.COUNTED], by)
    if not dry_run:
        _note(bench, outcome, now)
    return outcome


@contextmanager
def _alone() -> Iterator[bool]:
    """One pass at a time. SQLite lets one process write at a time, and it waits; so the second finds all done."""
    with transaction.atomic():
        if connection.vendor != "postgresql":
            yield True
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            [mine] = cursor.fetchone()
        yield mine


@transaction.atomic
def carry_out(bench: Bench, wanted: dict[int, tuple[Vote.State, str]], now: datetime.datetime) -> set[int]:
    """Move votes and write their cases; return which votes have moved."""
    tools = {bench.tool_of(vote) for vote in wanted}
    open_cases = list(
        Case.objects.filter(tool__in=tools).exclude(state=Case.State.DECIDED).order_by("pk").select_for_update()
    )
    moved = judging.follow(wanted, bench.stood, at=now)
    held = [vote for vote in moved if wanted[vote][0] == Vote.State.HELD and bench.ballots[vote].rule]
    if held:
        _gather(bench, held, open_cases, now)
    if moved:
        _release(open_cases, now)
    return moved


def _gather(bench: Bench, held: list[int], open_cases: list[Case], now: datetime.datetime) -> None:
    """Put what was held into cases: of the crowd it belongs to, else of its tool and rule."""
    of_episode = {(it.tool, it.side, it.rule): it for it in bench.detector.episodes}
    groups: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for vote in sorted(held):
        ballot = bench.ballots[vote]
        groups[bench.tool_of(vote), ballot.value if is_sided(ballot.rule) else 0, ballot.rule].append(vote)
    for key, votes in groups.items():
        times = [_moment(bench.ballots[vote].at) for vote in votes]
        case = _case_of(bench, of_episode.get(key), key, open_cases, min(times), max(times), now)
        CaseVote.objects.bulk_create([CaseVote(case=case, vote_id=vote) for vote in votes], ignore_conflicts=True)
        case.size = max(case.size, case.members.count())
        case.state, case.released_at = Case.State.OPEN, None
        case.save()


def _case_of(bench, episode, key, open_cases, begins, ends, now) -> Case:  # type: ignore[no-untyped-def]
    tool, side, rule = key
    known = bench.cases.get(id(episode)) if episode else None
    alike = [it for it in open_cases if (it.tool_id, it.side, it.rule) == key and begins <= it.ends_at + JOINED_WITHIN]
    [case] = [it for it in open_cases if known and it.pk == known.pk][:1] or alike[-1:] or [None]
    if case is None or (case.decision and not episode):
        case = Case(tool_id=tool, side=side, rule=rule, opened_at=now, begins_at=begins, ends_at=ends)
        case.save()
        open_cases.append(case)
    if episode:
        bench.cases[id(episode)] = case
    case.begins_at, case.ends_at = min(case.begins_at, begins), max(case.ends_at, ends)
    return case
