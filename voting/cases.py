"""What people decide about cases. Votes move through `judging`, and an undo moves them back to exactly where they were."""

import datetime

from django.db import transaction
from django.utils import timezone

from voting import judging
from voting.models import Case, User, Vote

STATES = {Case.Decision.COUNT: Vote.State.COUNTED, Case.Decision.DISCARD: Vote.State.DISCARDED}


class CaseRefused(Exception):
    """Why a decision cannot be taken like that, in words for the staff."""


@transaction.atomic
def decide(
    case: Case, decision: str, *, by: User, note: str | None = None, at: datetime.datetime | None = None
) -> Case:
    """Count or discard the votes of a case. Where it wants a second person, this proposes it, and `second` does it.

    Raises CaseRefused for a case that is no longer open, and for somebody who would be both persons.
    """
    case = _locked(case)
    if case.state == Case.State.DECIDED:
        raise CaseRefused("This case has been decided already. Undo that first.")
    if case.decision and case.decision == decision and case.decided_by_id != by.pk:
        return second(case, by=by, at=at)
    case.decision, case.decided_by, case.decided_at = Case.Decision(decision), by, at or timezone.now()
    if note is not None:
        case.note = note
    if case.wants_second:
        case.state, case.released_at = Case.State.OPEN, None
        case.save()
        return case
    return _take_effect(case, by)


@transaction.atomic
def second(case: Case, *, by: User, at: datetime.datetime | None = None) -> Case:
    """Agree with a decision that someone else has proposed, which puts it into effect."""
    case = _locked(case)
    if case.state != Case.State.OPEN or not case.decision:
        raise CaseRefused("There is no proposal to agree with.")
    if case.decided_by_id == by.pk:
        raise CaseRefused("The second person must be somebody else.")
    case.seconded_by, case.seconded_at = by, at or timezone.now()
    return _take_effect(case, by)


@transaction.atomic
def undo(case: Case, *, by: User, at: datetime.datetime | None = None) -> Case:
    """Take a decision or a proposal back: the case is open again, its votes where they were before."""
    case = _locked(case)
    judging.undo(case.pk, actor=f"staff:{by.pk}", at=at)
    case.state, case.released_at, case.decision = Case.State.OPEN, None, ""
    case.decided_by = case.decided_at = case.seconded_by = case.seconded_at = None
    case.save()
    return case


def _locked(case: Case) -> Case:
    """Cases are locked before anything else, so that two people who decide at once do so one after the other."""
    return Case.objects.select_for_update().get(pk=case.pk)


def _take_effect(case: Case, by: User) -> Case:
    case.state, case.released_at = Case.State.DECIDED, None
    case.save()
    votes = case.votes().values_list("pk", flat=True)
    judging.decide(
        votes,
        STATES[Case.Decision(case.decision)],
        actor=f"staff:{by.pk}",
        reason=f"case {case.pk}",
        case_id=case.pk,
        at=case.seconded_at or case.decided_at,
    )
    return case
