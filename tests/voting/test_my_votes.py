"""*My votes*: seeing, changing, taking away and erasing what one has said; as a guest and with an account."""

import json

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tools.models import State, Tool
from voting import guests
from voting.casting import cast
from voting.eras import declare
from voting.merging import merge
from voting.models import ApiToken, Tally, User, Vote, VoteEvent, Voter

pytestmark = pytest.mark.django_db
SHIP, SKIP = Vote.SHIP, Vote.SKIP


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def as_guest(client, guest_id="0123456789abcdef" * 2):
    """Give the client the cookie of a guest; return the guest."""
    response = HttpResponse()
    guests.set_cookie(response, guest_id)
    client.cookies["voter"] = response.cookies["voter"].value
    return Voter.objects.create(cookie_mac=guests.mac_of(guest_id))


def as_account(client):
    account = factories.user()
    client.force_login(account)
    return Voter.objects.create(account=account)


@pytest.fixture(params=[as_guest, as_account])
def voter(request, client):
    return request.param(client)


@pytest.fixture
def tool():
    return factories.tool("Some Tool")


def counts(tool):
    return tuple(Tally.objects.filter(tool=tool).values_list("ships", "skips").first() or (0, 0))


def test_a_reader_sees_their_votes_and_no_one_else_s(client, voter, tool):
    cast(voter, tool, SHIP)
    cast(Voter.objects.create(cookie_mac=b"x" * 32), factories.tool("Others Tool"), SKIP)

    page = client.get("/votes/").content.decode()

    assert "Some Tool" in page
    assert "Others Tool" not in page


def test_a_reader_who_is_not_known_is_offered_sign_in_and_gets_no_cookie(client):
    response = client.get("/votes/")

    assert "Nothing yet" in response.content.decode()
    assert '/accounts/login/?next=/votes/"' in response.content.decode()
    assert response.cookies == {}


@pytest.mark.parametrize(
    ("choice", "counted"),
    [("skip", (0, 1)), ("ship", (1, 0)), ("withdraw", (0, 0)), ("nonsense", (1, 0)), ("", (1, 0))],
)
def test_a_reader_changes_and_withdraws_a_vote(client, voter, tool, choice, counted):
    cast(voter, tool, SHIP)

    for _ in range(2):
        response = client.post(f"/votes/of/{tool.slug}/", {"choice": choice})

    assert (response.status_code, response["Location"]) == (302, "/votes/")
    assert counts(tool) == counted


def test_a_vote_is_never_changed_by_following_an_address(client, voter, tool):
    cast(voter, tool, SHIP)

    assert client.get(f"/votes/of/{tool.slug}/?choice=skip").status_code == 405
    assert counts(tool) == (1, 0)


@pytest.mark.parametrize("state", [State.DRAFT, State.DISCONTINUED])
def test_a_vote_on_a_tool_that_takes_none_stands_and_is_listed_without_buttons(client, voter, tool, state):
    cast(voter, tool, SHIP)
    Tool.objects.filter(pk=tool.pk).update(
        state=state,
        discontinued_on="2026-01-01" if state == State.DISCONTINUED else None,
        published_at=None if state == State.DRAFT else tool.published_at,
    )

    page = client.get("/votes/").content.decode()

    assert client.post(f"/votes/of/{tool.slug}/", {"choice": "skip"}).status_code == 404
    assert counts(tool) == (1, 0)
    assert "Some Tool" in page
    assert "/votes/of/" not in page


def test_a_vote_on_a_tool_the_reader_never_voted_on_is_not_made_here(client, voter, tool):
    assert client.post(f"/votes/of/{tool.slug}/", {"choice": "ship"}).status_code == 404
    assert not Vote.objects.exists()


def test_without_the_token_of_the_form_nothing_is_changed_or_erased(tool):
    client = Client(enforce_csrf_checks=True)
    cast(as_guest(client), tool, SHIP)

    answers = [
        client.post(path, {"choice": "skip"}).status_code
        for path in (f"/votes/of/{tool.slug}/", "/votes/delete/", "/votes/forget/")
    ]

    assert answers == [403, 403, 403]
    assert counts(tool) == (1, 0)


def test_an_older_vote_is_asked_for_again_once_a_new_era_has_begun(client, voter, tool):
    cast(voter, tool, SHIP)
    declare(tool, "version 2")
    before = client.get("/votes/").content.decode()

    client.post(f"/votes/of/{tool.slug}/", {"choice": "ship"})

    after = client.get("/votes/").content.decode()
    assert "That was before version 2. Still ship it?" in before
    assert "Still ship it" not in after
    assert Vote.objects.get().era == Tally.objects.get(tool=tool).era == 1


def test_the_page_costs_the_same_for_one_vote_and_for_many(client, voter):
    cast(voter, factories.tool(), SHIP)
    client.get("/votes/")
    with CaptureQueriesContext(connection) as one:
        client.get("/votes/")
    for _ in range(12):
        cast(voter, factories.tool(), SKIP)
    with CaptureQueriesContext(connection) as many:
        client.get("/votes/")

    assert len(one) == len(many)


def test_a_guest_s_cookie_that_moved_to_an_account_shows_and_erases_nothing_of_it(client, tool):
    guest, account = as_guest(client), Voter.objects.create(account=factories.user())
    cast(guest, tool, SHIP)
    merge(guest, account)

    page = client.get("/votes/").content.decode()
    data = client.get("/votes/data.json").json()
    client.post("/votes/delete/")

    assert "belong to an account" in page
    assert "Some Tool" not in page
    assert data["votes"] == []
    assert counts(tool) == (1, 0)


@pytest.mark.parametrize(
    "path", ["/votes/", "/votes/data.json", "/votes/delete/", "/votes/forget/", "/accounts/delete/"]
)
def test_nothing_of_it_is_stored_on_the_way(client, voter, path):
    assert "no-store" in client.get(path)["Cache-Control"]


# Taking away ----------------------------------------------------------------------------------------


def test_what_is_taken_away_holds_everything_about_the_reader_and_nobody_else(client, tool):
    voter = as_account(client)
    cast(voter, tool, SHIP)
    ApiToken.make(voter.account, "nightly", "read")
    other = factories.user(email="other@example.org")
    cast(Voter.objects.create(account=other), tool, SKIP)
    ApiToken.make(other, "secret of another", "vote")

    response = client.get("/votes/data.json")
    told = response.json()

    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert told["account"]["email"] == voter.account.email
    assert [(row["tool"], row["vote"]) for row in told["votes"]] == [("some-tool", "ship")]
    assert [row["name"] for row in told["account"]["api_tokens"]] == ["nightly"]
    assert "other" not in json.dumps(told)
    assert "digest" not in json.dumps(told)


def test_a_guest_takes_away_votes_alone(client, tool):
    cast(as_guest(client), tool, SKIP)

    told = client.get("/votes/data.json").json()

    assert told["account"] is None
    assert [row["vote"] for row in told["votes"]] == ["skip"]


# Erasing --------------------------------------------------------------------------------------------


def test_deleting_one_s_votes_takes_a_page_and_a_press_and_the_counts_go_down(client, voter, tool):
    cast(voter, tool, SHIP)

    asked = client.get("/votes/delete/").content.decode()
    still = counts(tool)
    response = client.post("/votes/delete/", follow=True)

    assert "Your 1 vote will be removed and no longer counted." in asked
    assert still == (1, 0)
    assert counts(tool) == (0, 0)
    assert "Your votes are deleted" in response.content.decode()
    assert not VoteEvent.objects.exclude(voter=None).exists()


def test_being_forgotten_keeps_the_counts_and_leaves_nobody_to_tell_whose_they_were(client, voter, tool):
    cast(voter, tool, SHIP)

    client.post("/votes/forget/")

    assert counts(tool) == (1, 0)
    assert not Voter.objects.filter(pk=voter.pk).exists()
    assert "Some Tool" not in client.get("/votes/").content.decode()
    assert client.cookies["voter"].value == ""


@pytest.mark.parametrize(("votes", "counted"), [("keep", (1, 0)), ("delete", (0, 0))])
def test_an_account_is_deleted_with_everything_that_names_it(client, tool, votes, counted):
    voter = as_account(client)
    cast(voter, tool, SHIP)
    ApiToken.make(voter.account, "nightly", "read")

    response = client.post("/accounts/delete/", {"votes": votes}, follow=True)

    assert "Your account is deleted" in response.content.decode()
    assert not User.objects.exists()
    assert not ApiToken.objects.exists()
    assert counts(tool) == counted
    assert "_auth_user_id" not in client.session


def test_deleting_an_account_asks_what_becomes_of_the_votes(client):
    as_account(client)

    response = client.post("/accounts/delete/", {})

    assert "Please say what becomes of your votes." in response.content.decode()
    assert User.objects.exists()


def test_an_editor_who_answers_for_public_verdicts_cannot_vanish(client, tool):
    factories.verdict(tool)
    client.force_login(factories.editor())

    response = client.post("/accounts/delete/", {"votes": "keep"})

    assert "answers for verdicts that are public" in response.content.decode()
    assert User.objects.filter(email="editor@example.org").exists()


def test_a_guest_has_no_account_to_delete(client, tool):
    as_guest(client)

    assert client.get("/accounts/delete/")["Location"] == "/accounts/login/?next=/accounts/delete/"


def test_what_was_erased_in_one_tab_is_gone_in_the_other_without_an_error(client, voter, tool):
    cast(voter, tool, SHIP)
    client.post("/votes/delete/")

    answers = [
        client.post(path, {"choice": "skip"}).status_code
        for path in (f"/votes/of/{tool.slug}/", "/votes/delete/", "/votes/forget/")
    ]

    assert answers[1:] == [302, 302]
    assert answers[0] in {302, 404}
    assert counts(tool) == (0, 0)
