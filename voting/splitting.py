"""Splitting a case: some of its votes become a case of their own, to be decided apart."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from voting.cases import CaseRefused
from voting.models import Case, CaseVote, User

PART = ", part"  # behind the rule: what the program goes on to hold by that rule joins the whole, not a part


@transaction.atomic
def split(case: Case, votes: Iterable[int], *, by: User, what: str, at: datetime.datetime | None = None) -> Case:
    """Move some votes of an open case, by key, into a new one, and return it. No vote changes its state.

    Neither part gets rid of the second person that the whole wanted, nor of its public line: the old case keeps its
    size, which is what it held at most. Raises CaseRefused where nothing would be moved, or everything.
    """
    case = Case.objects.select_for_update().get(pk=case.pk)
    if case.state != Case.State.OPEN or case.decision:
        raise CaseRefused("Only an open case without a proposal can be split. Undo what was decided first.")
    members = CaseVote.objects.filter(case=case)
    moving = list(members.filter(vote__in=list(votes)).values_list("pk", flat=True))
    if not moving or len(moving) == members.count():
        raise CaseRefused("That would leave one of the two parts empty.")
    if case.wants_second and not case.needs_second:
        case.needs_second = True
        case.save(update_fields=["needs_second"])
    part = Case.objects.create(
        tool_id=case.tool_id,
        side=case.side,
        rule=case.rule.removesuffix(PART) + PART,
        opened_at=at or timezone.now(),
        begins_at=case.begins_at,
        ends_at=case.ends_at,
        size=len(moving),
        needs_second=case.needs_second,
        note=f"Split from case {case.pk} by {by}: {what}.",
    )
    members.filter(pk__in=moving).update(case=part)
    return part
