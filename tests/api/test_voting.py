"""Votes by programs and by browsers: whose they are, what is answered, what is refused."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests import factories
from verdicts.vote import OF_A_VOTER
from voting import counting
from voting.models import ApiToken, Round, Tally, Vote, Voter

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


@pytest.fixture(autouse=True)
def calm(db):
    """Each test starts with nobody in a hurry, and ends without drift."""
    cache.clear()
    yield
    assert counting.drifts() == []


@pytest.fixture
def tool():
    return factories.tool("Cursor")


@pytest.fixture
def reader():
    return factories.user()


def bearer(reader, scope="vote"):
    return {"Authorization": f"Bearer {ApiToken.make(reader, scope, scope)[1]}"}


def put(client, slug="cursor", choice="ship", headers=None, **fields):
    body = {"choice": choice} | fields
    return client.put(f"{V1}/votes/{slug}/", body, content_type="application/json", headers=headers)


def said(tool):
    tally = Tally.objects.filter(tool=tool).first()
    return (tally.ships, tally.skips) if tally else (0, 0)


def test_a_token_sets_changes_lists_and_takes_back_a_vote(client, tool, reader):
    token = bearer(reader)

    for choice, expected in [("ship", (1, 0)), ("ship", (1, 0)), ("skip", (0, 1))]:
        answer = put(client, choice=choice, headers=token)
        assert (answer.status_code, answer.json()["choice"], said(tool)) == (200, choice, expected)
    assert [vote["choice"] for vote in client.get(f"{V1}/votes/", headers=token).json()["results"]] == ["skip"]
    for _ in range(2):
        taken = client.delete(f"{V1}/votes/cursor/", headers=token)
        assert (taken.status_code, taken.json()["choice"], said(tool)) == (200, None, (0, 0))
    assert client.get(f"{V1}/votes/cursor/", headers=token).status_code == 404
    assert client.get(f"{V1}/votes/", headers=token).json()["results"] == []
    assert Vote.objects.count() == 1
    assert Voter.objects.get().account == reader


def test_the_answer_has_the_figure_that_the_site_shows(client, tool, reader):
    factories.votes(tool, 0, 0)

    answer = put(client, headers=bearer(reader)).json()

    assert answer["community"] == client.get(f"{V1}/tools/cursor/").json()["community"]
    assert answer["community"]["ships"] == 1


def test_a_session_votes_with_its_csrf_token_and_not_without(tool, reader):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    shown = client.get(f"{V1}/votes/")["X-CSRFToken"]

    assert put(client).status_code == 403
    assert put(client, headers={"X-CSRFToken": shown}).status_code == 200
    assert Vote.objects.get().is_verified


def test_a_guest_gets_the_cookie_with_the_first_vote_and_stays_one_voter(tool):
    client, other = Client(enforce_csrf_checks=True), factories.tool("Other")
    assert put(client).status_code == 403
    headers = {"X-CSRFToken": client.get(f"{V1}/votes/")["X-CSRFToken"], "Sec-Fetch-Site": "same-origin"}
    assert settings.VOTER_COOKIE_NAME not in client.cookies

    answers = [put(client, slug, headers=headers) for slug in ("cursor", "other", "cursor")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert client.cookies[settings.VOTER_COOKIE_NAME]["httponly"]
    assert Voter.objects.count() == 1
    assert (said(tool), said(other)) == ((1, 0), (1, 0))
    assert {vote["tool"] for vote in client.get(f"{V1}/votes/").json()["results"]} == {"cursor", "other"}
    assert Client().get(f"{V1}/votes/").json()["results"] == []


def test_another_site_votes_for_nobody(client, tool):
    assert put(client, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert put(client, headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert not Vote.objects.exists()


def test_who_has_not_voted_takes_nothing_back_and_is_made_nobody(client, tool):
    answer = client.delete(f"{V1}/votes/cursor/")

    assert (answer.status_code, answer.json()["choice"]) == (200, None)
    assert not Voter.objects.exists()
    assert settings.VOTER_COOKIE_NAME not in client.cookies


def refusal(answer):
    [error] = answer.json()["errors"]
    return answer.status_code, error["code"], error["attr"]


def test_what_cannot_be_voted_on_and_what_is_no_vote_are_refused(client, tool, reader):
    token = bearer(reader)
    factories.tool("Draft", state="draft")
    factories.tool("Gone", state="discontinued", discontinued_on="2026-01-01")

    assert refusal(put(client, "nothing", headers=token)) == (404, "not_found", None)
    assert refusal(put(client, "draft", headers=token)) == (404, "not_found", None)
    assert refusal(put(client, "gone", headers=token)) == (409, "discontinued", None)
    assert refusal(put(client, choice="maybe", headers=token)) == (400, "invalid_choice", "choice")
    assert refusal(put(client, headers=token, chioce="ship")) == (400, "unknown", "chioce")
    assert refusal(put(client, headers=bearer(reader, "read"))) == (403, "permission_denied", None)
    assert refusal(put(client, headers={"Authorization": "Bearer ship_x"})) == (401, "authentication_failed", None)
    assert not Vote.objects.exists()


def test_a_read_only_token_sees_its_votes(client, tool, reader):
    put(client, headers=bearer(reader))

    assert client.get(f"{V1}/votes/cursor/", headers=bearer(reader, "read")).json()["choice"] == "ship"


def test_a_token_beside_a_cookie_is_who_asks(client, tool, reader):
    put(client)  # a guest

    put(client, choice="skip", headers=bearer(reader))

    assert said(tool) == (1, 1)
    assert client.get(f"{V1}/votes/", headers=bearer(factories.user())).json()["results"] == []


def test_a_former_address_votes_on_the_tool_that_is_there_now(client, tool, reader):
    tool.rename_slug("cursor-two")

    assert put(client, "cursor", headers=bearer(reader)).json()["tool"] == "cursor-two"


def test_voters_have_the_limit_of_the_site(client, tool, reader, monkeypatch):
    monkeypatch.setattr(OF_A_VOTER, "rate", "2/h")
    token = bearer(reader)
    answers = [put(client, headers=token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0


def test_the_list_costs_the_same_for_one_vote_and_for_many(client, reader, django_assert_num_queries):
    voter, token = Voter.objects.create(account=reader), bearer(reader)
    from voting.casting import cast

    cast(voter, factories.tool(), 1)
    client.get(f"{V1}/votes/", headers=token)
    with django_assert_num_queries(4):
        client.get(f"{V1}/votes/?limit=100", headers=token)
    for _ in range(30):
        cast(voter, factories.tool(), 1)
    with django_assert_num_queries(4):
        answer = client.get(f"{V1}/votes/?limit=100", headers=token)
    assert len(answer.json()["results"]) == 31
    assert answer["Cache-Control"] == "private, no-store"


def test_in_a_rush_a_program_is_asked_for_nothing_and_its_new_vote_waits(client, tool, reader, settings):
    settings.VOTE_PROOF_OF_WORK = "always"
    Round.objects.create(at=timezone.now())

    answer = put(client, headers=bearer(reader))

    assert answer.status_code == 200
    assert (Vote.objects.get().state, said(tool)) == (Vote.State.HELD, (0, 0))
