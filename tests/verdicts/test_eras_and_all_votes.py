"""Votes from before a break, asked about once more; and the number with every vote in it."""

import datetime
import re

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.verdicts.test_admin_lists import TOOLS, act
from voting import counting, eras, judging
from voting.casting import cast
from voting.models import Era, Tally, Vote

pytestmark = pytest.mark.django_db
HELD, DISCARDED = Vote.State.HELD, Vote.State.DISCARDED


@pytest.fixture(autouse=True)
def exact(db):
    yield
    assert counting.drifts() == []


@pytest.fixture
def tool():
    return factories.tool("Cursor")


@pytest.fixture
def voted(tool):
    """Someone who said ship before version 2."""
    reader = factories.account()
    cast(reader, tool, 1, at=timezone.now() - datetime.timedelta(days=40))
    eras.declare(tool, "version 2", starts_at=timezone.now() - datetime.timedelta(days=2))
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(reader.account)
    return browser


# Eras --------------------------------------------------------------------------------------------


def test_declaring_an_era_says_what_it_does_and_is_logged(client, tool):
    client.force_login(factories.staff())
    for _ in range(3):
        cast(factories.guest(), tool, 1)

    asked = act(client, TOOLS, "declare_era", tool)
    assert not Era.objects.exists()
    act(client, TOOLS, "declare_era", tool, label="version 2")

    for words in (
        "3 counted votes so far",
        "cannot be taken back",
        "as soon as there are 20",
        "asked on the tool’s page",
    ):
        assert words in asked.text
    assert list(Era.objects.values_list("tool", "number", "label")) == [(tool.pk, 1, "version 2")]
    assert "Declared an era: version 2" in LogEntry.objects.get().change_message


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"label": ""}, "This field is required"),
        ({"label": "v" * 61}, "at most 60 characters"),
        ({"label": "version 3", "starts_at_0": "2999-01-01", "starts_at_1": "00:00"}, "cannot begin in the future"),
        ({"label": "version 3", "starts_at_0": "2020-01-01", "starts_at_1": "00:00"}, "must begin after “version 2”"),
        ({"label": "version 3", "starts_at_0": "2020-13-01", "starts_at_1": "00:00"}, "Enter a valid date"),
    ],
)
def test_an_era_that_makes_no_sense_is_refused_in_words(client, tool, answers, words):
    client.force_login(factories.staff())
    eras.declare(tool, "version 2")

    page = act(client, TOOLS, "declare_era", tool, **answers)

    assert words in page.text
    assert Era.objects.count() == 1


def test_whoever_voted_before_a_break_is_asked_and_renews_with_one_click_without_script(voted, tool):
    page = voted.get("/tools/cursor/")
    form = re.search(r'<form class="vote-renew".*?</form>', page.text, re.S).group()
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert "You said ship before version 2." in form
    assert "private" in page["Cache-Control"]

    answer = voted.post("/tools/cursor/vote/", fields)

    assert (answer.status_code, answer["Location"]) == (303, "/tools/cursor/#vote-cursor")
    tally = Tally.objects.get()
    assert (tally.ships, tally.era_ships) == (1, 1)
    assert "vote-renew" not in voted.get("/tools/cursor/").text


def test_nobody_else_is_asked(voted, tool, client):
    assert "vote-renew" not in client.get("/tools/cursor/").text
    fresh = factories.account()
    cast(fresh, tool, -1)
    client.force_login(fresh.account)
    assert "vote-renew" not in client.get("/tools/cursor/").text
    assert settings.CSRF_COOKIE_NAME not in client.get("/tools/cursor/").cookies


def test_renewing_a_held_vote_does_not_get_it_counted(voted, tool):
    judging.decide([Vote.objects.get().pk], HELD, actor="rule:crowd", reason="crowd")
    form = re.search(r'<form class="vote-renew".*?</form>', voted.get("/tools/cursor/").text, re.S).group()

    voted.post("/tools/cursor/vote/", dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)))

    vote = Vote.objects.get()
    assert (vote.era, vote.state) == (1, HELD)


# All votes ---------------------------------------------------------------------------------------


def crowd(tool, ships, skips):
    return [cast(factories.guest(), tool, value).vote_id for value in [1] * ships + [-1] * skips]


def test_all_votes_are_shown_to_whoever_asks_and_said_not_to_be_the_number(client, tool):
    votes = crowd(tool, 22, 8)
    judging.decide(votes[:5], HELD, actor="rule:crowd", reason="crowd")
    judging.decide(votes[5:12], DISCARDED, actor="staff:1", reason="case")
    Vote.objects.update(is_regular=True)
    counting.repair(counting.drifts())
    plain = client.get("/tools/cursor/")

    page = client.get("/tools/cursor/?votes=all")

    assert page.context["all_votes"].score.words == "73\u202f%, likely 56–86, 30 votes"
    text = " ".join(re.sub(r"<[^>]+>", "", page.text).split())
    assert (
        "Not the number that counts. This adds 5 votes that are being checked and 7 that were discarded to the 18 that count,"
        in text
    )
    assert "10 ship · 8 skip" in text  # the headline stays what it is
    assert '<meta name="robots" content="noindex, follow">' in page.text
    assert f'<link rel="canonical" href="{settings.SITE_URL}/tools/cursor/">' in page.text
    assert 'href="?votes=all#readers-title" rel="nofollow"' in plain.text
    assert (plain.context["all_votes"], "noindex" in plain.text) == (None, False)


def test_where_every_vote_counts_there_is_no_switch(client, tool):
    crowd(tool, 2, 1)

    assert "votes=all" not in client.get("/tools/cursor/").text
    assert "No vote is held or discarded" in client.get("/tools/cursor/?votes=all").text


@pytest.mark.parametrize("query", ["votes=none", "votes=all&x=1", "votes=ALL", "votes=all&votes=all", "votes=%00"])
def test_any_other_query_leads_to_the_plain_page(client, tool, query):
    answer = client.get(f"/tools/cursor/?{query}")

    assert (answer.status_code, answer["Location"]) == (301, "/tools/cursor/")


def test_all_votes_cost_one_query_more(client, tool, django_assert_num_queries):
    crowd(tool, 3, 0)
    client.get("/tools/cursor/")
    with CaptureQueriesContext(connection) as plain:
        client.get("/tools/cursor/")

    with django_assert_num_queries(len(plain) + 1):
        client.get("/tools/cursor/?votes=all")
