"""Which votes count: held, discarded, counted again. Every decision is in the log and can be undone."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from voting.counting import Deltas, Stand
from voting.models import Vote, VoteEvent


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
    return _put(dict.fromkeys(votes, (state, reason)), actor=actor, case_id=case_id, at=at)


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
    return _put(wanted, actor=actor, case_id=case_id, at=at)


@transaction.atomic
def _put(
    wanted: dict[int, tuple[Vote.State, str]], *, actor: str, case_id: int | None, at: datetime.datetime | None
) -> int:
    at = at or timezone.now()
    deltas, events, changed = Deltas(), [], []
    votes = Vote.objects.filter(pk__in=list(wanted)).order_by("tool_id", "pk").select_for_update()
    for vote in votes:
        state, reason = wanted[vote.pk]
        if (vote.state, vote.reason) == (state, reason):
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
                actor=actor,
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
    return len(changed)
