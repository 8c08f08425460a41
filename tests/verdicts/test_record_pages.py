"""The pages of the record: changes, corrections, receipts, rankings."""

import datetime
import json
import re
from statistics import NormalDist
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from tests import factories
from tests.verdicts.reading import read
from tools.models import Change, Tool, Touch
from tools.models.change import record
from verdicts import methodology, scoring

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ["/changes.atom", "/tools/a/changes.atom", "/categories/developer-tools/changes.atom"]
FEEDS += ["/compare/a-vs-b/changes.atom"]


def test_changes_are_listed_for_all_for_a_category_a_tool_and_a_pair(client):
    a, b = factories.tool("a"), factories.tool("b")
    factories.tool("c", category=factories.category("other"))
    a.latest_version = "2.0"
    a.save()

    def words(path):
        return [(change.tool.name, change.text) for change in client.get(path).context["list"].changes]

    assert words("/changes/") == [("a", "Version 2.0 is out"), ("c", "Listed"), ("b", "Listed"), ("a", "Listed")]
    assert words("/categories/other/changes/") == [("c", "Listed")]
    assert words("/tools/b/changes/") == [("b", "Listed")]
    assert words("/compare/a-vs-b/changes/") == [("a", "Version 2.0 is out"), ("b", "Listed"), ("a", "Listed")]
    assert b.pk


@pytest.mark.parametrize("path", ["/tools/none/changes/", "/compare/a-vs-none/changes/", "/tools/draft/changes/"])
def test_changes_of_what_readers_cannot_see_are_not_found(client, path):
    factories.tool("a")
    factories.tool("draft", state="draft")

    assert client.get(path).status_code == 404


def test_since_and_pages_by_key_neither_lose_nor_repeat(client):
    tool = factories.tool("a")
    now = timezone.now()
    for day in range(120):
        record(tool, "version", now - datetime.timedelta(days=day // 3), now=f"1.{day}")
    seen, path = [], "/changes/"
    while path:
        page = client.get(path).context["list"]
        seen += [change.pk for change in page.changes]
        path = f"/changes/{page.older}" if page.older else ""

    since = client.get(f"/changes/?since={(now - datetime.timedelta(days=1)).date()}").context["list"].changes

    assert len(seen) == len(set(seen)) == 121
    assert {change.text for change in since} == {f"Version 1.{n} is out" for n in range(6)} | {"Listed"}


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-99-99", "before=x~y", "before=2026-01-01~1", "since=%00"]
)
def test_an_address_that_makes_no_sense_shows_the_first_page(client, query):
    factories.tool("a")

    assert len(client.get(f"/changes/?{query}").context["list"].changes) == 1


@pytest.mark.parametrize("path", FEEDS)
def test_feeds_are_atom_with_stable_ids_and_answer_not_modified(client, path):
    tool = factories.tool("a")
    factories.tool("b")
    tool.name, tool.latest_version = "<script>\u202e & \x0b", "2.0"
    tool.save()

    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    root = ElementTree.fromstring(first.content)

    ids = [entry.find(f"{ATOM}id").text for entry in root.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)) >= 2
    assert all(root.find(f"{ATOM}{name}").text for name in ("id", "title", "updated"))
    assert all(entry.find(f"{ATOM}updated").text for entry in root.iter(f"{ATOM}entry"))
    assert again.status_code == 304


def test_corrections_keep_withdrawn_verdicts_with_their_reason(client):
    tool = factories.tool("a")
    factories.verdict(tool).withdraw(by=factories.editor(), reason="Never <b>tested</b>")
    record(tool, "corrected", what="Licence", now="MIT", was="GPL")

    page = read(client.get("/corrections/"))

    assert "The Builder withdrew the verdict: Never <b>tested</b>" in page.text
    assert "Corrected: Licence: MIT (was GPL)" in page.text
    assert "Listed" not in page.text


def test_a_receipt_does_not_depend_on_the_clock(client, time_machine):
    time_machine.move_to("2026-05-04 12:00Z", tick=False)
    tool = factories.reviewed_tool("a", "+++-")
    before = client.get("/tools/a/score.json").content
    time_machine.move_to("2026-06-04 12:00Z", tick=False)

    assert client.get("/tools/a/score.json").content == before
    assert json.loads(before)["computed_at"] == "2026-05-04T12:00:00+00:00"
    assert json.loads(before)["panel"] | {"figure": ""} == {
        "ships": 3,
        "total": 4,
        "quorum": 3,
        "percent": 75,
        "words": "3 of 4 ship",
        "figure": "",
    }
    assert tool.pk


def test_readers_rank_by_the_shrunk_share_and_share_a_rank_where_intervals_overlap(client):
    for name, ships, skips in [("sure", 950, 50), ("lucky", 20, 0), ("poor", 20, 180), ("few", 3, 0)]:
        factories.votes(factories.tool(name), ships, skips)

    ranking = client.get("/rankings/").context["reader_ranking"]

    assert [(place.rank, place.tool.name) for place in ranking.places][-1] == (3, "poor")
    assert {place.tool.name: place.rank for place in ranking.places} == {"sure": 1, "lucky": 1, "poor": 3}
    assert (ranking.ranked, ranking.hidden) == (3, 1)


def test_the_panel_ranks_at_quorum_only_and_says_what_it_hides(client):
    for name, signs in [("a", "++++"), ("b", "+++"), ("c", "+-+-"), ("d", "+")]:
        factories.reviewed_tool(name, signs)

    page = client.get("/rankings/developer-tools/")

    places = page.context["panel_ranking"].places
    assert [(place.rank, place.tool.name) for place in places] == [(1, "a"), (1, "b"), (3, "c")]
    assert [tool.name for tool in page.context["divided"]] == ["c"]
    assert "1 tool not ranked" in read(page).text


def test_whatever_overlaps_the_first_of_a_rank_shares_it_and_ranks_never_fall():
    intervals = [scoring.Interval(0.8, 0.9), scoring.Interval(0.85, 0.95), scoring.Interval(0.1, 0.2)]

    wide = [scoring.Interval(*ends) for ends in [(0.7, 0.8), (0.5, 0.65), (0.4, 0.75), (0.1, 0.2)]]

    assert scoring.shared_ranks(intervals) == [1, 1, 3]
    assert scoring.shared_ranks(wide) == [1, 2, 2, 4]
    assert scoring.shared_ranks([]) == []
    assert Change.objects.count() == 0


def test_a_past_days_page_is_the_same_to_the_byte_after_everything_has_changed(client, time_machine):
    time_machine.move_to("2026-05-04 12:00Z", tick=False)
    factories.reviewed_tool("c").save()  # so that a tool and its history are numbered apart
    a, b = factories.reviewed_tool("a"), factories.reviewed_tool("b")
    price = factories.price(a, 20)
    advice = factories.comparison(a, b, headline="The advice of May")
    time_machine.move_to("2026-05-06 12:00Z", tick=False)
    before = client.get("/compare/a-vs-b/as-of/2026-05-05/").content

    factories.verdict(a, "builder", "skip", revision_note="Broke")
    a.name, a.tagline, a.entry, a.latest_version = "Alpha", "Other words", "paid", "2.0"
    a.category = factories.category("another-shelf")
    a.save()
    price.amount = 99
    price.save()
    factories.price(b, 5, starts_on=datetime.date(2026, 5, 1))  # learnt of today, for a day long past
    factories.votes(a, 90, 10)
    factories.fact(b, "Open source", "yes")
    factories.comparison(a, factories.reviewed_tool("d"))
    advice.headline, advice.ship_first_if = "The advice of June", "other things matter."
    advice.save()
    for slug, columns in {"skeptic": {"name": "The Doubter", "lens": "Why?"}, "founder": {"is_active": False}}.items():
        persona = factories.reviewer(slug)
        for column, value in columns.items():
            setattr(persona, column, value)
        persona.save()

    after = client.get("/compare/a-vs-b/as-of/2026-05-05/").content
    assert after == before
    assert b"The advice of May" in before
    assert b"The Founder" in before
    assert b"method 1.0" in before
    page = client.get("/compare/a-vs-b/")
    today = read(page).text
    assert all(words in today for words in ("Other words", "The advice of June", "The Doubter", "$99"))
    assert "The Founder" not in [row.reviewer.name for row in page.context["comparison"].scorecard]


def test_advice_that_was_unpublished_stands_on_the_days_it_stood(client, time_machine):
    time_machine.move_to("2026-05-04 12:00Z", tick=False)
    advice = factories.comparison(factories.tool("a"), factories.tool("b"), headline="For a while")
    time_machine.move_to("2026-05-06 12:00Z", tick=False)
    advice.unpublish()

    stood = {day: "For a while" in client.get(f"/compare/a-vs-b/as-of/2026-05-{day}/").content.decode() for day in ("05", "06")}  # fmt: skip

    assert stood == {"05": True, "06": False}
    assert "For a while" not in client.get("/compare/a-vs-b/").content.decode()


# Base rates and coverage -------------------------------------------------------------------------


def test_base_rates_beside_the_verdicts_count_the_rows_of_the_reviewers_page(client):
    for name, signs in [("a", "+++-"), ("b", "+-++"), ("c", "-+++")]:
        factories.reviewed_tool(name, signs)
    factories.verdict(Tool.objects.get(slug="c"), "builder", "ship", revision_note="Mended")
    factories.reviewed_tool("draft", "++++", state="draft")

    for page in ("/compare/a-vs-b/", "/tools/a/"):
        shown = read(client.get(page)).text
        assert "Says ship 3 of 3 times, changed its mind 1 time" in shown  # the Builder
        assert "Says ship 2 of 3 times, has not changed its mind" in shown  # the Skeptic
    reviewer = client.get("/panel/builder/").context["reviewer"]
    assert (reviewer.ship_count, reviewer.verdict_count, reviewer.flip_count) == (3, 3, 1)
    assert "Says ship" not in client.get(f"/compare/a-vs-b/as-of/{timezone.localdate()}/").content.decode()


def test_the_base_rates_of_a_persona_touch_every_page(client):
    tool = factories.tool("a")
    Touch.objects.all().delete()

    tool.latest_version = "2.0"
    tool.save()
    before = Touch.objects.filter(kind=Touch.Kind.SITE).count()
    factories.verdict(tool)

    assert (before, Touch.objects.filter(kind=Touch.Kind.SITE).exists()) == (0, True)


def test_one_verdict_against_three_is_set_as_large_as_the_three(client):
    factories.reviewed_tool("a", "+++-")
    factories.reviewed_tool("b", "++++")

    for page in ("/compare/a-vs-b/", "/tools/a/"):
        shown = read(client.get(page))
        stamps = [found["class"] for found in shown.all("span") if found.get("class", "").startswith("stamp ")]
        quotes = [found["class"] for found in shown.all("blockquote")]
        assert sum("stamp-skip" in name for name in stamps) == 1
        assert set(quotes) == {"quote"}
        assert {name.replace("ship", "…").replace("skip", "…") for name in stamps} == {"stamp stamp-…"}


@pytest.mark.parametrize("page", ["/", "/tools/", "/categories/developer-tools/", "/panel/"])
def test_where_shares_are_listed_it_is_said_how_many_tools_have_one(client, page):
    for name, signs in [("a", "+++-"), ("b", "++"), ("c", "")]:
        factories.reviewed_tool(name, signs)

    assert "The panel has judged 1 of 3 tools; the others have no panel share." in read(client.get(page)).text


# Close calls and gaps -----------------------------------------------------------------------------


def test_close_calls_are_neighbours_of_a_shelf_that_readers_leave_open_and_each_tool_stands_once(client):
    shelf = factories.category("other")
    for name, ships, skips, category in [
        ("a", 70, 30, None), ("b", 69, 31, None), ("c", 60, 40, None), ("d", 5, 95, None), ("e", 70, 30, shelf), ("few", 9, 1, None),
    ]:  # fmt: skip
        tool = factories.tool(name, **({"category": category} if category else {}))
        factories.votes(tool, ships, skips)

    page = client.get("/rankings/")

    assert [pair.title for pair in page.context["close_calls"]] == ["a vs b"]
    assert "too close to call" in read(page).text


def test_readers_are_ranked_by_the_votes_that_their_share_is_made_of(client):
    new = factories.tool("fresh")
    factories.votes(new, 100, 100, era_ships=30, era_skips=0, era_label="version 2", era_regulars=30)
    factories.votes(factories.tool("old"), 80, 20)
    factories.votes(factories.tool("waiting"), 50, 0, regulars=0)

    ranking = client.get("/rankings/").context["reader_ranking"]

    assert [(place.tool.name, place.tool.community.percent) for place in ranking.places] == [
        ("fresh", 100),
        ("old", 80),
    ]
    assert (ranking.ranked, ranking.hidden) == (2, 1)


def test_the_biggest_gap_between_panel_and_readers_comes_first(client):
    for name, signs, votes in [("agreed", "++++", (95, 5)), ("apart", "++++", (5, 95)), ("some", "----", (50, 50))]:
        factories.votes(factories.reviewed_tool(name, signs), *votes)

    assert [tool.name for tool in client.get("/rankings/").context["gaps"]] == ["apart", "some", "agreed"]


# The method --------------------------------------------------------------------------------------


def test_no_number_of_the_method_changes_without_an_edition_of_it():
    newest = methodology.CHANGELOG[0]

    assert newest.numbers == methodology.constants()
    assert newest.version == scoring.METHOD_VERSION
    assert NormalDist().inv_cdf(0.5 + scoring.CONFIDENCE_PERCENT / 200) == pytest.approx(scoring.Z95)
    assert NormalDist().inv_cdf(0.5 + scoring.DIFFER_PERCENT / 200) == pytest.approx(scoring.Z99)


def test_the_methodology_page_and_the_api_print_every_number(client):
    page = read(client.get("/methodology/")).text
    rows = re.findall(r"<tr><td>([^<]+)</td><td>([^<]+)</td></tr>", client.get("/methodology/").content.decode())

    assert [(it.meaning, str(it.value)) for it in methodology.CONSTANTS] == [(words, number) for number, words in rows]
    assert client.get("/api/v1/methodology/").json()["constants"] == methodology.constants()
    assert all(f"Version {edition.version}" in page for edition in methodology.CHANGELOG)


def test_a_day_before_the_first_edition_is_counted_by_the_first():
    assert methodology.version_on(datetime.date(2020, 1, 1)) == methodology.CHANGELOG[-1].version


# Feeds and staleness ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*FEEDS, "/feed/", "/newsletter/archive/feed/"])
def test_feeds_are_valid_atom(client, path):
    """What RFC 4287 says an Atom feed must have: sections 4.1.1 and 4.1.2."""
    a, b = factories.reviewed_tool("a"), factories.reviewed_tool("b")
    a.name, a.vendor = "שלום </title> \"'", "]]>"
    a.save()
    assert b.pk

    root = ElementTree.fromstring(client.get(path).content)
    entries = root.findall(f"{ATOM}entry")

    def addresses(element, rel):
        return [link.get("href") for link in element.findall(f"{ATOM}link") if link.get("rel", "alternate") == rel]

    assert root.tag == f"{ATOM}feed"
    assert root.find(f"{ATOM}author/{ATOM}name").text
    assert [len(root.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
    assert [address.endswith(path) for address in addresses(root, "self")] == [True]
    assert bool(entries) == ("newsletter" not in path)
    for element in (root, *entries):
        assert element.find(f"{ATOM}id").text.startswith("http")
        assert datetime.datetime.fromisoformat(element.find(f"{ATOM}updated").text).tzinfo
        assert len(addresses(element, "alternate")) == 1


@pytest.mark.parametrize("page", ["/tools/", "/categories/developer-tools/", "/rankings/", "/feed/", "/tools/a.md"])
def test_where_a_panel_result_stands_it_is_said_that_it_is_stale(client, page):
    tool = factories.reviewed_tool("a", "+++")
    factories.verdict(tool, "futurist", "skip", tested_on=timezone.localdate() - datetime.timedelta(days=91))
    factories.reviewed_tool("b", "++++")

    shown = client.get(page).content.decode()

    assert len(re.findall(r"1 (?:of 4 )?stale|stale: tested|1 of 4 verdicts is stale", shown)) >= 1
    assert "2 stale" not in shown
