"""Browsing: filters, their counts, orders and the tray, of the whole catalogue and of a category."""

import datetime

import pytest
from django.utils import timezone

from tests import factories
from tests.kept import kept
from tests.verdicts.reading import read
from tools.models import Tool

pytestmark = pytest.mark.django_db


def catalogue_of_five():
    """Five tools that every filter and sort tells apart."""
    now = timezone.now()
    rows = [
        ("alpha", "++++", "free", "shelf", (10, 0)),
        ("beta", "+++-", "paid", "shelf", (40, 60)),
        ("gamma", "++--", "free", "other", (0, 0)),
        ("delta", "+---", "paid", "other", (30, 0)),
        ("epsilon", "+", "", "other", (0, 1)),
    ]
    for age, (name, decisions, entry, shelf, votes) in enumerate(rows):
        tool = factories.reviewed_tool(
            name,
            decisions,
            entry=entry,
            category=factories.category(shelf),
            published_at=now - datetime.timedelta(days=age),
            vendor=f"Vendor of {name}",
        )
        factories.votes(tool, *votes)
    factories.tool("hidden", state="draft", category=factories.category("shelf"))


catalogue = kept(catalogue_of_five)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["alpha", "beta", "gamma", "delta", "epsilon"]),
        ("sort=name", ["alpha", "beta", "delta", "epsilon", "gamma"]),
        ("sort=newest", ["alpha", "beta", "gamma", "delta", "epsilon"]),
        ("sort=readers", ["beta", "delta", "alpha", "epsilon", "gamma"]),
        ("category=shelf", ["alpha", "beta"]),
        ("entry=paid", ["beta", "delta"]),
        ("category=other&entry=paid", ["delta"]),
        ("panel=unanimous", ["alpha"]),
        ("panel=ship", ["beta"]),
        ("panel=split", ["gamma"]),
        ("panel=skip", ["delta"]),
        ("panel=none", ["epsilon"]),
        ("q=GAMMA", ["gamma"]),
        ("q=what+does", ["alpha", "beta", "delta", "epsilon", "gamma"]),
        ("q=what+does&sort=panel", ["alpha", "beta", "gamma", "delta", "epsilon"]),
        ("q=what+does&entry=paid", ["beta", "delta"]),
        ("q=vendor+of+be", ["beta"]),
        ("q=nothing", []),
        ("q=hidden", []),
        ("q=%25", []),
        ("q=_", []),
    ],
)
def test_the_catalogue_can_be_searched_filtered_and_sorted(client, catalogue, query, found):
    response = client.get(f"/tools/?{query}")

    assert [tool.slug for tool in response.context["page"]] == found
    assert response.context["total"] == len(found)


@pytest.mark.parametrize(
    "query",
    ["category=unknown", "entry=cheap", "panel=best", "sort=price", "colour=blue", "page=x", "q=", "q=" + "x" * 101],
)
def test_an_unknown_filter_is_ignored(client, catalogue, query):
    assert client.get(f"/tools/?{query}").context["total"] == 5


def test_a_tool_is_found_by_a_former_name(client, catalogue):
    factories.tool("codeium").rename_slug("windsurf")

    assert [tool.slug for tool in client.get("/tools/?q=codeium").context["page"]] == ["windsurf"]


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("", {"shelf": 2, "other": 3, "free": 2, "paid": 2, "freemium": 0, "contact": 0}),
        ("category=shelf", {"shelf": 2, "other": 3, "free": 1, "paid": 1, "freemium": 0, "contact": 0}),
        ("entry=free", {"shelf": 1, "other": 1, "free": 2, "paid": 2, "freemium": 0, "contact": 0}),
        ("panel=skip", {"shelf": 0, "other": 1, "free": 0, "paid": 1, "freemium": 0, "contact": 0}),
        ("q=a&panel=unanimous", {"shelf": 1, "other": 0, "free": 1, "paid": 0, "freemium": 0, "contact": 0}),
    ],
)
def test_a_filter_counts_what_each_choice_would_find(client, catalogue, query, counts):
    filters = client.get(f"/tools/?{query}").context["filters"]

    named = [group for group in filters if group.name in {"category", "entry"}]
    assert {choice.value: choice.count for group in named for choice in group.choices} == counts


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("licence=MIT", ["alpha", "beta"]),
        ("open=yes", ["alpha"]),
        ("open=unknown", ["beta", "gamma", "delta", "epsilon"]),
        ("tested=stale", ["gamma"]),
        ("tested=fresh", ["alpha", "beta", "delta", "epsilon"]),
        ("tested=fresh&licence=MIT&open=unknown", ["beta"]),
        ("q=gamma&tested=stale", ["gamma"]),
        ("q=gamma&tested=fresh", []),
    ],
)
def test_licence_open_source_and_staleness_are_filters_too(client, catalogue, query, found):
    Tool.objects.filter(slug__in=["alpha", "beta"]).update(licence="MIT")
    factories.fact(Tool.objects.get(slug="alpha"))
    Tool.objects.filter(slug="gamma").update(latest_version="9")
    factories.verdict(Tool.objects.get(slug="gamma"), "poet", tool_version="8")

    response = client.get(f"/tools/?sort=panel&{query}")

    assert sorted(tool.slug for tool in response.context["page"]) == sorted(found)
    for group in response.context["filters"]:
        for choice in group.choices:
            asked = client.get(f"/tools/?{query}&{group.name}={choice.value}") if choice.value else None
            if asked and group.name not in query:
                assert asked.context["total"] == choice.count, (group.name, choice)


def test_the_form_remembers_what_was_asked(client, catalogue):
    page = read(client.get("/tools/?q=ta&entry=paid&sort=name&category=shelf"))

    selected = {found["value"] for found in page.all("option") if "selected" in found}
    assert selected == {"paid", "name", "shelf"}
    assert {found.get("value") for found in page.all("input", name="q")} == {"ta"}


def test_the_tray_survives_a_search_that_finds_nothing(client, catalogue):
    response = client.get("/tools/?q=nothing&tools=beta&tools=alpha&tools=hidden&tools=unknown")

    ticked = [found["value"] for found in read(response).all("input", name="tools") if "checked" in found]
    assert ticked == ["alpha", "beta"]
    assert [tool.slug for tool in response.context["tray"]] == ticked


@pytest.mark.parametrize(
    ("query", "robots"),
    [("", []), ("?sort=name", []), ("?q=a", ["noindex, follow"]), ("?tools=alpha", ["noindex, follow"])],
)
def test_only_the_plain_catalogue_is_indexed(client, catalogue, query, robots):
    assert read(client.get(f"/tools/{query}")).robots == robots


def test_a_category_shows_its_tools_and_no_others(client, catalogue):
    response = client.get("/categories/other/?sort=name")

    assert [tool.slug for tool in response.context["page"]] == ["delta", "epsilon", "gamma"]
    assert read(response).canonical == ["http://testserver/categories/other/"]


def test_the_address_of_a_category_decides_what_it_shows(client, catalogue):
    response = client.get("/categories/other/?category=shelf")

    assert {tool.category.slug for tool in response.context["page"]} == {"other"}


def test_an_empty_category_says_so_and_an_unknown_one_is_not_found(client, catalogue):
    factories.category("empty")

    assert "No tool in this category has been published" in read(client.get("/categories/empty/")).text
    assert client.get("/categories/unknown/").status_code == 404
