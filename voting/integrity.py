"""The hourly pass: the detector looks at the votes, and what it wants becomes states, cases and a note of the pass.

One pass at a time, by a lock of the database; each reads what it needs anew, so that it does not matter which process
makes it, or when the last one was. Another pass right afterwards finds nothing to do. Locks are taken in one order
everywhere: cases, voters, votes, tallies.
"""

import datetime
from collections import Counter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from voting import crowds, judging
from voting.ballots import Bench, Stood
from voting.detector import MEMORY
from voting.models import Case, Round, Vote, VoteEvent, Watch
from voting.models.case import BUSY_FROM
from voting.settling import busy_from

LOCK = 0x5417  # of PostgreSQL's advisory locks: any number that nothing else uses
ROUNDS_KEPT = datetime.timedelta(days=90)


class Outcome(NamedTuple):
    """What a pass did, or would have done: how many votes it looked at, and which it moved where."""

    looked_at: int
    moved: dict[int, Stood]

    def into(self, state: Vote.State) -> int:
        return sum(it == state for it, _ in self.moved.values())


@transaction.atomic
def check(at: datetime.datetime | None = None, *, dry_run: bool = False) -> Outcome | None:
    """Make a pass, and return what it did; None while another one is being made, or has been made of this moment."""
    now = at or timezone.now()
    if not _is_alone() or Round.objects.filter(at=now).exists():
        return None
    bench = Bench(now)
    bench.detector.review(now.timestamp())
    if dry_run:
        return Outcome(len(bench.ballots), bench.changes())
    return carry_out(bench, now)


def _is_alone() -> bool:
    """One pass at a time, to the end of the transaction. On SQLite the second one has waited, and finds all done."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def carry_out(bench: Bench, now: datetime.datetime) -> Outcome:
    """Do what the detector wants after a review: move votes, gather them into cases, and note the pass."""
    cases = crowds.cases_at_hand(now)
    outcome = Outcome(len(bench.ballots), _move(bench, cases, now))
    crowds.note(bench, cases)
    crowds.release(cases, now)
    _watch(bench, now)
    _note(bench, outcome, now)
    return outcome


def _move(bench: Bench, cases: list[Case], now: datetime.datetime) -> dict[int, Stood]:
    """Move votes to where the detector wants them, and gather what is held now into cases; return what was moved."""
    wanted = bench.changes()
    if not wanted:
        bench.carried_out(wanted, {})
        return {}
    moved = judging.follow(wanted, bench.stood, at=now)
    done = {vote: stood for vote, stood in wanted.items() if vote in moved}
    bench.carried_out(wanted, done)
    held = [vote for vote, (state, _) in done.items() if state == Vote.State.HELD and not bench.ballots[vote].waits]
    if held:
        crowds.gather(bench, held, cases, now)
    return done


def _watch(bench: Bench, now: datetime.datetime) -> None:
    """Say how busy each tool usually is, for the clicks until the next pass; and whose percentage is in doubt."""
    since = now.timestamp() - MEMORY
    fortnight: Counter[Any] = Counter(it.tool for it in bench.ballots.values() if it.at > since)
    in_doubt: set[int] = getattr(bench.detector, "in_doubt", set())
    known = {pk: (busy, doubted) for pk, busy, doubted in Watch.objects.values_list("pk", "busy_from", "in_doubt")}
    changed = []
    for tool in {*fortnight, *known, *in_doubt}:
        busy, doubted = busy_from(fortnight[tool]), tool in in_doubt
        if (busy, doubted) != known.get(tool, (BUSY_FROM, False)):
            changed.append(Watch(pk=tool, busy_from=busy, in_doubt=doubted))
    Watch.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["tool"], update_fields=["busy_from", "in_doubt"]
    )


def _note(bench: Bench, outcome: Outcome, now: datetime.datetime) -> None:
    Round.objects.create(
        at=now,
        last_event=VoteEvent.objects.aggregate(last=Max("pk", default=0))["last"],
        held=outcome.into(Vote.State.HELD),
        counted=outcome.into(Vote.State.COUNTED),
        memo=bench.memo(),
    )
    if now.hour == 0:
        Round.objects.filter(at__lt=now - ROUNDS_KEPT).delete()
