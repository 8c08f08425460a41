"""Every list costs the same number of queries with one row and with three hundred."""

import datetime
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tools.models import Category, Change, FormerSlug, Price, Tool
from verdicts import made_pages
from verdicts.models import Comparison, Verdict
from verdicts.models.tally import recount
from voting.models import Tally

pytestmark = pytest.mark.django_db
PAGES = [
    "/",
    "/tools/",
    "/tools/?category=shelf-0&entry=free&panel=unanimous&q=tool&sort=readers&tools=tool-0",
    "/tools/?page=2",
    "/categories/shelf-0/",
    "/tools/tool-0/",
    "/panel/",
    "/panel/builder/",
    "/methodology/",
    "/how-votes-count/",
    "/feed/",
    "/tools/?q=tool+1",
    "/tools/?q=tool+0&licence=MIT&open=unknown&tested=fresh&sort=match",
    "/search/suggest/?q=tool",
    "/badge/tool-0.svg",
    "/card/tools/tool-0.png",
    "/card/compare/tool-0-vs-tool-1.png",
    "/tools/tool-0.md",
    "/compare/tool-0-vs-tool-1.json",
    "/sitemap.xml",
    "/sitemaps/tools-1.xml",
    "/sitemaps/pairs-1.xml",
    "/tool-0-that-is-not-here/",
    "/compare/tool-0-vs-tool-1/",
    "/compare/tool-0-vs-tool-1/changes.atom",
]


def fill(size: int) -> None:
    """Make tools on shelves of ten, each with a full panel, votes, a price and an old address, in a few statements."""
    now = timezone.now()
    panel, editor = factories.panel(), factories.editor()
    shelves = Category.objects.bulk_create(
        [Category(name=f"Shelf {n}", slug=f"shelf-{n}") for n in range(size // 10 + 1)]
    )
    tools = Tool.objects.bulk_create(
        [
            Tool(
                name=f"Tool {n}",
                slug=f"tool-{n}",
                category=shelves[n // 10],
                state="published",
                published_at=now,
                entry="free",
                is_sample=True,
            )
            for n in range(size)
        ]
    )
    Verdict.objects.bulk_create(
        [
            Verdict(
                tool=tool,
                reviewer=persona,
                editor=editor,
                decision="ship",
                reason="Because.",
                tested_on=now.date(),
                state="published",
                published_at=now - datetime.timedelta(minutes=tool.pk),
            )
            for tool in tools
            for persona in panel
        ]
    )
    recount()
    Change.objects.bulk_create([Change(tool=tool, kind="listed") for tool in tools])
    Change.objects.bulk_create([Change(tool=tool, kind="corrected", payload={"what": "x"}) for tool in tools])
    Tally.objects.bulk_create([Tally(tool=tool, ships=30, skips=10) for tool in tools])
    Price.objects.bulk_create([Price(tool=tool, amount=1, starts_on=now.date()) for tool in tools])
    FormerSlug.objects.bulk_create([FormerSlug(tool=tool, slug=f"old-{tool.slug}") for tool in tools])
    texts = {"headline": "Which?", "ship_first_if": "x", "ship_second_if": "y", "ship_neither_if": "z"}
    pairs = pairwise(tools)
    Comparison.objects.bulk_create([Comparison(first=a, second=b, published_at=now, **texts) for a, b in pairs])


def cost(client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
        if response.streaming:
            list(response.streaming_content)
    assert response.status_code in {200, 404}, address
    return len(queries)


def test_no_page_costs_more_queries_for_three_hundred_tools_than_for_two(client):
    fill(2)
    few = {address: cost(client, address) for address in PAGES}
    for model in (Comparison, Tally, Price, FormerSlug, Tool, Category):
        model.objects.all().delete()

    fill(300)
    made_pages.pages.traces.clear()
    many = {address: cost(client, address) for address in PAGES}

    assert many == few
    assert max(many.values()) <= 20


def test_an_empty_site_costs_no_more_than_a_full_one(client):
    empty = {address: cost(client, address) for address in ["/", "/tools/", "/panel/", "/feed/", "/sitemap.xml"]}
    fill(1)

    assert all(cost(client, address) >= queries for address, queries in empty.items())
