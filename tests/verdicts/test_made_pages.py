"""Pages that are made once for everybody, with each reader's own votes in their places."""

import re

import pytest
from django.conf import settings
from django.test import Client

from tests import factories
from tests.verdicts.test_vote import post
from tools.models import Tool
from verdicts import made_pages
from verdicts.models import Reviewer
from voting.models import Vote, Voter
from voting.models.tally import Tally

pytestmark = pytest.mark.django_db
PRESSED = re.compile(r'value="(ship|skip)" aria-pressed="true"')


@pytest.fixture
def pair():
    return factories.curated_pair()


@pytest.fixture
def pages(pair):
    """The three pages with vote controls. PAGE_CACHE_MEGABYTES is 0 in tests, so that none of them is kept whole."""
    first, second = sorted((pair.first, pair.second), key=lambda tool: tool.slug)
    return ["/", first.get_absolute_url(), f"/compare/{first.slug}-vs-{second.slug}/"]


@pytest.fixture
def times(monkeypatch):
    """How often a page was made while remembered ones would have done as well."""
    made = []
    make = made_pages.pages._made_now
    monkeypatch.setattr(made_pages.pages, "_made_now", lambda key, how: made.append(key) or make(key, how))
    made_pages.pages.traces.clear()
    return made


def html(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_same_page_serves_everybody_and_says_what_each_has_said(client, pair, pages, times):
    voters = [Client(), Client()]
    for voter, choice in zip(voters, ("ship", "skip"), strict=True):
        post(voter, pair.first, choice)
    for path in pages:
        client.get(path)  # what a page asks besides, a count of the catalogue, is at hand from now on
        times.clear()
        plain = html(client, path)
        assert PRESSED.findall(plain) == []
        for voter, choice in zip(voters, ("ship", "skip"), strict=True):
            own = html(voter, path)
            assert PRESSED.findall(own) == [choice]
            assert f"You say {choice}." in own
            assert voter.get(path)["Cache-Control"] == "private"
        assert html(client, path) == plain
        assert len(times) <= 1, path


def test_a_vote_a_verdict_and_a_persona_show_at_once(client, pair, pages):
    for path in pages:
        html(client, path)
    post(Client(), pair.first)
    assert all("1 of 1" in page or "1 vote" in page for page in (html(client, path) for path in pages))
    Reviewer.objects.filter(pk=Reviewer.objects.active()[0].pk).update(name="A Lens of Another Name")
    assert all("A Lens of Another Name" in html(client, path) for path in pages[1:])
    Tool.objects.filter(pk=pair.first.pk).update(tagline="Says something else")
    assert all("Says something else" in html(client, path) for path in pages)


def test_a_vote_of_before_a_break_can_be_renewed_by_its_reader_alone(client, pair, pages):
    voter = Client()
    post(voter, pair.first)
    Tally.objects.filter(tool=pair.first).update(era=1, era_label="version 2", era_ships=0, era_regulars=0)
    for path in pages:
        assert "before version 2" not in html(client, path)
        own = [html(voter, path) for _ in range(2)]
        assert all("You said ship before version 2." in page for page in own)
        stamps = [re.search(r'name="stamp" value="([^"]+)"', page)[1] for page in own]
        assert stamps[0] != stamps[1]
        assert "before version 2" not in html(client, path)


def test_nobody_votes_on_what_is_discontinued_and_no_place_is_left_open(client, pair, pages):
    Tool.objects.filter(pk=pair.first.pk).update(state="discontinued", discontinued_on="2026-05-04")
    for path in pages:
        page = html(client, path)
        assert f'data-vote="{pair.first.slug}"' not in page
        assert "<vote-" not in page


def test_words_that_look_like_the_place_of_a_control_stay_words(client, pair, pages):
    Tool.objects.filter(pk=pair.first.pk).update(
        tagline=made_pages._PLACE.format(pair.second.pk), description=made_pages._PLACE.format(pair.second.pk)
    )
    for path in pages:
        page = html(client, path)
        assert page.count(f'data-vote="{pair.second.slug}"') == (0 if path == pages[1] else 1)
        assert made_pages._PLACE.format(pair.second.pk) not in page


def test_a_draft_is_remembered_for_nobody(client, pair):
    Tool.objects.filter(pk=pair.first.pk).update(state="draft", published_at=None)
    path = pair.first.get_absolute_url()
    client.force_login(factories.staff())
    assert "Preview." in html(client, path)
    assert client.get(path)["Cache-Control"] == "private"
    client.logout()
    assert client.get(path).status_code == 404


def test_a_former_address_leads_on_from_memory_as_before(client, pair):
    old = pair.first.slug
    html(client, f"/tools/{old}/")
    pair.first.rename_slug("another-address")
    assert client.get(f"/tools/{old}/")["Location"] == "/tools/another-address/"
    assert settings.VOTER_COOKIE_NAME not in client.cookies
    assert not Vote.objects.exists()
    assert not Voter.objects.exists()
