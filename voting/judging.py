"""Which votes count: held, discarded, counted again. Every decision is in the log and can be undone."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from voting.counting import Deltas, Stand
from voting.models import CaseVote, Vote, VoteEvent


def decide(
    votes: Iterable[int],
    state: Vote.State,
    *,
    actor: str,
    reason: str,
    case_id: int | None = None,
    at: datetime.datetime | None = None,
) -> int:
    """Put some votes, by key, into a state for a reason; return how many this changed.

    `actor` is rule:crowd or staff:7.
    """
    return len(_put(dict.fromkeys(votes, (state, reason)), actor=actor, case_id=case_id, at=at))


def follow(
    wanted: dict[int, tuple[Vote.State, str]], stood: dict[int, tuple[Vote.State, str]], *, at: datetime.datetime
) -> set[int]:
    """Put votes where a pass of the detector wants them, each for its own reason; return the votes this moved.

    What has been moved since the pass looked, or was decided by a person meanwhile, stays where it is.
    """
    return _put(wanted, actor="", case_id=None, at=at, stood=stood)


def undo(case_id: int, *, actor: str, at: datetime.datetime | None = None) -> int:
    """Give the votes of a case the states they had before it was decided; return how many.

    A vote that another decision has moved since stays where that put it. What the case did after an earlier undo is
    undone to the same states, unless something else has moved the vote in between: then to that.
    """
    touched = VoteEvent.objects.filter(case_id=case_id, kind=VoteEvent.Kind.STATE)
    votes = list(touched.values_list("vote_id", flat=True).distinct())
    events = VoteEvent.objects.filter(kind=VoteEvent.Kind.STATE, vote_id__in=votes).order_by("pk")
    wanted: dict[int, tuple[Vote.State, str]] = {}
    for event in events:
        if event.case_id != case_id:
            wanted.pop(event.vote_id, None)
        elif event.old_state is not None:
            was = Vote.State(event.old_state), (event.before or {}).get("reason", "")
            wanted.setdefault(event.vote_id, was)
    return len(_put(wanted, actor=actor, case_id=case_id, at=at))


@transaction.atomic
def _put(
    wanted: dict[int, tuple[Vote.State, str]],
    *,
    actor: str,
    case_id: int | None,
    at: datetime.datetime | None,
    stood: dict[int, tuple[Vote.State, str]] | None = None,
) -> set[int]:
    at = at or timezone.now()
    deltas, events, changed = Deltas(), [], []
    votes = list(Vote.objects.filter(pk__in=list(wanted)).order_by("tool_id", "pk").select_for_update())
    final = set() if stood is None else _decided_meanwhile(wanted)
    for vote in votes:
        state, reason = wanted[vote.pk]
        is_where = vote.state, vote.reason
        if is_where == (state, reason) or vote.pk in final or (stood is not None and is_where != stood[vote.pk]):
            continue
        before = Stand.of(vote)
        events.append(
            VoteEvent(
                at=at,
                vote_id=vote.pk,
                tool_id=vote.tool_id,
                voter_id=vote.voter_id,
                kind=VoteEvent.Kind.STATE,
                old_value=vote.value,
                new_value=vote.value,
                old_state=vote.state,
                new_state=state,
                actor=actor or f"rule:{reason or vote.reason}",
                reason=reason,
                case_id=case_id,
                before={"reason": vote.reason} if vote.reason else None,
            )
        )
        vote.state, vote.reason = state, reason
        deltas.change(vote.tool_id, before, Stand.of(vote))
        changed.append(vote)
    Vote.objects.bulk_update(changed, ["state", "reason"], batch_size=500)
    VoteEvent.objects.bulk_create(events, batch_size=500)
    deltas.write()
    return {vote.pk for vote in changed}


def _decided_meanwhile(votes: Iterable[int]) -> set[int]:
    """Return which of some votes, whose rows are locked, stand where a person wants them."""
    judged = CaseVote.objects.filter(vote__in=list(votes)).exclude(case__decision="")
    single = VoteEvent.objects.filter(kind="state", actor__startswith="staff:", case_id=None, vote_id__in=list(votes))
    return {*judged.values_list("vote_id", flat=True), *single.values_list("vote_id", flat=True)}
