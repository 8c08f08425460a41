"""A vote in one statement, for PostgreSQL: the voter, the vote, the log, the signal and the tally, in that order.

The statement is in a function of the database (`voting.migrations._casting`), so that it is planned once for each
connection. A repeated vote changes nothing. `was_value` and `was_era` are set by the very update that changes a vote,
under its row's lock; so the tally is moved by the true difference, whatever happened since the statement began. Without
a voter (erased or merged a moment ago) or a tally nothing is written, and the answer says so. The tally is locked before
it is moved: PostgreSQL checks constraints on what the statement first saw, before it looks at what others made of it.
"""

import datetime
from typing import Any, NamedTuple

from django.db import connection

from voting.models import Voter
from voting.models.vote import REGULAR_AFTER, REGULAR_TOOLS


class Answer(NamedTuple):
    """What a write found and did; no vote where it had nothing to change."""

    has_voter: bool
    has_tally: bool
    vote_id: int | None = None
    value: int | None = None
    state: int | None = None


ARGUMENTS = ("voter", "tool", "value", "state", "reason", "at", "tools", "since", "signalled")
SIGNAL = ("day", "addr", "net", "wide", "ua", "earlier", "ref_host", "dwell_ms", "pages", "honeypot", "pow")
CAST = f"SELECT * FROM voting_cast({', '.join(f'p_{name} => %s' for name in (*ARGUMENTS, *SIGNAL))})"  # noqa: S608


def cast_in_one_statement(
    voter: Voter,
    tool_id: int,
    value: int,
    state: int,
    reason: str,
    signal: dict[str, Any] | None,
    at: datetime.datetime,
) -> Answer:
    """Write a vote and everything that follows from it; return what was found and done."""
    said: list[Any] = [
        voter.pk,
        tool_id,
        value,
        state,
        reason,
        at,
        REGULAR_TOOLS,
        at - REGULAR_AFTER,
        signal is not None,
    ]
    seen = [signal[name] for name in SIGNAL] if signal else [None] * len(SIGNAL)
    with connection.cursor() as cursor:
        cursor.execute(CAST, [*said, *seen])
        return Answer(*cursor.fetchone())
