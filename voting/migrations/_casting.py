"""The function that casts a vote on PostgreSQL: one statement, planned once for each connection.

A migration that changes what a vote writes installs it anew: `operations = [install_cast()]`.
"""

from django.db import migrations

COUNTERS = (
    "ships",
    "skips",
    "verified_ships",
    "verified_skips",
    "regulars",
    "era_ships",
    "era_skips",
    "era_verified_ships",
    "era_verified_skips",
    "era_regulars",
    "held",
    "discarded",
)
BUSY_FROM, WAITS = 3, "next pass"  # as in voting.models.case and voting.settling; a test compares what both do
_SIGNAL = ("day", "at", "addr", "net", "wide", "ua", "earlier", "ref_host", "dwell_ms", "pages", "honeypot", "pow")


ARGUMENTS = {
    "voter": "uuid",
    "tool": "bigint",
    "value": "integer",
    "state": "integer",
    "reason": "text",
    "at": "timestamptz",
    "tools": "integer",
    "since": "timestamptz",
    "signalled": "boolean",
    "day": "date",
    "addr": "bytea",
    "net": "bytea",
    "wide": "bytea",
    "ua": "bytea",
    "earlier": "bytea",
    "ref_host": "text",
    "dwell_ms": "integer",
    "pages": "integer",
    "honeypot": "boolean",
    "pow": "boolean",
}
SIGNATURE = f"voting_cast({', '.join(f'p_{name} {kind}' for name, kind in ARGUMENTS.items())})"


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
CREATE OR REPLACE FUNCTION {SIGNATURE} RETURNS TABLE (
    has_voter boolean, has_tally boolean, cast_id bigint, cast_value smallint, cast_state smallint
) LANGUAGE plpgsql AS $cast$
#variable_conflict use_column
BEGIN RETURN QUERY
WITH reader AS (
    SELECT id, account_id, first_vote_at, tools_voted FROM voting_voter
    WHERE id = p_voter AND merged_into_id IS NULL AND erased_at IS NULL FOR NO KEY UPDATE
), board AS (
    SELECT tool_id, era FROM voting_tally WHERE tool_id = p_tool
), usual AS (
    SELECT COALESCE((SELECT busy_from FROM voting_watch WHERE tool_id = p_tool), {BUSY_FROM}) - 1 AS votes
), settled AS (
    SELECT p_state = 0 AND (SELECT max(at) FROM voting_round) > p_at - interval '3 hours' AND (
        SELECT count(*) FROM (
            SELECT FROM voting_vote WHERE tool_id = p_tool AND changed_at > p_at - interval '1 hour'
            LIMIT (SELECT votes FROM usual)
        ) hour
    ) >= usual.votes AND NOT EXISTS (
        SELECT FROM reader LEFT JOIN voting_user u ON u.id = reader.account_id
        WHERE reader.tools_voted + 1 >= p_tools AND (reader.first_vote_at <= p_since OR u.date_joined <= p_since)
    ) AS waits FROM usual
), said AS (
    INSERT INTO voting_vote AS v (voter_id, tool_id, value, state, reason, era, is_verified, is_regular, changed_at)
    SELECT reader.id, board.tool_id, p_value, CASE WHEN settled.waits THEN 1 ELSE p_state END,
        CASE WHEN settled.waits THEN '{WAITS}' ELSE p_reason END, board.era, reader.account_id IS NOT NULL,
        reader.tools_voted >= p_tools AND reader.first_vote_at <= p_since IS TRUE, p_at
    FROM reader, board, settled
    WHERE p_value <> 0 OR EXISTS (SELECT FROM voting_vote WHERE voter_id = p_voter AND tool_id = p_tool)
    ON CONFLICT (voter_id, tool_id) DO UPDATE SET
        was_value = v.value, was_era = v.era, value = EXCLUDED.value, era = EXCLUDED.era, changed_at = EXCLUDED.changed_at
    WHERE v.value <> EXCLUDED.value OR (v.era <> EXCLUDED.era AND EXCLUDED.value <> 0)
    RETURNING id, value, state, era, is_verified, is_regular, was_value, was_era
), known AS (
    UPDATE voting_voter SET tools_voted = voting_voter.tools_voted + 1,
        first_vote_at = COALESCE(voting_voter.first_vote_at, p_at)
    FROM said WHERE voting_voter.id = p_voter AND said.was_value IS NULL
), logged AS (
    INSERT INTO voting_voteevent
        (at, vote_id, tool_id, voter_id, kind, old_value, new_value, old_state, new_state, actor, reason)
    SELECT p_at, s.id, p_tool, p_voter,
        CASE WHEN s.was_value IS NULL THEN 'cast' WHEN s.value = 0 THEN 'retract' ELSE 'change' END,
        s.was_value, s.value, CASE WHEN s.was_value IS NOT NULL THEN s.state END, s.state, 'voter', '' FROM said s
), seen AS (
    INSERT INTO voting_votesignal AS g (vote_id, {", ".join(_SIGNAL)})
    SELECT said.id, {", ".join(f"p_{name}" for name in _SIGNAL)} FROM said WHERE p_signalled
    ON CONFLICT (vote_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _SIGNAL if name != "honeypot")},
        honeypot = g.honeypot OR EXCLUDED.honeypot
), now AS (
    SELECT {", ".join(f"t.{name}" for name in ("tool_id", "era", *COUNTERS))}
    FROM voting_tally t, said WHERE t.tool_id = p_tool FOR NO KEY UPDATE OF t
), moved AS (
    UPDATE voting_tally SET
        {_moves()}
    FROM said s, now t WHERE voting_tally.tool_id = t.tool_id
)
SELECT EXISTS (SELECT FROM reader), EXISTS (SELECT FROM board), said.id, said.value, said.state
FROM (SELECT) one LEFT JOIN said ON true;
END $cast$
"""


def install_cast() -> migrations.RunPython:
    """Return the operation that installs the function, where there is PostgreSQL."""

    def install(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(CAST, params=None)

    def remove(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("DROP FUNCTION IF EXISTS voting_cast", params=None)

    return migrations.RunPython(install, remove)
