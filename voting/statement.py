"""A vote in one call, for PostgreSQL: the voter, the vote, the log, the signal and the tally, in that order.

A function of the database writes them (`voting.migrations._casting`): one round trip, and its statements are planned once
for each connection. A repeated vote changes nothing. `was_value` and `was_era` are set by the very update that changes a
vote, under its row's lock; so the tally is moved by the true difference, whatever happened since the call began. Without
a voter (erased or merged a moment ago) or a tally nothing is written, and the answer says so.
"""

import datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

from tools.statements import ask
from voting.models import Voter


class Answer(NamedTuple):
    """What a write found and did; no vote where it had nothing to change."""

    has_voter: bool
    has_tally: bool
    vote_id: int | None = None
    value: int | None = None
    state: int | None = None


_KINDS = "uuid bigint integer integer text timestamptz date bytea text integer integer boolean boolean"
_PLACES = ", ".join(f"%s::{kind}" for kind in _KINDS.split())  # what is prepared has to know its types
CAST = f"SELECT voting_cast({_PLACES})"
CAST_ALONE = f"CALL voting_cast_alone({_PLACES}, NULL)"  # a transaction of its own: it commits before it is flushed
DIGESTS = ("addr", "net", "wide", "ua", "earlier")
SIGNAL = ("ref_host", "dwell_ms", "pages", "honeypot", "pow")
NO_SIGNAL = (None,) * (2 + len(SIGNAL))


def cast_in_one_call(
    voter: Voter,
    tool_id: int,
    value: int,
    state: int,
    reason: str,
    signal: dict[str, Any] | None,
    at: datetime.datetime,
) -> Answer:
    """Write a vote and everything that follows from it; return what was found and done."""
    seen: tuple[Any, ...] = NO_SIGNAL
    if signal is not None:
        seen = (signal["day"], b"".join([signal[name] for name in DIGESTS]), *(signal[name] for name in SIGNAL))
    database = connections[
        DEFAULT_DB_ALIAS
    ]  # once: each look through `connection` costs as much as digesting an address
    sql = CAST if database.in_atomic_block else CAST_ALONE
    with ask(database, sql, (voter.pk, tool_id, value, state, reason, at, *seen)) as cursor:
        [(found,)] = cursor.fetchall()
    return Answer(found[0] == 1, found[1] == 1, *found[2:])
