"""The clock of a machine jumps a day ahead, and back: readers get clear answers, and nothing is lost or counted twice."""

import datetime
import re

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from config.celery import app
from newsletter import tokens
from newsletter.models import Subscriber
from tests import factories
from voting import counting
from voting.models import Vote

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1, minutes=5)
NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def empty_throttles(settings):
    cache.clear()
    app.conf.update(task_always_eager=True)
    yield
    app.conf.update(task_always_eager=settings.CELERY_TASK_ALWAYS_EAGER)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


def stamp_of(client, tool):
    return client.get(f"/votes/stamps/?tools={tool.slug}").json()["stamps"][tool.slug]


def vote(client, tool, choice, stamp):
    return client.post(f"{tool.get_absolute_url()}vote/", {"choice": choice, "stamp": stamp})


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_guest_goes_on_voting_as_the_same_reader_over_a_jump_and_back(client, clock, jump):
    tool = factories.tool()
    before = stamp_of(client, tool)
    assert vote(client, tool, "ship", before).status_code == 303

    clock.move_to(NOON + jump)
    late = vote(client, tool, "skip", before)
    assert 400 <= late.status_code < 500
    assert "send the form once more" in late.text
    assert vote(client, tool, "skip", stamp_of(client, tool)).status_code == 303
    there = stamp_of(client, tool)

    clock.move_to(NOON + datetime.timedelta(minutes=1))
    late = vote(client, tool, "ship", there)
    assert 400 <= late.status_code < 500
    assert vote(client, tool, "ship", stamp_of(client, tool)).status_code == 303
    assert list(Vote.objects.values_list("value", flat=True)) == [1]
    assert (counting.drifts(), counting.replay()) == ([], [])


def stamp_on(text):
    return re.search(r'name="stamp" value="([^"]+)"', text)[1]


@pytest.mark.parametrize(("jump", "words"), [(DAY, "open for more than a day"), (-DAY, "Our clock was set back")])
def test_a_form_from_before_a_jump_comes_back_with_its_reason_and_is_taken_the_second_time(client, clock, jump, words):
    stamp = stamp_on(client.get("/newsletter/").text)
    address = {"email": "reader@example.org"}

    clock.move_to(NOON + jump)
    refused = client.post("/newsletter/subscribe/", address | {"stamp": stamp})
    assert 200 <= refused.status_code < 500
    assert words in refused.text
    clock.shift(10)
    taken = client.post("/newsletter/subscribe/", address | {"stamp": stamp_on(refused.text)})

    assert taken.status_code == 202, taken.text[-2000:]


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_links_from_mails_hold_over_a_jump_and_back(client, clock, jump, django_capture_on_commit_callbacks):
    stamp = stamp_on(client.get("/newsletter/").text)
    clock.shift(10)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/newsletter/subscribe/", {"email": "reader@example.org", "stamp": stamp})
    confirm = re.search(r"http://testserver(/newsletter/confirm/\S+)", mail.outbox[-1].body)[1]

    clock.move_to(NOON + jump)
    assert client.get(confirm).status_code == 200
    assert client.post(confirm).status_code < 400
    assert Subscriber.objects.get().state == "active"

    clock.move_to(NOON)
    leave = f"/newsletter/u/{tokens.unsubscribe_token(Subscriber.objects.get().public_id)}/"
    assert client.get(leave).status_code == 200
    clock.move_to(NOON + jump)
    assert client.post(leave).status_code < 400
    assert Subscriber.objects.get().state == "unsubscribed"


@pytest.mark.parametrize(("jump", "opens"), [(DAY, False), (-DAY, True)])
def test_a_code_asked_for_before_a_jump_opens_or_says_why_not(client, clock, jump, opens, mailoutbox):
    factories.user(email="ada@example.org")

    def ask():
        client.post("/accounts/login/code/", {"email": "ada@example.org"})
        return re.search(r"^ {4}(\S+)$", mailoutbox[-1].body, re.MULTILINE)[1]

    def enter(code):
        return client.post("/accounts/login/code/confirm/", {"code": code}, follow=True)

    code = ask()
    clock.move_to(NOON + jump)
    answer = enter(code)
    assert answer.status_code == 200
    if not opens:
        assert "_auth_user_id" not in client.session
        clock.shift(60)
        cache.clear()
        enter(ask())
    assert "_auth_user_id" in client.session

    clock.move_to(NOON)
    assert client.get("/votes/").status_code == 200
