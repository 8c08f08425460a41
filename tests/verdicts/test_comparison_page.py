"""The page of two to four tools: its address, its figures, its cost."""

import datetime

import pytest
from django.utils import timezone

from tests import factories

pytestmark = pytest.mark.django_db


def test_the_founding_pair_has_every_figure_right(client):
    factories.reviewed_tool("Claude Files API", entry="paid")
    factories.reviewed_tool("SmolVLM2 Turbo", entry="free")

    page = client.get("/compare/claude-files-api-vs-smolvlm2-turbo/").context["comparison"]

    files, turbo = page.columns
    assert [files.panel.percent, turbo.panel.percent] == [100, 100]
    assert [files.panel.words, turbo.panel.words] == ["4 of 4 ship", "4 of 4 ship"]
    assert [files.community.figure, turbo.community.figure] == ["—", "—"]
    assert [files.entry_label, turbo.entry_label] == ["Paid", "Free"]
    assert page.standfirst == (
        "Both clear the panel 4–0; readers have not voted yet; Claude Files API is paid, SmolVLM2 Turbo is free."
    )


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/compare/b-vs-a/", "/compare/a-vs-b/"),
        ("/compare/c-vs-a-vs-b/", "/compare/a-vs-b-vs-c/"),
        ("/compare/A-vs-B/", "/compare/a-vs-b/"),
        ("/compare/a-vs-b/?utm_source=x", "/compare/a-vs-b/"),
        ("/compare/a-vs-b/?only=nonsense", "/compare/a-vs-b/"),
        ("/compare/b-vs-a/?only=differences", "/compare/a-vs-b/?only=differences"),
        ("/compare/old-a-vs-b/", "/compare/a-vs-b/"),
        ("/compare/a-vs-old-a/", "/tools/a/"),
        ("/compare/a-vs-a/", "/tools/a/"),
        ("/compare/a-vs-b-vs-a/", "/compare/a-vs-b/"),
    ],
)
def test_every_other_address_of_a_comparison_moves_for_good(client, asked, answered):
    tool = factories.tool("old a")
    tool.rename_slug("a")
    factories.tool("b")
    factories.tool("c")

    response = client.get(asked)

    assert (response.status_code, response.headers["Location"]) == (301, answered)


@pytest.mark.parametrize(
    "pair",
    ["a-vs-unknown", "a-vs-draft", "a", "a-vs-", "-vs-a", "a-vs-b-vs-c-vs-d-vs-e", "a-vs-b%00", "a vs b", "é-vs-a"],
)
def test_what_readers_cannot_see_is_not_found(client, pair):
    for name in "abcde":
        factories.tool(name)
    factories.tool("draft", state="draft")

    assert client.get(f"/compare/{pair}/").status_code == 404


@pytest.mark.parametrize("size", [2, 3, 4])
def test_two_to_four_tools_stand_side_by_side_at_the_same_cost(client, django_assert_num_queries, size):
    factories.panel()
    names = ["a", "b", "c", "d"][:size]
    for name in names:
        tool = factories.reviewed_tool(name, "+-+")
        factories.fact(tool)
        factories.price(tool)
        factories.votes(tool, 80, 20)

    with django_assert_num_queries(13 if size == 2 else 12):
        page = client.get(f"/compare/{'-vs-'.join(names)}/").context["comparison"]

    assert [tool.slug for tool in page.columns] == names
    assert [len(row.cells) for row in page.scorecard] == [size] * 4


def test_the_page_costs_the_same_with_three_hundred_neighbours_and_changes(client, django_assert_num_queries):
    first, second = factories.reviewed_tool("a"), factories.reviewed_tool("b")
    for number in range(300):
        factories.price(first, plan=f"Plan {number}")
    for number in range(20):
        factories.comparison(first, factories.reviewed_tool(f"peer {number}"))

    with django_assert_num_queries(13):
        client.get(f"/compare/{first.slug}-vs-{second.slug}/")


def test_a_missing_verdict_leaves_its_cell_empty_and_its_row_in_place(client):
    factories.panel()
    factories.reviewed_tool("a", "+")
    factories.tool("b")

    rows = client.get("/compare/a-vs-b/").context["comparison"].scorecard

    assert [[cell and cell.decision for cell in row.cells] for row in rows] == [["ship", None]] + [[None, None]] * 3


def test_below_the_quorum_there_is_a_count_and_no_percentage(client):
    factories.reviewed_tool("a", "+-")
    factories.reviewed_tool("b", "+-+")

    first, second = client.get("/compare/a-vs-b/").context["comparison"].columns

    assert (first.panel.percent, first.panel.words) == (None, "1 of 2 ship")
    assert (second.panel.percent, second.panel.words) == (67, "2 of 3 ship")


def test_equal_rows_can_be_hidden_and_are_counted(client):
    for name, licence in [("a", "MIT"), ("b", "GPL-3.0")]:
        tool = factories.tool(name, licence=licence)
        factories.fact(tool, "Open source", "yes")

    everything = client.get("/compare/a-vs-b/").context["comparison"]
    different = client.get("/compare/a-vs-b/?only=differences").context["comparison"]

    assert [row.label for row in everything.fact_rows] == ["Licence", "Entry price", "Vendor", "Open source"]
    assert [row.label for row in different.fact_rows] == ["Licence"]
    assert different.equal_count == 3


def test_an_unknown_fact_is_never_a_no(client):
    factories.fact(factories.tool("a"), "Open source", "no")
    factories.tool("b")

    rows = client.get("/compare/a-vs-b/").context["comparison"].fact_rows

    [cells] = [row.cells for row in rows if row.label == "Open source"]
    assert [(cell.kind, cell.text) for cell in cells] == [("no", "No"), ("unknown", "Not checked")]


@pytest.mark.parametrize(
    ("votes", "words"),
    [
        (((70, 30), (60, 40)), "Too close to call"),
        (((80, 20), (50, 50)), "a leads"),
        (((50, 50), (80, 20)), "b leads"),
        (((3, 0), (0, 3)), "Too few votes to say who leads"),
        (((0, 0), (0, 0)), ""),
    ],
)
def test_who_leads_among_readers(client, votes, words):
    for name, (ships, skips) in zip("ab", votes, strict=True):
        factories.votes(factories.tool(name), ships, skips)

    assert client.get("/compare/a-vs-b/").context["comparison"].lead == words


@pytest.mark.parametrize(
    ("decisions", "shelf", "curated", "robots"),
    [
        (("+++", "+-+"), "developer-tools", False, ""),
        (("+++", "+-+"), "other", False, "noindex, follow"),
        (("+++", "+-+"), "other", True, ""),
        (("+++", "+-"), "developer-tools", True, "noindex, follow"),
    ],
)
def test_only_pairs_worth_reading_are_indexed(client, decisions, shelf, curated, robots):
    first = factories.reviewed_tool("a", decisions[0])
    second = factories.reviewed_tool("b", decisions[1], category=factories.category(shelf))
    if curated:
        factories.comparison(first, second)

    page = client.get("/compare/a-vs-b/")
    sitemap = client.get("/sitemaps/pairs-1.xml")
    listed = b"".join(sitemap).decode() if sitemap.status_code == 200 else ""

    assert page.context["comparison"].robots == robots
    assert ("/compare/a-vs-b/" in listed) == (robots == "")


def test_three_tools_are_shown_but_not_indexed(client):
    for name in "abc":
        factories.reviewed_tool(name)

    assert client.get("/compare/a-vs-b-vs-c/").context["comparison"].robots == "noindex, follow"


def test_yesterdays_page_is_unchanged_by_todays_flip(client):
    past = timezone.now() - datetime.timedelta(days=5)
    first, _ = factories.tool("a"), factories.tool("b")
    verdict = factories.verdict(first, "skeptic", "skip", at=past)
    draft = verdict.revise(seen_edits=verdict.edits, decision="ship", revision_note="The limit is gone")
    draft.publish()
    yesterday = timezone.localdate() - datetime.timedelta(days=1)

    before = client.get(f"/compare/a-vs-b/as-of/{yesterday}/").context["comparison"]
    now = client.get("/compare/a-vs-b/").context["comparison"]

    assert [row.cells[0].decision for row in before.scorecard] == ["skip"]
    assert (before.columns[0].panel.ships, now.columns[0].panel.ships) == (0, 1)
    assert [change.text for change in now.changes][:1] == ["The Skeptic changed from skip to ship: The limit is gone"]
    assert "changed from skip" not in "".join(change.text for change in before.changes)
    assert before.robots == "noindex, follow"


@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", "1999-01-01", "9999-12-31", "20200101"])
def test_a_day_that_has_no_page_is_not_found(client, day):
    factories.tool("a")
    factories.tool("b")

    assert client.get(f"/compare/a-vs-b/as-of/{day}/").status_code in {301, 404}
    assert client.get(f"/compare/a-vs-b/as-of/{day}/", follow=True).status_code == 404


def test_the_feed_of_a_pair_lists_what_changed(client):
    first, _ = factories.tool("a"), factories.tool("b")
    factories.price(first, 20)

    response = client.get("/compare/a-vs-b/changes.atom")

    assert response.headers["Content-Type"].startswith("application/atom+xml")
    assert "Pro: $20 per month" in response.content.decode()


@pytest.mark.parametrize("pair", ["a-vs-unknown", "a", "a-vs-a", "a-vs-draft"])
def test_there_is_no_feed_of_what_is_no_comparison(client, pair):
    factories.tool("a")
    factories.tool("draft", state="draft")

    assert client.get(f"/compare/{pair}/changes.atom").status_code == 404


def test_ship_if_follows_the_columns_whatever_the_row_says(client):
    later = factories.reviewed_tool("b")
    earlier = factories.reviewed_tool("a")
    factories.comparison(earlier, later, ship_first_if="you are **a**", ship_second_if="you are b")

    page = client.get("/compare/a-vs-b/").context["comparison"]

    assert [(tool.slug, str(html).strip()) for tool, html in page.advice] == [
        ("a", "<p>you are <strong>a</strong></p>"),
        ("b", "<p>you are b</p>"),
    ]


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        ("tools=b&tools=a", "/compare/a-vs-b/"),
        ("tools=b,a,c", "/compare/a-vs-b-vs-c/"),
        ("tools=a&tools=a", "/tools/?tools=a"),
        ("tools=a", "/tools/?tools=a"),
        ("", "/tools/?"),
    ],
)
def test_the_tray_leads_to_the_comparison(client, query, answered):
    for name in "abc":
        factories.tool(name)

    response = client.get(f"/compare/?{query}")

    assert (response.status_code, response.headers["Location"]) == (302, answered)
