"""The function that casts a vote on PostgreSQL: one call, whose statements are planned once for each connection.

A migration that changes what a vote writes installs it anew: `operations = [install_cast(anew=True)]`. Where its arguments change
as well, the former function stays beside it, for web processes of the release before that still run.

The statements are short ones, one after the other: a single one that wrote the same would cost more to begin than they
cost to run. Each sees what was committed before it. So the tally is moved by the true difference: whoever changed this
vote before has committed, tally and all, before this one had its row's lock.
"""

from tools.migrations._operations import RunStatements

# As in voting.models.case, voting.models.vote and voting.settling; a test compares what both do.
BUSY_FROM, WAITS, REGULAR_TOOLS, REGULAR_AFTER = 3, "next pass", 2, "1 day"

# Without a day there is no signal. `digests` are those of the address, the network, the wider network and the browser, and
# what is sealed, one after the other: an argument each costs more than taking them apart.
ARGUMENTS = {
    "voter": "uuid",
    "tool": "bigint",
    "value": "integer",
    "state": "integer",
    "reason": "text",
    "at": "timestamptz",
    "day": "date",
    "digests": "bytea",
    "ref_host": "text",
    "dwell_ms": "integer",
    "pages": "integer",
    "honeypot": "boolean",
    "pow": "boolean",
}
# Returns whether there are the voter and the tally, 1 or 0; then, if there was something to change, the vote and how it stands.
SIGNATURE = f"voting_cast({', '.join(f'p_{name} {kind}' for name, kind in ARGUMENTS.items())})"
_NAMES = ", ".join(f"p_{name}" for name in ARGUMENTS)
_DIGESTS = {f"substr(p_digests, {1 + 8 * n}, 8)": name for n, name in enumerate(("addr", "net", "wide", "ua"))}
_SIGNAL = {name: f"p_{name}" for name in ("day", "at")}
_SIGNAL |= {name: cut for cut, name in _DIGESTS.items()} | {"earlier": "substr(p_digests, 33)"}
_SIGNAL |= {name: f"p_{name}" for name in ("ref_host", "dwell_ms", "pages", "honeypot", "pow")}


def _counted(value: int, extra: str = "") -> str:
    """Return SQL for how many votes of one value this one adds: 1, 0 or -1. The era is that of the tally's row."""
    return f"((p_value = {value}{extra})::int - COALESCE((v_was_value = {value}{extra.replace('v_era', 'v_was_era')})::int, 0))"


def _moves() -> str:
    """Return what a counted vote moves of a tally."""
    said = {"ships": _counted(1), "skips": _counted(-1)}
    era = {f"era_{name}": _counted(value, " AND v_era = t.era") for name, value in (("ships", 1), ("skips", -1))}
    moves = []
    for name, n in (said | era).items():
        prefix, _, plain = name.rpartition("_")
        verified = f"{prefix}_verified_{plain}" if prefix else f"verified_{plain}"
        moves.append(f"{name} = t.{name} + {n}")
        moves.append(f"{verified} = t.{verified} + v_is_verified::int * {n}")
    for prefix, counted in (("", said), ("era_", era)):
        both = " + ".join(counted.values())
        moves.append(f"{prefix}regulars = t.{prefix}regulars + v_is_regular::int * ({both})")
    return ",\n            ".join(moves)


def _adds() -> str:
    """Return what a new vote of the tally's own era adds to it. Nothing is asked of its row, so that begins quickly."""
    counts = {"ships": "ships", "skips": "skips", "regulars": "regulars"}
    counts |= {f"verified_{side}": f"verified * v_{side}" for side in ("ships", "skips")}
    both = {f"{prefix}{name}": f"v_{what}" for prefix in ("", "era_") for name, what in counts.items()}
    return ",\n            ".join(f"{name} = {name} + {n}" for name, n in both.items())


_COLUMNS = ", ".join(["vote_id", *_SIGNAL])
_VALUES = ", ".join(["v_vote", *_SIGNAL.values()])
_SPOKEN = "(p_value <> 0)::int - COALESCE((v_was_value <> 0)::int, 0)"
CAST = f"""
CREATE OR REPLACE FUNCTION {SIGNATURE} RETURNS bigint[] LANGUAGE plpgsql AS $cast$
#variable_conflict use_column
DECLARE
    v_account bigint; v_first timestamptz; v_tools integer; v_era smallint; v_waits boolean := false;
    v_counted boolean; v_found boolean; v_known boolean;
    v_ships integer; v_skips integer; v_verified integer; v_regulars integer; v_moved boolean := false;
    v_vote bigint; v_state smallint; v_is_verified boolean; v_is_regular boolean; v_was_value smallint; v_was_era smallint;
BEGIN
    -- A new vote, as nearly all are, locks its voter and counts itself there in one go.
    UPDATE voting_voter SET tools_voted = tools_voted + 1, first_vote_at = COALESCE(first_vote_at, p_at)
    WHERE p_value <> 0 AND id = p_voter AND merged_into_id IS NULL AND erased_at IS NULL
        AND NOT EXISTS (SELECT FROM voting_vote WHERE voter_id = p_voter AND tool_id = p_tool)
    RETURNING account_id, first_vote_at, tools_voted - 1 INTO v_account, v_first, v_tools;
    v_counted := FOUND;
    IF NOT v_counted THEN
        SELECT account_id, first_vote_at, tools_voted INTO v_account, v_first, v_tools FROM voting_voter
        WHERE id = p_voter AND merged_into_id IS NULL AND erased_at IS NULL FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN ARRAY[0, 0];
        END IF;
        IF p_value = 0 AND NOT EXISTS (SELECT FROM voting_vote WHERE voter_id = p_voter AND tool_id = p_tool) THEN
            RETURN ARRAY[1, (SELECT count(*) FROM voting_tally WHERE tool_id = p_tool)];
        END IF;
    END IF;
    IF p_state = 0 THEN
        -- What asks a table stands apart: the rest is computed without a query.
        v_known := v_tools + 1 >= {REGULAR_TOOLS} AND v_first <= p_at - interval '{REGULAR_AFTER}';
        IF v_known IS NOT TRUE AND v_account IS NOT NULL AND v_tools + 1 >= {REGULAR_TOOLS} THEN
            v_known := EXISTS (
                SELECT FROM voting_user WHERE id = v_account AND date_joined <= p_at - interval '{REGULAR_AFTER}'
            );
        END IF;
        IF v_known IS NOT TRUE THEN
            v_waits := EXISTS (SELECT FROM voting_round WHERE at > p_at - interval '3 hours') AND EXISTS (
                SELECT FROM voting_vote WHERE tool_id = p_tool AND changed_at > p_at - interval '1 hour'
                LIMIT 1 OFFSET GREATEST(COALESCE((SELECT busy_from FROM voting_watch WHERE tool_id = p_tool), {BUSY_FROM}), 2) - 2
            );
        END IF;
    END IF;
    INSERT INTO voting_vote AS v (voter_id, tool_id, value, state, reason, era, is_verified, is_regular, changed_at)
    SELECT p_voter, p_tool, p_value, CASE WHEN v_waits THEN 1 ELSE p_state END,
        CASE WHEN v_waits THEN '{WAITS}' ELSE p_reason END, t.era, v_account IS NOT NULL,
        v_tools >= {REGULAR_TOOLS} AND v_first <= p_at - interval '{REGULAR_AFTER}' IS TRUE, p_at
    FROM voting_tally t WHERE t.tool_id = p_tool
    ON CONFLICT (voter_id, tool_id) DO UPDATE SET
        was_value = v.value, was_era = v.era, value = EXCLUDED.value, era = EXCLUDED.era, changed_at = EXCLUDED.changed_at
    WHERE v.value <> EXCLUDED.value OR (v.era <> EXCLUDED.era AND EXCLUDED.value <> 0)
    RETURNING id, state, era, is_verified, is_regular, was_value, was_era
    INTO v_vote, v_state, v_era, v_is_verified, v_is_regular, v_was_value, v_was_era;
    v_found := FOUND;
    -- Whoever else wrote this very vote meanwhile had committed before the voter's row was ours, and is seen only now.
    -- Without a tally there is no vote either: it is made, and asked again.
    IF v_counted IS DISTINCT FROM (v_found AND v_was_value IS NULL) THEN
        UPDATE voting_voter SET tools_voted = tools_voted + CASE WHEN v_counted THEN -1 ELSE 1 END,
            first_vote_at = COALESCE(first_vote_at, p_at)
        WHERE id = p_voter;
    END IF;
    IF NOT v_found THEN
        RETURN ARRAY[1, (SELECT count(*) FROM voting_tally WHERE tool_id = p_tool)];
    END IF;
    INSERT INTO voting_voteevent
        (at, vote_id, tool_id, voter_id, kind, old_value, new_value, old_state, new_state, actor, reason)
    VALUES (p_at, v_vote, p_tool, p_voter,
        CASE WHEN v_was_value IS NULL THEN 'cast' WHEN p_value = 0 THEN 'retract' ELSE 'change' END,
        v_was_value, p_value, CASE WHEN v_was_value IS NOT NULL THEN v_state END, v_state, 'voter', '');
    IF p_day IS NOT NULL AND v_was_value IS NOT NULL THEN
        INSERT INTO voting_votesignal AS g ({_COLUMNS}) VALUES ({_VALUES})
        ON CONFLICT (vote_id) DO UPDATE SET
            {", ".join(f"{name} = EXCLUDED.{name}" for name in _SIGNAL if name != "honeypot")},
            honeypot = g.honeypot OR EXCLUDED.honeypot;
    ELSIF p_day IS NOT NULL THEN
        INSERT INTO voting_votesignal ({_COLUMNS}) VALUES ({_VALUES});
    END IF;
    IF v_state = 0 AND v_was_value IS NULL THEN
        v_ships := (p_value = 1)::int; v_skips := (p_value = -1)::int;
        v_verified := v_is_verified::int; v_regulars := v_is_regular::int;
        UPDATE voting_tally SET
            {_adds()}
        WHERE tool_id = p_tool AND era = v_era;
        v_moved := FOUND;
    END IF;
    IF v_state = 0 AND NOT v_moved THEN
        UPDATE voting_tally t SET
            {_moves()}
        WHERE t.tool_id = p_tool;
    ELSIF v_state = 1 THEN
        UPDATE voting_tally t SET held = t.held + {_SPOKEN} WHERE t.tool_id = p_tool;
    ELSIF v_state = 2 THEN
        UPDATE voting_tally t SET discarded = t.discarded + {_SPOKEN} WHERE t.tool_id = p_tool;
    END IF;
    RETURN ARRAY[1, 1, v_vote, p_value, v_state];
END $cast$
"""


# Where commits wait for the disk, a transaction keeps its locks while it waits, and everybody else who votes on the same
# tool waits for it: one vote for each turn of the disk. So the vote commits without waiting, which frees the tally, and a
# second commit, which holds nothing, waits for both: what is flushed is flushed in order, and many wait for one turn. Whoever
# voted is told when both are on disk; a crash between them loses a vote that nobody has been told of, whole.
CAST_ALONE = f"""
CREATE OR REPLACE PROCEDURE {SIGNATURE.replace("voting_cast(", "voting_cast_alone(").removesuffix(")")},
    INOUT answer bigint[]) LANGUAGE plpgsql AS $cast$
BEGIN
    IF current_setting('synchronous_commit') = 'off' THEN
        answer := voting_cast({_NAMES});
        RETURN;
    END IF;
    SET LOCAL synchronous_commit = off;
    answer := voting_cast({_NAMES});
    IF array_length(answer, 1) > 2 THEN
        COMMIT;
        PERFORM pg_logical_emit_message(true, 'vote', '');
    END IF;
END $cast$
"""


def install_cast(*, anew: bool = False) -> RunStatements:
    """Return the operation that installs the function, where there is PostgreSQL.

    Taken back it removes the function, unless it was there before: installed `anew` it stays, for votes go on.
    """

    def install(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(CAST, params=None)
            schema_editor.execute(CAST_ALONE, params=None)

    def remove(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql" and not anew:
            kinds = ", ".join(ARGUMENTS.values())
            schema_editor.execute(f"DROP PROCEDURE IF EXISTS voting_cast_alone({kinds}, bigint[])", params=None)
            schema_editor.execute(f"DROP FUNCTION IF EXISTS voting_cast({kinds})", params=None)

    return RunStatements(install, remove)
