"""Voting by form and by script: what is set, what is answered, and what is refused."""

import re

import pytest
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tools.models import Tool
from voting import counting, stamps
from voting.models import Tally, Vote, Voter, VoteSignal

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}
COOKIE = settings.VOTER_COOKIE_NAME


@pytest.fixture(autouse=True)
def calm(db):
    """Each test starts with nobody in a hurry, and ends without drift."""
    cache.clear()
    yield
    assert counting.drifts() == []


@pytest.fixture
def tool():
    return factories.tool("Cursor")


def post(client, tool, choice="ship", *, slug="", stamp=None, **extra):
    stamp = stamps.stamp(tool.slug, stamps.new_nonce()) if stamp is None else stamp
    headers = {name: extra.pop(name) for name in list(extra) if name.startswith("HTTP_")}
    fields = {"choice": choice, "stamp": stamp, **extra}
    return client.post(f"/tools/{slug or tool.slug}/vote/", fields, **headers)


def said(tool):
    tally = Tally.objects.filter(tool=tool).first()
    return (tally.ships, tally.skips) if tally else (0, 0)


# Setting a vote ----------------------------------------------------------------------------------


def test_a_vote_is_set_and_leads_back_to_its_spot(client, tool):
    answer = post(client, tool, next="/compare/a-vs-cursor/")

    assert (answer.status_code, answer["Location"]) == (303, "/compare/a-vs-cursor/#vote-cursor")
    assert said(tool) == (1, 0)


def test_changing_and_withdrawing_keep_one_vote(client, tool):
    for choice, expected in [
        ("ship", (1, 0)),
        ("ship", (1, 0)),
        ("skip", (0, 1)),
        ("withdraw", (0, 0)),
        ("skip", (0, 1)),
    ]:
        post(client, tool, choice)
        assert said(tool) == expected
    assert Vote.objects.count() == Voter.objects.count() == 1


def test_a_script_gets_the_figure_and_the_control_as_json(client, tool):
    answer = post(client, tool, **JSON, next="/")

    found = answer.json()
    assert (answer.status_code, found["choice"]) == (200, "ship")
    assert found["words"] == "You say ship. Readers: 1 ship · 0 skip — too few for a percentage."
    assert "1–0" in found["figure"]
    assert 'value="ship" aria-pressed="true"' in found["control"]
    assert "Withdraw" in found["control"]


def test_only_the_answer_to_a_vote_sets_the_guests_cookie(client, tool):
    for path in ("/", tool.get_absolute_url(), "/tools/cursor/vote/?choice=ship", "/votes/stamps/?tools=cursor"):
        assert COOKIE not in client.get(path).cookies

    morsel = post(client, tool).cookies[COOKIE]

    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert morsel["max-age"] <= 400 * 86_400


def test_under_https_the_cookie_belongs_to_this_host_alone(client, tool, settings):
    settings.IS_HTTPS, settings.VOTER_COOKIE_NAME = True, "__Host-voter"

    morsel = post(client, tool).cookies["__Host-voter"]

    assert (morsel["secure"], morsel["path"], morsel["domain"]) == (True, "/", "")


def test_an_account_votes_without_a_cookie_of_a_guest_and_verified(client, tool):
    client.force_login(factories.user())

    answer = post(client, tool)

    assert COOKIE not in answer.cookies
    assert (Tally.objects.get().verified_ships, Voter.objects.get().cookie_mac) == (1, None)


def test_clicks_from_one_page_before_its_first_answer_are_one_vote(tool):
    stamp = stamps.stamp("cursor", stamps.new_nonce())

    for _ in range(3):
        post(Client(), tool, stamp=stamp)

    assert (said(tool), Voter.objects.count()) == ((1, 0), 1)


def test_what_the_vote_came_with_is_kept_as_digests(client, tool):
    post(client, tool, HTTP_USER_AGENT="Browser/1", origin="https://news.example.org/item?id=7", trap="x")

    signal = VoteSignal.objects.get()
    assert (signal.ref_host, signal.honeypot, len(signal.addr)) == ("news.example.org", True, 8)
    assert signal.dwell_ms < 60_000


# Without script ----------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["ship", "skip"])
def test_the_page_behind_the_control_asks_once_more(client, tool, choice):
    answer = client.get(f"/tools/cursor/vote/?choice={choice}&next=/compare/a-vs-cursor/")

    assert f'value="{choice}" checked' in answer.text
    assert 'href="/compare/a-vs-cursor/#vote-cursor"' in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert not Vote.objects.exists()


def test_the_page_shows_the_vote_there_is_and_offers_to_take_it_back(client, tool):
    post(client, tool, "skip")

    text = client.get("/tools/cursor/vote/").text

    assert "You say skip at present." in text
    assert 'value="skip" checked' in text
    assert 'value="withdraw"' in text


def test_the_form_of_the_page_is_enough_to_vote(tool):
    browser = Client(enforce_csrf_checks=True)
    text = browser.get("/tools/cursor/vote/?choice=ship").text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))

    answer = browser.post("/tools/cursor/vote/", fields | {"choice": "ship"})

    assert (answer.status_code, said(tool)) == (303, (1, 0))


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", "evil"]
)
def test_a_vote_never_leads_to_another_site(client, tool, elsewhere):
    assert post(client, tool, next=elsewhere)["Location"] == "/tools/cursor/#vote-cursor"


# Refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_unknown_and_draft_tools_are_not_found(client, method):
    factories.tool("Draft", state="draft")

    assert [getattr(client, method)(f"/tools/{slug}/vote/").status_code for slug in ("draft", "nothing")] == [404, 404]


def test_a_discontinued_tool_takes_no_votes_and_has_no_control(client):
    old = factories.tool("Old", state="discontinued", discontinued_on="2026-01-01")

    answers = [client.get("/tools/old/vote/"), post(client, old), post(client, old, **JSON)]

    assert [answer.status_code for answer in answers] == [409] * 3
    assert "Old was discontinued" in answers[0].text
    assert "data-vote" not in client.get("/tools/old/").text
    assert not Vote.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, tool, method):
    assert getattr(client, method)("/tools/cursor/vote/").status_code == 405


@pytest.mark.parametrize("choice", ["", "up", "1", "ship\x00", "SHIP", "<script>", "ß" * 5_000])
def test_an_unknown_choice_is_an_error_at_the_field(client, tool, choice):
    page, script = post(client, tool, choice), post(client, tool, choice, **JSON)

    assert (page.status_code, script.status_code) == (400, 400)
    assert 'id="choice-error"' in page.text
    assert "choice" in script.json()["errors"]
    assert "<script>”" not in page.text
    assert not Vote.objects.exists()


def old_stamp(seconds):
    return stamps.stamp("cursor", stamps.new_nonce(), at=stamps.time.time() - seconds)


STAMPS = {
    "missing": lambda: "",
    "not ours": lambda: "cursor.abc.123:forged",
    "cut": lambda: old_stamp(5)[:-3],
    "of another tool": lambda: stamps.stamp("zed", stamps.new_nonce()),
    "of the day before yesterday": lambda: old_stamp(90_000),
    "of tomorrow": lambda: old_stamp(-90_000),
    "of another kind": lambda: signing.Signer(salt="voting.guest").sign("a.b.1"),
}


@pytest.mark.parametrize("kind", STAMPS)
def test_a_stamp_that_does_not_hold_is_refused_and_a_new_one_offered(client, tool, kind):
    answer = post(client, tool, stamp=STAMPS[kind]())

    assert answer.status_code == 400
    assert "send" in answer.text
    assert 'value="ship" checked' in answer.text
    assert post(client, tool, stamp=re.search(r'name="stamp" value="([^"]+)"', answer.text)[1]).status_code == 303


def test_a_vote_from_another_site_is_refused(tool):
    browser = Client(enforce_csrf_checks=True)
    token = browser.get("/votes/stamps/?tools=cursor").json()["token"]
    tries = [
        {},
        {"HTTP_X_CSRFTOKEN": token, "HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_X_CSRFTOKEN": token, "HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_X_CSRFTOKEN": token, "HTTP_SEC_FETCH_SITE": "same-site"},
    ]

    assert [post(browser, tool, **headers).status_code for headers in tries] == [403] * 4
    assert post(browser, tool, HTTP_X_CSRFTOKEN=token, HTTP_SEC_FETCH_SITE="same-origin").status_code == 303


COOKIES = ["", "x", "0" * 32, "a" * 10_000, "\x00", signing.Signer(salt="voting.guest").sign("'; DROP TABLE"), "é"]


@pytest.mark.parametrize("value", COOKIES, ids=range(len(COOKIES)))
def test_a_cookie_that_is_not_ours_counts_as_none(tool, value):
    client = Client(HTTP_COOKIE=f"{COOKIE}={value}")  # as bytes on the wire: a cookie jar refuses some of them

    assert client.get("/tools/cursor/").status_code == 200
    assert post(client, tool).status_code == 303
    assert Voter.objects.count() == 1


def test_a_cookie_cut_or_swapped_is_another_reader_and_changes_nobodys_vote(tool):
    mine, other = Client(), Client()
    post(mine, tool, "ship")
    genuine = mine.cookies[COOKIE].value
    guest, _, signature = genuine.partition(":")
    other.cookies[COOKIE] = f"{guest[::-1]}:{signature}"

    post(other, tool, "skip")

    assert said(tool) == (1, 1)


def test_a_stale_session_votes_as_a_guest(client, tool):
    client.cookies[settings.SESSION_COOKIE_NAME] = "gone"

    assert post(client, tool).status_code == 303
    assert COOKIE in client.cookies


def test_a_hall_behind_one_address_votes_and_a_machine_is_slowed_down(tool, settings):
    settings.VOTE_PROOF_OF_WORK = "never"  # what is asked for in a rush is tested in test_vote_work
    hall = [post(Client(), tool).status_code for _ in range(40)]
    machine, choices = Client(), ["ship", "skip"]
    answers = [post(machine, tool, choices[n % 2], **JSON) for n in range(121)]

    assert hall == [303] * 40
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert said(tool) == (40, 1)


# Pages -------------------------------------------------------------------------------------------


def pages():
    factories.comparison(factories.reviewed_tool("A"), factories.reviewed_tool("B"), featured_on="2026-01-01")
    return ["/", "/tools/a/", "/compare/a-vs-b/"]


def test_pages_for_readers_who_are_not_known_can_be_kept_for_all(client):
    for path in pages():
        answer = client.get(path)
        assert "data-vote" in answer.text
        assert "csrf" not in answer.text
        assert not answer.cookies
        assert "private" not in answer.get("Cache-Control", "")


def test_pages_show_a_reader_their_own_vote_and_are_theirs_alone(client):
    paths = pages()
    post(client, Tool.objects.get(slug="a"), "skip")

    for path in paths:
        answer = client.get(path)
        assert answer.text.count("You say skip.") == 1
        assert "private" in answer["Cache-Control"]
        assert "Cookie" in answer["Vary"]


def test_past_pages_have_no_control(client):
    pages()

    assert "data-vote" not in client.get("/compare/a-vs-b/as-of/2026-11-23/", follow=True).text


@pytest.mark.parametrize("count", [2, 4])
def test_own_votes_cost_two_queries_however_many_tools_there_are(client, count, django_assert_num_queries):
    tools = [factories.tool(f"T{n}") for n in range(count)]
    path = f"/compare/{'-vs-'.join(sorted(tool.slug for tool in tools))}/"
    stranger = Client()
    for each in tools:
        post(client, each)
    for _ in range(2):  # what is counted once for all is counted now, and then the page is known
        stranger.get(path)
    with CaptureQueriesContext(connection) as without:
        stranger.get(path)

    with django_assert_num_queries(len(without) + 2):
        client.get(path)
