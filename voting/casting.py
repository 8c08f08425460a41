"""Casting votes: the one door through which readers' words come in. Set, not toggled; the same word twice is one.

Every change of votes, here and in `judging`, `merging` and `erasing`, takes its locks in one order: voters by key, votes
by tool and key in one query, tallies by tool, moved once and last.
"""

import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from tools.models import Tool
from voting.counting import Deltas, Stand, make_tallies
from voting.models import Tally, Vote, VoteEvent, Voter, VoteSignal
from voting.origins import Origin, sealed
from voting.settling import WAITS, initial_state, waits
from voting.statement import Answer, cast_in_one_call

VOTER = "voter"
_TRIES = 4


class VoterGone(Exception):
    """Whoever wanted to vote has been erased meanwhile, and cannot come back by itself."""


class Outcome(NamedTuple):
    """What became of a vote: `changed` is False where it said so already; the vote is None where there was none."""

    changed: bool
    vote_id: int | None = None
    value: int | None = None
    state: int | None = None


def cast(
    voter: Voter, tool: Tool, value: int, *, origin: Origin | None = None, at: datetime.datetime | None = None
) -> Outcome:
    """Let a voter say ship (1), skip (-1) or nothing any more (0) about a tool.

    A change keeps the vote's state: nobody gets a held vote counted by changing it. A guest who has signed in since
    votes as the account. Raises VoterGone for an account that is no more, ValueError for an unknown value.
    """
    if value not in (Vote.SHIP, Vote.SKIP, Vote.WITHDRAWN):
        raise ValueError(f"A vote is 1, -1 or 0, not {value!r}.")
    at = at or timezone.now()
    signal = sealed(origin, at) if origin else None
    state, reason = initial_state(origin)
    for _ in range(_TRIES):
        write = cast_in_one_call if connection.vendor == "postgresql" else _cast_in_a_transaction
        answer = write(voter, tool.pk, value, int(state), reason, signal, at)
        if not answer.has_voter:
            voter = standing(voter)
        elif not answer.has_tally:
            make_tallies([tool.pk])
        else:
            return Outcome(answer.vote_id is not None, answer.vote_id, answer.value, answer.state)
    raise VoterGone


def withdraw(voter: Voter, tool: Tool, *, origin: Origin | None = None, at: datetime.datetime | None = None) -> Outcome:
    """Take a vote back. The row stays, so that voting again is a change of it."""
    return cast(voter, tool, Vote.WITHDRAWN, origin=origin, at=at)


def standing(voter: Voter) -> Voter:
    """Return who votes in place of a voter: itself, the account it was merged into, or a guest who was erased anew."""
    found = Voter.objects.select_related("merged_into").filter(pk=voter.pk).first()
    if found is not None:
        return found.merged_into or found
    if voter.account_id is not None or voter.cookie_mac is None:
        raise VoterGone
    fresh = Voter(pk=voter.pk, cookie_mac=voter.cookie_mac)
    Voter.objects.bulk_create([fresh], ignore_conflicts=True)
    return fresh


@transaction.atomic
def _cast_in_a_transaction(
    voter: Voter,
    tool_id: int,
    value: int,
    state: int,
    reason: str,
    signal: dict[str, Any] | None,
    at: datetime.datetime,
) -> Answer:
    """Do what `statement.CAST` does, where there are no functions for it: SQLite writes one transaction at a time anyway."""
    voters = Voter.objects.filter(pk=voter.pk, merged_into=None, erased_at=None)
    reader = voters.select_for_update(no_key=connection.vendor == "postgresql").first()
    era = Tally.objects.filter(pk=tool_id).values_list("era", flat=True).first()
    if reader is None or era is None:
        return Answer(reader is not None, era is not None)
    vote = Vote.objects.filter(voter=reader, tool=tool_id).select_for_update().first()
    if vote is None and value == Vote.WITHDRAWN:
        return Answer(True, True)
    if vote is not None and vote.value == value and (vote.era == era or value == Vote.WITHDRAWN):
        return Answer(True, True)
    before = None if vote is None else Stand.of(vote)
    if vote is None:
        if state == Vote.State.COUNTED and waits(reader, tool_id, at):
            state, reason = Vote.State.HELD, WAITS
        vote = Vote(voter=reader, tool_id=tool_id, state=state, reason=reason)
        vote.is_verified, vote.is_regular = reader.is_verified, reader.is_regular(at)
        reader.tools_voted += 1
        reader.first_vote_at = reader.first_vote_at or at
        reader.save(update_fields=["tools_voted", "first_vote_at"])
    else:
        vote.was_value, vote.was_era = vote.value, vote.era
    vote.value, vote.era, vote.changed_at = value, era, at
    vote.save()
    _log(vote, before, at)
    if signal is not None:
        seen = VoteSignal.objects.filter(pk=vote.pk, honeypot=True).exists()
        VoteSignal.objects.update_or_create(vote=vote, defaults={**signal, "honeypot": seen or signal["honeypot"]})
    deltas = Deltas()
    deltas.change(tool_id, before, Stand.of(vote))
    deltas.write()
    return Answer(True, True, vote.pk, vote.value, vote.state)


def _log(vote: Vote, before: Stand | None, at: datetime.datetime) -> None:
    kinds = VoteEvent.Kind
    kind = kinds.CAST if before is None else kinds.CHANGE if vote.value else kinds.RETRACT
    VoteEvent.objects.create(
        at=at,
        vote_id=vote.pk,
        tool_id=vote.tool_id,
        voter_id=vote.voter_id,
        kind=kind,
        old_value=before.value if before else None,
        new_value=vote.value,
        old_state=before.state if before else None,
        new_state=vote.state,
        actor=VOTER,
    )
