"""Decisions about cases: who may take them, what they move, and that an undo is exact."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import factories
from voting import cases, counting, judging
from voting.casting import cast
from voting.models import Case, CaseVote, Tally, Vote

pytestmark = pytest.mark.django_db
COUNTED, HELD, DISCARDED = Vote.State.COUNTED, Vote.State.HELD, Vote.State.DISCARDED
NOW = timezone.now()


@pytest.fixture(autouse=True)
def exact(db):
    yield
    assert counting.drifts() == []
    assert counting.replay() == []


def held_case(votes=3, **fields):
    tool = factories.tool()
    keys = [cast(factories.guest(), tool, 1).vote_id for _ in range(votes)]
    judging.decide(keys, HELD, actor="rule:crowd", reason="crowd")
    values = {"size": votes, "rule": "crowd", "side": 1, "opened_at": NOW, "begins_at": NOW, "ends_at": NOW}
    case = Case.objects.create(tool=tool, **values | fields)
    CaseVote.objects.bulk_create([CaseVote(case=case, vote_id=key) for key in keys])
    return case


def states(case):
    return set(case.votes().values_list("state", "reason"))


@pytest.mark.parametrize(("decision", "state"), [("count", COUNTED), ("discard", DISCARDED)])
def test_a_decision_moves_all_votes_of_a_case_and_an_undo_moves_them_back(decision, state):
    case, editor = held_case(), factories.staff()

    case = cases.decide(case, decision, by=editor, note="Looks so.")

    assert states(case) == {(state, f"case {case.pk}")}
    assert (case.state, case.decided_by, case.note) == (Case.State.DECIDED, editor, "Looks so.")
    case = cases.undo(case, by=editor)
    assert states(case) == {(HELD, "crowd")}
    assert (case.state, case.decision, case.decided_by, case.decided_at) == (Case.State.OPEN, "", None, None)


def test_deciding_undoing_and_deciding_again_comes_back_to_where_the_votes_were_last():
    case, editor = held_case(), factories.staff()
    cases.undo(cases.decide(case, "discard", by=editor), by=editor)
    judging.decide(list(case.votes().values_list("pk", flat=True)), COUNTED, actor="rule:crowd", reason="")

    cases.undo(cases.decide(case, "discard", by=editor), by=editor)

    assert states(case) == {(COUNTED, "")}
    assert Tally.objects.get().ships == 3


@pytest.mark.parametrize("fields", [{"size": 101}, {"needs_second": True}])
def test_a_large_case_and_one_of_a_paying_vendor_want_two_people(fields):
    case, one, other = held_case(**fields), factories.staff(), factories.staff()

    case = cases.decide(case, "discard", by=one)

    assert states(case) == {(HELD, "crowd")}
    assert case.state == Case.State.OPEN
    with pytest.raises(cases.CaseRefused):
        cases.second(case, by=one)
    case = cases.second(case, by=other)
    assert states(case) == {(DISCARDED, f"case {case.pk}")}
    assert (case.state, case.seconded_by) == (Case.State.DECIDED, other)
    assert cases.undo(case, by=one).seconded_by is None
    assert states(case) == {(HELD, "crowd")}


def test_someone_else_who_decides_the_same_is_the_second_person():
    case, one, other = held_case(size=101), factories.staff(), factories.staff()
    cases.decide(case, "count", by=one)

    case = cases.decide(case, "count", by=other)

    assert (case.decided_by, case.seconded_by, case.state) == (one, other, Case.State.DECIDED)


def test_a_decided_case_is_not_decided_again_nor_seconded_before_there_is_a_proposal():
    case, editor = held_case(), factories.staff()
    with pytest.raises(cases.CaseRefused):
        cases.second(case, by=editor)
    cases.decide(case, "count", by=editor)

    with pytest.raises(cases.CaseRefused):
        cases.decide(case, "discard", by=factories.staff())


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "discard"},
        {"state": "decided"},
        {"state": "released"},
        {"released_at": NOW},
        {"rule": ""},
        {"side": 2},
        {"ends_at": NOW - datetime.timedelta(days=1)},
        {"decision": "discard", "who": (0, 0)},
        {"decision": "discard", "state": "decided", "size": 101, "who": (0,)},
        {"decision": "discard", "state": "decided", "needs_second": True, "who": (0,)},
    ],
)
def test_the_database_refuses_cases_that_cannot_be(wrong):
    editors = [factories.staff(), factories.staff()]
    names = zip(("decided", "seconded"), wrong.pop("who", ()), strict=False)
    people = {f"{verb}_{what}": value for verb, n in names for what, value in (("by", editors[n]), ("at", NOW))}

    with pytest.raises(IntegrityError), transaction.atomic():
        held_case(1, **wrong, **people)


def test_a_case_lists_its_votes_in_one_query(django_assert_num_queries):
    case = held_case(5)

    with django_assert_num_queries(1):
        assert len(case.votes().select_related("voter")) == 5
