"""Two subjects are tried on a tenth of the readers each; the better one goes to the rest, once."""

import datetime
from collections import Counter
from email import message_from_bytes
from email.policy import default

import pytest
import time_machine
from django.db import IntegrityError, transaction

from newsletter import subjects
from newsletter.finishing import finish
from newsletter.models import Delivery, LinkHit, SendBatch, SubjectTest
from newsletter.ticking import tick
from tests import factories
from tests.newsletter.smtp_server import Server
from tests.newsletter.test_sending import HOUR, frozen, send

pytestmark = pytest.mark.django_db
READERS = 40
DECIDED = HOUR + subjects.WAIT
MINUTE = datetime.timedelta(minutes=1)
FIRST, SECOND = "Ship or skip: Cursor", "What the panel makes of Cursor"


@pytest.fixture
def issue():
    with time_machine.travel(HOUR - datetime.timedelta(days=3), tick=False):
        taking_shape = factories.issue()
    SubjectTest.objects.create(issue=taking_shape, second=SECOND)
    return frozen(*[f"reader{number:02}" for number in range(READERS)])


def by_subject(server):
    return Counter(message_from_bytes(text, policy=default)["Subject"] for _, text in server.messages)


def opened(issue, first, second):
    for number, count in ((0, first), (subjects.SECOND_LINKS, second)):
        for _ in range(count):
            LinkHit.objects.note(issue.number, number, HOUR.date())


def look(at):
    with time_machine.travel(at, tick=False):
        tick(at)


@pytest.mark.parametrize(
    ("first", "second", "winner", "expected"),
    [
        (1, 2, "second", {FIRST: 4, SECOND: 36}),
        (2, 2, "first", {FIRST: 36, SECOND: 4}),
        (0, 0, "first", {FIRST: 36, SECOND: 4}),
    ],
)
def test_a_tenth_gets_each_and_the_rest_what_was_opened_more(issue, first, second, winner, expected):
    with Server() as server:
        send(server)
        assert by_subject(server) == {FIRST: 4, SECOND: 4}
        opened(issue, first, second)
        look(DECIDED - MINUTE)
        send(server, at=DECIDED - MINUTE)
        assert len(server.messages) == 8
        for _ in range(3):
            look(DECIDED + MINUTE)
        send(server, at=DECIDED + MINUTE)

    assert by_subject(server) == expected
    assert len(set(server.recipients)) == READERS
    test = SubjectTest.objects.get()
    assert (test.winner, test.first_opened, test.second_opened) == (winner, first, second)
    variants = Counter(edition >= subjects.SECOND for edition in Delivery.objects.values_list("edition", flat=True))
    assert variants == {False: expected[FIRST], True: expected[SECOND]}
    assert finish(issue.pk)


def test_a_decision_that_is_killed_has_not_been_made_and_the_next_one_is_made_once(issue, monkeypatch):
    """Case 48."""
    with Server() as server:
        send(server)
        opened(issue, 0, 5)
        with monkeypatch.context() as patch, time_machine.travel(DECIDED + MINUTE, tick=False):
            patch.setattr(SubjectTest, "save", lambda *args, **options: 1 / 0)
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                subjects.decide(SubjectTest.objects.get().pk)
        assert SubjectTest.objects.get().decided_at is None
        assert Delivery.objects.filter(edition__gte=subjects.SECOND).count() == 4
        look(DECIDED + MINUTE)
        decided = SubjectTest.objects.get()
        opened(issue, 50, 0)  # what is opened later changes nothing
        look(DECIDED + 5 * MINUTE)
        send(server, at=DECIDED + 5 * MINUTE)

    assert SubjectTest.objects.get().decided_at == decided.decided_at
    assert by_subject(server) == {FIRST: 4, SECOND: 36}
    assert Delivery.objects.filter(state=Delivery.State.SENT).count() == READERS


def test_a_batch_that_somebody_has_begun_keeps_its_subject(issue):
    SendBatch.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=None)  # an editor paused and resumed
    with Server() as server:
        send(server, at=DECIDED)
        opened(issue, 0, 5)
        look(DECIDED + MINUTE)

    assert by_subject(server) == {FIRST: 36, SECOND: 4}
    assert Delivery.objects.filter(edition__gte=subjects.SECOND).count() == 4


def test_with_nobody_to_decide_the_rest_gets_the_first_subject(issue):
    with Server() as server:
        send(server)
        send(server, at=DECIDED + subjects.GIVEN_UP)

    assert by_subject(server) == {FIRST: 36, SECOND: 4}


def test_an_issue_without_a_second_subject_goes_to_everybody_at_once():
    frozen("a", "b", "c")

    with Server() as server:
        send(server)

    assert by_subject(server) == {FIRST: 3}


@pytest.mark.parametrize("change", [{"winner": "first"}, {"decided_at": HOUR}, {"second": ""}])
def test_half_a_decision_is_refused_by_the_database(issue, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectTest.objects.update(**change)


def test_an_editor_names_it_while_the_issue_takes_shape_and_sees_the_outcome(client):
    client.force_login(factories.staff())
    with time_machine.travel(HOUR - datetime.timedelta(days=3), tick=False):
        taking_shape = factories.issue()
    SubjectTest.objects.create(issue=taking_shape, second=SECOND)
    path = f"/admin/newsletter/issue/{taking_shape.pk}/"

    assert 'name="subject_test-0-second"' in client.get(f"{path}change/").text
    frozen("a")
    assert 'name="subject_test-0-second"' not in client.get(f"{path}change/").text
    assert "To be decided on" in client.get(f"{path}report/").text
