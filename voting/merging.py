"""A guest signs in: the votes move to the account, the later word wins, the worse state wins. Two accounts never merge."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from voting.counting import Deltas, Stand
from voting.models import CaseVote, Vote, VoteEvent, Voter, VoteSignal

UNDONE_WITHIN = datetime.timedelta(days=30)


class NotMergeable(Exception):
    """Two accounts, or nobody: nothing was moved."""


@transaction.atomic
def merge(guest: Voter, account: Voter, *, at: datetime.datetime | None = None) -> int:
    """Move a guest's votes to an account; return how many the guest had. From then on the guest votes as the account.

    Merging again moves what is left, which is nothing. Raises NotMergeable for two accounts, for a guest of another
    account, and for voters who were erased meanwhile.
    """
    at = at or timezone.now()
    locked = {
        voter.pk: voter
        for voter in Voter.objects.filter(pk__in=[guest.pk, account.pk]).order_by("pk").select_for_update()
    }
    source, target = locked.get(guest.pk), locked.get(account.pk)
    if source is None or target is None or source.pk == target.pk:
        raise NotMergeable
    if source.account_id or source.erased_at or not target.account_id:
        raise NotMergeable
    if source.merged_into_id not in (None, target.pk):
        raise NotMergeable
    votes = list(
        Vote.objects.filter(voter__in=[source, target]).order_by("tool_id", "pk").select_for_update(of=["self"])
    )
    theirs = {vote.tool_id: vote for vote in votes if vote.voter_id == target.pk}
    deltas, events = Deltas(), []
    moving = [vote for vote in votes if vote.voter_id == source.pk]
    for vote in moving:
        own = theirs.get(vote.tool_id)
        if own is None:
            events.append(_move(vote, target, deltas, at))
        else:
            events += _join(vote, own, deltas, at)
    VoteEvent.objects.bulk_create(events)
    firsts = [it for it in (source.first_vote_at, target.first_vote_at) if it]
    target.first_vote_at = min(firsts) if firsts else None
    target.tools_voted = Vote.objects.filter(voter=target).count()
    target.save(update_fields=["first_vote_at", "tools_voted"])
    source.merged_into = target
    source.save(update_fields=["merged_into"])
    deltas.write()
    return len(moving)


def _event(vote: Vote, was: Stand, now: Stand | None, at: datetime.datetime, **more: object) -> VoteEvent:
    return VoteEvent(
        at=at,
        vote_id=vote.pk,
        tool_id=vote.tool_id,
        kind=VoteEvent.Kind.MERGE,
        old_value=was.value,
        new_value=now.value if now else None,
        old_state=was.state,
        new_state=now.state if now else None,
        actor="voter",
        **more,
    )


def _kept(vote: Vote) -> dict[str, object]:
    """Return what of a vote an undo of the merge needs and the event's own columns do not hold."""
    return {
        "changed_at": vote.changed_at.isoformat(),
        "era": vote.era,
        "reason": vote.reason,
        "is_verified": vote.is_verified,
        "is_regular": vote.is_regular,
    }


def _move(vote: Vote, target: Voter, deltas: Deltas, at: datetime.datetime) -> VoteEvent:
    """Give a vote about a tool that the account has said nothing about to the account."""
    before, kept, guest = Stand.of(vote), _kept(vote), vote.voter_id
    vote.voter, vote.is_verified = target, True
    vote.save(update_fields=["voter", "is_verified"])
    deltas.change(vote.tool_id, before, Stand.of(vote))
    return _event(vote, before, Stand.of(vote), at, voter=target, from_voter_id=guest, before=kept)


def _join(vote: Vote, own: Vote, deltas: Deltas, at: datetime.datetime) -> list[VoteEvent]:
    """Make one vote of the guest's and the account's about one tool: the later word, the worse state."""
    before, guests, kept, kept_own = Stand.of(own), Stand.of(vote), _kept(vote), _kept(own)
    if vote.changed_at > own.changed_at:
        own.was_value, own.was_era = own.value, own.era
        own.value, own.era, own.changed_at = vote.value, vote.era, vote.changed_at
    if vote.state > own.state:
        own.state, own.reason = vote.state, vote.reason
        CaseVote.objects.filter(vote=vote).exclude(case__members__vote=own).update(vote=own)
    own.is_regular = own.is_regular or vote.is_regular
    own.save()
    _keep_signal(vote, own)
    removed, guest = vote.pk, vote.voter_id
    vote.delete()
    vote.pk = removed
    deltas.change(own.tool_id, before, Stand.of(own))
    deltas.change(own.tool_id, guests, None)
    return [
        _event(vote, guests, None, at, voter_id=own.voter_id, from_voter_id=guest, before=kept),
        _event(own, before, Stand.of(own), at, voter_id=own.voter_id, from_voter_id=guest, before=kept_own),
    ]


def _keep_signal(vote: Vote, own: Vote) -> None:
    """Let the vote that stays carry the signal of the later word."""
    if own.changed_at == vote.changed_at and VoteSignal.objects.filter(pk=vote.pk).exists():
        VoteSignal.objects.filter(pk=own.pk).delete()
        VoteSignal.objects.filter(pk=vote.pk).update(vote=own)


@transaction.atomic
def undo_merge(guest: Voter, *, actor: str, at: datetime.datetime | None = None) -> int:
    """Take a merge apart within thirty days: give the guest back what it had brought, and the account what it had said.

    Return how many votes were put back. Words that either has spoken since stand.
    """
    at = at or timezone.now()
    pks = [guest.pk, *Voter.objects.filter(former_guests=guest.pk).values_list("pk", flat=True)]
    locked = {voter.pk: voter for voter in Voter.objects.filter(pk__in=pks).order_by("pk").select_for_update()}
    source = locked.get(guest.pk)
    if source is None or source.merged_into_id not in locked:
        return 0
    merged = _events_of_merge(source, at)
    standing = {
        vote.tool_id: vote
        for vote in Vote.objects.filter(voter=source.merged_into_id, tool__in=merged)
        .order_by("tool_id", "pk")
        .select_for_update(of=["self"])
    }
    spoken = _spoken_since(merged)
    deltas, events, back = Deltas(), [], 0
    for tool_id, pair in merged.items():
        vote = standing.get(tool_id)
        if vote is None or vote.pk != pair[-1].vote_id or spoken.get(vote.pk, 0) > pair[-1].pk:
            continue
        events += _part(vote, pair, source, deltas, at, actor)
        back += 1
    VoteEvent.objects.bulk_create(events)
    source.merged_into = None
    source.save(update_fields=["merged_into"])
    for pk in pks:
        Voter.objects.filter(pk=pk).update(tools_voted=Vote.objects.filter(voter=pk).count())
    deltas.write()
    return back


def _events_of_merge(guest: Voter, at: datetime.datetime) -> dict[int, list[VoteEvent]]:
    """Return what the last merge of a guest did, by tool, in its order."""
    told = VoteEvent.objects.filter(from_voter=guest, kind=VoteEvent.Kind.MERGE, at__gte=at - UNDONE_WITHIN)
    last = told.order_by("pk").last()
    merged: dict[int, list[VoteEvent]] = {}
    for event in told.filter(at=last.at).order_by("pk") if last else ():
        merged.setdefault(event.tool_id, []).append(event)
    return merged


def _spoken_since(merged: dict[int, list[VoteEvent]]) -> dict[int, int]:
    """Return the newest event of each vote of a merge: by key, from the merge on."""
    if not merged:
        return {}
    first = min(pair[0].pk for pair in merged.values())
    votes = [pair[-1].vote_id for pair in merged.values()]
    rows = VoteEvent.objects.filter(pk__gte=first, vote_id__in=votes).values_list("vote_id", "pk").order_by("pk")
    return dict(rows)


def _part(
    vote: Vote, pair: list[VoteEvent], guest: Voter, deltas: Deltas, at: datetime.datetime, actor: str
) -> list[VoteEvent]:
    before = Stand.of(vote)
    events = []
    if len(pair) == 2:  # the account had a vote of its own: the guest's comes back as a new row
        theirs = Vote(voter=guest, tool_id=vote.tool_id)
        _restore(theirs, pair[0])
        theirs.save()
        deltas.change(vote.tool_id, None, Stand.of(theirs))
        lost = {"at": at, "vote_id": theirs.pk, "tool_id": theirs.tool_id, "voter": guest, "actor": actor}
        events.append(VoteEvent(kind=VoteEvent.Kind.MERGE, new_value=theirs.value, new_state=theirs.state, **lost))
    else:
        vote.voter = guest
    _restore(vote, pair[-1])
    vote.save()
    deltas.change(vote.tool_id, before, Stand.of(vote))
    event = _event(vote, before, Stand.of(vote), at, voter_id=vote.voter_id)
    event.actor = actor
    return [*events, event]


def _restore(vote: Vote, event: VoteEvent) -> None:
    kept = event.before or {}
    vote.value, vote.state = event.old_value or 0, event.old_state or 0
    vote.changed_at = parse_datetime(kept["changed_at"])  # type: ignore[assignment]
    vote.era, vote.reason = kept["era"], kept["reason"]
    vote.is_verified, vote.is_regular = kept["is_verified"], kept["is_regular"]
