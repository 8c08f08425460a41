"""Every page but the comparison: what it shows, where it moves, what it never does."""

import datetime
import re
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from config import views
from tests import factories
from tests.verdicts.reading import Page, read
from tools.models import Tool
from verdicts import scoring
from verdicts.methodology import CHANGELOG, constants

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return factories.curated_pair()


@pytest.fixture
def broken_view(monkeypatch, client):
    """A site whose browse page fails, asked by a client that does not mind."""

    def fail(*args: object) -> None:
        raise RuntimeError("SECRET detail")

    monkeypatch.setattr("verdicts.views.browse", fail)
    client.raise_request_exception = False
    return client


# Home --------------------------------------------------------------------------------------------


def test_an_empty_site_says_where_to_go(client):
    page = read(client.get("/"))

    assert "No verdict has been published yet" in page.text
    assert {"/tools/", "/panel/", "/methodology/"} <= set(page.links)


def test_home_leads_with_the_pair_featured_last(client, site):
    later = factories.comparison(factories.reviewed_tool("c"), factories.reviewed_tool("d"))
    today = timezone.localdate()
    for row, age in [(site, 2), (later, 1)]:
        row.featured_on = today - datetime.timedelta(days=age)
        row.save()

    context = client.get("/").context

    assert context["lead"].title == "c vs d"
    assert [pair.title for pair in [*context["close_calls"], *context["curated"]]] == ["a vs b"]


def test_a_feature_of_tomorrow_stays_off_home(client, site):
    site.featured_on = timezone.localdate() + datetime.timedelta(days=1)
    site.save()

    assert client.get("/").context["lead"] is None


def test_a_close_call_is_a_pair_that_readers_leave_open_on_home_as_in_the_rankings(client):
    today = timezone.localdate()
    pairs = [
        ("ab", [(0, 0), (0, 0)]),
        ("cd", [(70, 30), (60, 40)]),
        ("ef", [(80, 20), (50, 50)]),
        ("gh", [(9, 1), (9, 1)]),
    ]
    for age, (names, votes) in enumerate(pairs):
        tools = [factories.tool(name) for name in names]
        for tool, counts in zip(tools, votes, strict=True):
            factories.votes(tool, *counts)
        factories.comparison(*tools, featured_on=today - datetime.timedelta(days=age))

    context = client.get("/").context

    assert [pair.title for pair in context["close_calls"]] == ["c vs d"]
    assert [pair.title for pair in context["curated"]] == ["e vs f", "g vs h"]
    assert "c vs d" in [pair.title for pair in client.get("/rankings/").context["close_calls"]]


def test_home_shows_the_newest_verdict_of_each_tool_but_no_drafts(client):
    now = timezone.now()
    for age, name in enumerate(["a", "b"]):
        tool = factories.tool(name)
        factories.verdict(tool, "builder", at=now - datetime.timedelta(days=age, hours=2))
        factories.verdict(tool, "skeptic", at=now - datetime.timedelta(days=age, hours=1))
    factories.verdict(factories.tool("c"), published=False)
    factories.verdict(factories.tool("d", state="draft"))

    newest = client.get("/").context["newest"]

    assert [(row.tool.slug, row.reviewer.slug) for row in newest] == [("a", "skeptic"), ("b", "skeptic")]


def test_categories_name_their_three_best_tools_with_a_full_panel(client):
    for name, decisions in [("a", "++--"), ("b", "++++"), ("c", "+++-"), ("d", "----"), ("e", "++")]:
        factories.reviewed_tool(name, decisions)
    factories.category("empty")

    [shelf] = client.get("/").context["categories"]

    assert [tool.slug for tool in shelf.leaders] == ["b", "c", "a"]
    assert shelf.published_count == 5


# Browse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "label", "words"),
    [
        ("alpha", "", ""),
        ("codeium", "Formerly", "codeium"),
        ("acme", "Vendor", "Acme Works"),
        ("unusual", "Tagline", "An unusual thing"),
        ("sentence", "Description", "… with many words before the one that fits: sentence and some more of them …"),
    ],
)
def test_a_result_says_where_the_words_were_found(client, query, label, words):
    text = (
        "It begins here, with many words before the one that fits: **sentence** and some more of them, and more after."
    )
    tool = factories.tool("codeium", tagline="An unusual thing", vendor="Acme Works", description=text)
    tool.rename_slug("alpha")
    Tool.objects.filter(pk=tool.pk).update(name="Alpha")

    response = client.get(f"/tools/?q={query}")

    [found] = response.context["page"]
    assert found.match[0] == label
    assert words in found.match[1] or words.strip("… ") in found.match[1]
    assert label in read(response).text


def test_a_misspelt_name_is_found_and_the_guess_is_stated(client):
    factories.tool("Cursor")

    page = read(client.get("/tools/?q=cursr"))

    assert "Did you mean cursor?" in page.text
    assert {"/tools/?q=cursor", "/tools/cursor/"} <= set(page.links)


def test_two_tools_against_each_other_lead_to_their_comparison(client):
    factories.tool("Cursor")
    factories.tool("Claude Code")

    assert "/compare/claude-code-vs-cursor/" in read(client.get("/tools/?q=cursor+VS+claude+cod")).links
    assert not [link for link in read(client.get("/tools/?q=cursor+vs+nobody")).links if "/compare/" in link]


@pytest.mark.parametrize(
    ("asked", "leads_to"), [("?q=a+b", "/tools/?q=a+b"), ("", "/tools/"), ("?q=%00", "/tools/"), ("?q=%26x%3D1", "/tools/?q=%26x%3D1")]
)  # fmt: skip
def test_search_has_one_address(client, asked, leads_to):
    response = client.get(f"/search/{asked}")

    assert (response.status_code, response.headers["Location"]) == (301, leads_to)


def test_suggestions_come_in_the_format_of_browsers_and_may_be_kept(client, django_assert_num_queries):
    factories.tool("Cursor", tagline="Writes code")
    factories.tool("Curious draft", state="draft")

    response = client.get("/search/suggest/?q=cur")

    assert response.json() == ["cur", ["Cursor"], ["Writes code"], ["http://testserver/tools/cursor/"]]
    assert response.headers["Content-Type"] == "application/x-suggestions+json"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert "cookie" not in response.headers.get("Vary", "").lower()


@pytest.mark.parametrize(("asked", "shown"), [("1", 1), ("2", 2), ("3", 3), ("99", 3), ("0", 3), ("-1", 3), ("x", 1)])
def test_a_page_out_of_range_shows_the_nearest(client, asked, shown):
    for number in range(50):
        factories.tool(f"tool {number}")

    response = client.get(f"/tools/?page={asked}")

    assert response.context["page"].number == shown
    assert len(response.context["page"].object_list) == (2 if shown == 3 else 24)


def test_paging_keeps_the_filters_the_order_and_the_tray(client):
    for number in range(30):
        factories.tool(f"tool {number}", entry="free")

    page = read(client.get("/tools/?entry=free&sort=name&tools=tool-3&tools=tool-4"))

    assert [link for link in page.links if "page=2" in link] == [
        "?entry=free&sort=name&tools=tool-3&tools=tool-4&page=2"
    ]


# Category ----------------------------------------------------------------------------------------


# Tool --------------------------------------------------------------------------------------------


def test_a_tool_page_shows_its_figures_verdicts_facts_and_prices(client, site):
    response = client.get("/tools/a/")

    page = read(response)
    for words in ["3 of 4 ship", "70\u202f%, likely 60–78, 100 votes", "Open source", "$20 per month", "a vs b"]:
        assert words in page.text
    assert [row.cells[0].decision for row in response.context["verdicts"]] == ["ship", "skip", "ship", "ship"]


def test_a_draft_does_not_exist_for_readers(client):
    factories.tool("draft", state="draft")
    nobody = client.get("/tools/nobody/")

    draft = client.get("/tools/draft/")

    assert (draft.status_code, nobody.status_code) == (404, 404)
    assert "What draft does" not in draft.content.decode()


@pytest.mark.parametrize("fields", [{}, {"is_staff": True}])
@pytest.mark.parametrize("permitted", [False, True])
def test_a_draft_is_previewed_only_by_staff_with_the_right(client, fields, permitted):
    factories.tool("draft", state="draft")
    person = factories.user(**fields)
    if permitted:
        person.user_permissions.add(Permission.objects.get(codename="view_tool"))
    client.force_login(person)

    response = client.get("/tools/draft/")

    if not (fields and permitted):
        assert response.status_code == 404
        return
    page = read(response)
    assert "Preview." in page.text
    assert page.robots == ["noindex, nofollow"]


@pytest.mark.parametrize("asked", ["/tools/a/?utm_source=x", "/tools/a/?tools=b", "/tools/old-a/", "/tools/old-a/?x=1"])
def test_every_other_address_of_a_tool_moves_for_good(client, asked):
    factories.tool("old a").rename_slug("a")

    response = client.get(asked)

    assert (response.status_code, response.headers["Location"]) == (301, "/tools/a/")


def test_a_discontinued_tool_keeps_its_page_and_names_its_successor(client):
    day = datetime.date(2026, 3, 1)
    heir = factories.tool("heir")
    factories.reviewed_tool("gone", state="discontinued", discontinued_on=day, successor=heir)

    page = read(client.get("/tools/gone/"))

    assert "gone was discontinued on 1 Mar 2026" in " ".join(page.text.split())
    assert "/tools/heir/" in page.links
    assert "4 of 4 ship" in page.text


def test_a_successor_that_is_a_draft_is_not_given_away(client):
    heir = factories.tool("heir", state="draft")
    factories.tool("gone", state="discontinued", discontinued_on=timezone.localdate(), successor=heir)

    page = read(client.get("/tools/gone/"))

    assert "/tools/heir/" not in page.links


# The panel ---------------------------------------------------------------------------------------


def test_a_reviewer_page_lists_its_verdicts_newest_first_with_its_base_rates(client):
    now = timezone.now()
    for age, (name, decision) in enumerate([("a", "ship"), ("b", "skip"), ("c", "ship")]):
        factories.verdict(factories.tool(name), "builder", decision, at=now - datetime.timedelta(days=age))
    factories.verdict(factories.tool("d", state="draft"), "builder")

    context = client.get("/panel/builder/").context

    assert [row.tool.slug for row in context["page"]] == ["a", "b", "c"]
    assert (context["reviewer"].verdict_count, context["reviewer"].ship_count) == (3, 2)
    assert context["reviewer"].verdict_count == context["page"].paginator.count


def test_every_persona_page_says_that_it_is_no_person_and_who_answers_for_it(client):
    factories.reviewer("builder", responsible_editor=factories.editor())

    text = read(client.get("/panel/builder/")).text

    assert "not a person" in text
    assert "Responsible editor: Edi Tor." in text


def test_the_panel_shows_who_sits_on_it_and_who_has_left(client):
    factories.panel()
    factories.reviewer("poet", is_active=False)

    context = client.get("/panel/").context

    assert [row.slug for row in context["reviewers"]] == factories.PERSONAS
    assert [row.slug for row in context["former"]] == ["poet"]


def test_a_persona_that_left_no_longer_counts_but_keeps_its_page(client):
    tool = factories.reviewed_tool("a", "+++-")
    futurist = factories.reviewer("futurist")
    futurist.is_active = False
    futurist.save()

    assert client.get(f"/tools/{tool.slug}/").context["tool"].panel.words == "3 of 3 ship"
    assert [row.decision for row in client.get("/panel/futurist/").context["page"]] == ["skip"]


# Methodology -------------------------------------------------------------------------------------


def test_the_methodology_prints_the_constants_the_code_computes_with(client):
    text = " ".join(read(client.get("/methodology/")).text.split())

    assert f"Below {scoring.QUORUM} published verdicts only the count" in text
    assert f"more than {scoring.STALE_AFTER_DAYS} days ago" in text
    assert f"Below {scoring.FEW_VOTES} votes" in text
    assert f"From {scoring.FEW_VOTES} on" in text
    assert f"the {scoring.CONFIDENCE_PERCENT} % Wilson interval" in text
    assert f"as if {scoring.PRIOR_VOTES} average votes" in text
    assert f"version {scoring.METHOD_VERSION}" in text


def test_the_methodology_follows_the_code(client, monkeypatch):
    monkeypatch.setattr(scoring, "STALE_AFTER_DAYS", 123)
    monkeypatch.setattr(scoring, "FEW_VOTES", 45)

    text = " ".join(read(client.get("/methodology/")).text.split())

    assert "more than 123 days ago" in text
    assert "Below 45 votes" in text


def test_no_number_on_the_methodology_page_is_typed_by_hand(client):
    page = client.get("/methodology/")
    prose = re.search(r"<main.*?(?=<section[^>]*changelog-title)", page.content.decode(), re.S).group()
    text = Page(prose).text

    examples = {"3", "4", "95", "100", *scoring.METHOD_VERSION.split(".")}
    assert set(re.findall(r"\d+", text)) - examples <= {str(value) for value in constants().values()}


def test_the_changelog_ends_at_the_version_in_use():
    assert CHANGELOG[0].version == scoring.METHOD_VERSION
    assert [row.on for row in CHANGELOG] == sorted((row.on for row in CHANGELOG), reverse=True)


# Errors ------------------------------------------------------------------------------------------


def test_a_page_that_is_not_there_suggests_tools_that_are(client):
    factories.tool("cursor")
    factories.tool("cursor draft", state="draft")

    response = client.get("/tool/cursor-editor/")

    assert (response.status_code, [tool.slug for tool in response.context["suggestions"]]) == (404, ["cursor"])
    assert "There is no page here" in read(response).text


def test_a_failure_is_reported_without_its_details(broken_view):
    response = broken_view.get("/tools/")

    page = read(response)
    assert response.status_code == 500
    assert "Something broke on our side" in page.text
    assert "SECRET" not in response.content.decode()
    assert "Content-Security-Policy" in response.headers


def test_the_page_of_last_resort_needs_nothing(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = views.server_error(rf.get("/"))

    page = read(response)
    loaded = [tag for tag, _ in page.elements if tag in {"link", "script", "img", "style"}]
    assert (response.status_code, loaded, page.executable) == (500, [], [])


@pytest.mark.parametrize(
    ("view", "status", "words"),
    [(views.bad_request, 400, "made no sense"), (views.forbidden, 403, "not open to you")],
)
def test_a_refusal_has_a_page_of_ours(rf, view, status, words):
    request = rf.get("/")
    request.session = {}

    response = view(request, Exception("SECRET detail"))

    page = read(response)
    assert response.status_code == status
    assert words in page.text
    assert "SECRET" not in page.text
    assert page.executable == []


def test_a_host_that_is_not_ours_gets_the_page_for_bad_requests(client):
    client.raise_request_exception = False

    response = client.get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


# Robots and machines -----------------------------------------------------------------------------


def test_robots_are_kept_out_of_the_admin_and_led_to_the_sitemap(client):
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert "Disallow: /admin/" in lines
    assert "Allow: /card/" in lines
    assert lines[-1] == "Sitemap: http://testserver/sitemap.xml"


def test_the_feed_lists_the_newest_verdicts_with_lasting_names(client, site):
    factories.verdict(factories.tool("draft", state="draft"), "founder")
    atom = "{http://www.w3.org/2005/Atom}"

    entries = list(ElementTree.fromstring(client.get("/feed/").content).iter(f"{atom}entry"))

    titles = [entry.findtext(f"{atom}title") for entry in entries]
    assert len(titles) == 8
    assert "b: The Futurist says skip" in titles
    assert not any("draft" in title for title in titles)
    assert len({entry.findtext(f"{atom}id") for entry in entries}) == 8
    assert {entry.find(f"{atom}link").get("href").split("#")[0] for entry in entries} == {
        "http://testserver/tools/a/",
        "http://testserver/tools/b/",
    }


def test_the_process_answers_without_its_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/livez")

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_health_names_each_thing_it_asked(client, settings):
    response = client.get("/healthz")

    told = {name: state for name, state in response.json().items() if "Ping" not in name}
    assert response.headers["Content-Type"] == "application/json"
    assert len(response.json()) == (2 if settings.CELERY_TASK_ALWAYS_EAGER else 3)
    assert set(told.values()) == {"OK"}


def test_ill_health_is_an_error(client, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.set", fail)
    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.aset", fail)

    response = client.get("/healthz")

    assert response.status_code == 500
    assert "OK" in response.content.decode()
