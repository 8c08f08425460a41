"""A vote in one statement, for PostgreSQL: the voter, the vote, the log, the signal and the tally, in that order.

A repeated vote changes nothing. `was_value` and `was_era` are set by the very update that changes a vote, under its
row's lock; so the tally is moved by the true difference, whatever happened since the statement began. Without a voter
(erased or merged a moment ago) or a tally nothing is written, and the answer says so. The tally is locked before it is
moved: PostgreSQL checks constraints on what the statement first saw, before it looks at what others have made of it.
"""

import datetime
from typing import Any, NamedTuple

from django.db import connection

from voting.models import Voter
from voting.models.tally import COUNTERS
from voting.models.vote import REGULAR_AFTER, REGULAR_TOOLS


class Answer(NamedTuple):
    """What a write found and did; no vote where it had nothing to change."""

    has_voter: bool
    has_tally: bool
    vote_id: int | None = None
    value: int | None = None
    state: int | None = None


_SIGNAL = ("day", "at", "addr", "net", "wide", "ua", "earlier", "ref_host", "dwell_ms", "pages", "honeypot", "pow")


def _counted(value: int, extra: str = "") -> str:
    """Return SQL for how many votes of one value this one adds: 1, 0 or -1."""
    return f"((s.value = {value}{extra})::int - COALESCE((s.was_value = {value}{extra.replace('s.era', 's.was_era')})::int, 0))"


def _moves() -> str:
    said = {"ships": _counted(1), "skips": _counted(-1)}
    era = {f"era_{name}": _counted(value, " AND s.era = t.era") for name, value in (("ships", 1), ("skips", -1))}
    moves = []
    for name, n in (said | era).items():
        prefix, _, plain = name.rpartition("_")
        verified = f"{prefix}_verified_{plain}" if prefix else f"verified_{plain}"
        moves.append(f"{name} = t.{name} + (s.state = 0)::int * {n}")
        moves.append(f"{verified} = t.{verified} + (s.state = 0 AND s.is_verified)::int * {n}")
    for prefix, counted in (("", said), ("era_", era)):
        both = " + ".join(counted.values())
        moves.append(f"{prefix}regulars = t.{prefix}regulars + (s.state = 0 AND s.is_regular)::int * ({both})")
    both = " + ".join(said.values())
    moves.append(f"held = t.held + (s.state = 1)::int * ({both})")
    moves.append(f"discarded = t.discarded + (s.state = 2)::int * ({both})")
    return ",\n        ".join(moves)


CAST = f"""
WITH reader AS (
    SELECT id, account_id, first_vote_at, tools_voted FROM voting_voter
    WHERE id = %(voter)s AND merged_into_id IS NULL AND erased_at IS NULL FOR NO KEY UPDATE
), board AS (
    SELECT tool_id, era FROM voting_tally WHERE tool_id = %(tool)s
), said AS (
    INSERT INTO voting_vote AS v (voter_id, tool_id, value, state, reason, era, is_verified, is_regular, changed_at)
    SELECT reader.id, board.tool_id, %(value)s, %(state)s, %(reason)s, board.era, reader.account_id IS NOT NULL,
        reader.tools_voted >= %(tools)s AND reader.first_vote_at <= %(since)s IS TRUE, %(at)s
    FROM reader, board
    WHERE %(value)s <> 0 OR EXISTS (SELECT FROM voting_vote WHERE voter_id = %(voter)s AND tool_id = %(tool)s)
    ON CONFLICT (voter_id, tool_id) DO UPDATE SET
        was_value = v.value, was_era = v.era, value = EXCLUDED.value, era = EXCLUDED.era, changed_at = EXCLUDED.changed_at
    WHERE v.value <> EXCLUDED.value OR (v.era <> EXCLUDED.era AND EXCLUDED.value <> 0)
    RETURNING id, value, state, era, is_verified, is_regular, was_value, was_era
), known AS (
    UPDATE voting_voter SET tools_voted = voting_voter.tools_voted + 1,
        first_vote_at = COALESCE(voting_voter.first_vote_at, %(at)s)
    FROM said WHERE voting_voter.id = %(voter)s AND said.was_value IS NULL
), logged AS (
    INSERT INTO voting_voteevent
        (at, vote_id, tool_id, voter_id, kind, old_value, new_value, old_state, new_state, actor, reason)
    SELECT %(at)s, s.id, %(tool)s, %(voter)s,
        CASE WHEN s.was_value IS NULL THEN 'cast' WHEN s.value = 0 THEN 'retract' ELSE 'change' END,
        s.was_value, s.value, CASE WHEN s.was_value IS NOT NULL THEN s.state END, s.state, 'voter', '' FROM said s
), seen AS (
    INSERT INTO voting_votesignal AS g (vote_id, {", ".join(_SIGNAL)})
    SELECT said.id, {", ".join(f"%({name})s" for name in _SIGNAL)} FROM said WHERE %(signalled)s
    ON CONFLICT (vote_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _SIGNAL if name != "honeypot")},
        honeypot = g.honeypot OR EXCLUDED.honeypot
), now AS (
    SELECT {", ".join(f"t.{name}" for name in ("tool_id", "era", *COUNTERS))}
    FROM voting_tally t, said WHERE t.tool_id = %(tool)s FOR NO KEY UPDATE OF t
), moved AS (
    UPDATE voting_tally SET
        {_moves()}
    FROM said s, now t WHERE voting_tally.tool_id = t.tool_id
)
SELECT EXISTS (SELECT FROM reader), EXISTS (SELECT FROM board), said.id, said.value, said.state
FROM (SELECT) one LEFT JOIN said ON true
"""  # noqa: S608
_NO_SIGNAL: dict[str, Any] = dict.fromkeys(_SIGNAL)


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
    said: dict[str, Any] = {
        "voter": voter.pk,
        "tool": tool_id,
        "value": value,
        "state": state,
        "reason": reason,
        "at": at,
    }
    history = {"tools": REGULAR_TOOLS, "since": at - REGULAR_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(CAST, (signal or _NO_SIGNAL) | said | history | {"signalled": signal is not None})
        return Answer(*cursor.fetchone())
