"""The pages of the record: changes, corrections, receipts, rankings."""

import datetime
import json
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from tests import factories
from tests.verdicts.reading import read
from tools.models import Change
from tools.models.change import record
from verdicts import queries, scoring
from verdicts.sample.loading import SampleSite

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


# What shows a tool's figures: (address, words it must contain), for a tool and its receipt. Add a surface by a line.
SURFACES = {
    "page": lambda slug: f"/tools/{slug}/",
    "list row": lambda slug: f"/tools/?q={slug}",
    "twin": lambda slug: f"/tools/{slug}.md",
}


def test_every_surface_shows_the_figures_of_the_receipt(client):
    SampleSite(timezone.localdate()).load(factories.editor())
    for tool in queries.scored(queries.with_figures(queries.Tool.objects.public()))[::8]:
        receipt = client.get(f"/tools/{tool.slug}/score.json").json()
        for name in ("page", "twin"):
            shown = client.get(SURFACES[name](tool.slug)).content.decode()
            assert receipt["panel"]["words"] in shown, (tool.slug, name)
            assert receipt["community"]["words"] in shown, (tool.slug, name)


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


def test_surely_better_means_beyond_the_whole_interval():
    intervals = [scoring.Interval(0.8, 0.9), scoring.Interval(0.85, 0.95), scoring.Interval(0.1, 0.2)]

    assert scoring.shared_ranks(intervals) == [1, 1, 3]
    assert Change.objects.count() == 0


def test_a_past_days_page_is_the_same_to_the_byte_after_everything_has_changed(client, time_machine):
    time_machine.move_to("2026-05-04 12:00Z", tick=False)
    factories.reviewed_tool("c").save()  # so that a tool and its history are numbered apart
    a, b = factories.reviewed_tool("a"), factories.reviewed_tool("b")
    time_machine.move_to("2026-05-06 12:00Z", tick=False)
    before = client.get("/compare/a-vs-b/as-of/2026-05-05/").content

    factories.verdict(a, "builder", "skip", revision_note="Broke")
    a.name, a.tagline, a.entry, a.latest_version = "Alpha", "Other words", "paid", "2.0"
    a.save()
    factories.votes(a, 90, 10)
    factories.fact(b, "Open source", "yes")
    factories.comparison(a, factories.reviewed_tool("d"))

    assert client.get("/compare/a-vs-b/as-of/2026-05-05/").content == before
    assert b"Other words" in client.get("/compare/a-vs-b/").content
