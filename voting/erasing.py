"""Being forgotten: all of one's votes gone, or the votes kept and nobody to tell whose they were."""

import datetime
import uuid

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from voting.counting import Deltas, Stand
from voting.models import Vote, VoteEvent, Voter


@transaction.atomic
def delete_votes(voter: Voter, *, at: datetime.datetime | None = None) -> int:
    """Remove a voter and its votes; the counts go down. Return how many votes there were.

    The log keeps what was said, of nobody and on a day without an hour: the same second would tell which belonged
    together. Erasing an unknown or erased voter does nothing.
    """
    day = _day(at)
    owners, votes = _locked(voter)
    deltas = Deltas()
    events = [
        VoteEvent(
            at=day,
            vote_id=vote.pk,
            tool_id=vote.tool_id,
            kind=VoteEvent.Kind.ERASE,
            old_value=vote.value,
            old_state=vote.state,
            actor="voter",
        )
        for vote in votes
    ]
    for vote in votes:
        deltas.change(vote.tool_id, Stand.of(vote), None)
    VoteEvent.objects.bulk_create(events)
    Vote.objects.filter(pk__in=[vote.pk for vote in votes]).delete()
    _forget(owners)
    deltas.write()
    return len(votes)


@transaction.atomic
def forget_voter(voter: Voter) -> int:
    """Remove a voter and keep the counts: each vote gets a voter of its own. Return how many votes there were.

    The new voters bear the dates of their votes, not of this moment, which would tie them together. The signals of
    their votes, which are needed to judge the newest ones, go with the next night's pruning.
    """
    owners, votes = _locked(voter)
    nobodies = [
        Voter(
            id=uuid.uuid4(),
            created_at=vote.changed_at,
            first_vote_at=vote.changed_at,
            erased_at=vote.changed_at,
            tools_voted=1,
        )
        for vote in votes
    ]
    Voter.objects.bulk_create(nobodies)
    # auto_now_add does not ask; and the fields are given back what they bear.
    for vote, nobody in zip(votes, nobodies, strict=True):
        Voter.objects.filter(pk=nobody.pk).update(created_at=vote.changed_at)
        vote.voter = nobody
    Vote.objects.bulk_update(votes, ["voter"], batch_size=500)
    _forget(owners)
    return len(votes)


def _locked(voter: Voter) -> tuple[list[Voter], list[Vote]]:
    """Return a voter, the guests merged into it and their votes, all locked.

    A guest that was merged while this waited for its turn would be locked out of order: then all are let go, and asked
    for again.
    """
    mine = Voter.objects.filter(Q(pk=voter.pk) | Q(merged_into=voter.pk), erased_at=None).order_by("pk")
    while True:
        before = transaction.savepoint_create()
        owners = list(mine.select_for_update())
        keys = {owner.pk for owner in owners}
        if voter.pk not in keys:
            return [], []
        if set(mine.values_list("pk", flat=True)) == keys:
            break
        transaction.savepoint_rollback(before)
    return owners, list(Vote.objects.filter(voter__in=owners).order_by("tool_id", "pk").select_for_update())


def _forget(owners: list[Voter]) -> None:
    """Delete voters; the log forgets them. Its rows are locked in their order: two voters may stand in one of them."""
    keys = [owner.pk for owner in owners]
    named = VoteEvent.objects.filter(Q(voter__in=keys) | Q(from_voter__in=keys))
    list(named.order_by("pk").select_for_update().values_list("pk", flat=True))
    VoteEvent.objects.filter(voter__in=keys).update(voter=None)
    VoteEvent.objects.filter(from_voter__in=keys).update(from_voter=None)
    Voter.objects.filter(pk__in=keys).delete()


def _day(at: datetime.datetime | None) -> datetime.datetime:
    return (at or timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)
