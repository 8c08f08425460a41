"""What a catalogue too large to be counted for each page says of its numbers, and that it counts them seldom."""

import datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from verdicts import facets

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """A handful of tools counts as a large catalogue, and this process has none at hand."""
    cache.clear()
    monkeypatch.setattr(facets, "LARGE", 2)
    monkeypatch.setattr(facets, "_at_hand", {})
    facets._summed.cache_clear()
    factories.tool("a", licence="MIT")
    factories.tool("b", licence="MIT")


def licences(client, query=""):
    offered = {row.name: row for row in client.get(f"/tools/{query}").context["filters"]}
    return {choice.value: choice.count for choice in offered["licence"].choices}


def test_it_is_counted_once_for_many_pages_and_the_page_says_when(client):
    page = client.get("/tools/")
    factories.tool("c", licence="MIT")

    again = client.get("/tools/")

    assert again.context["counted_at"] == page.context["counted_at"]
    assert again.context["total"] == 2
    assert f"Counted at {page.context['counted_at']:%H:%M} UTC." in again.text


def test_a_page_of_a_large_catalogue_does_not_count_its_facets(client):
    client.get("/tools/")

    with CaptureQueriesContext(connection) as queries:
        client.get("/tools/?licence=MIT&panel=none")

    assert not [sql for sql in (query["sql"] for query in queries) if "COUNT(" in sql and "facet_open" in sql]


def test_what_is_too_old_is_counted_anew_and_only_once(client):
    client.get("/tools/")
    factories.tool("c", licence="MIT")
    name, (_, cube) = facets._at_hand.popitem()
    facets._at_hand[name] = timezone.now() - datetime.timedelta(seconds=facets.KEPT_SECONDS + 1), cube
    cache.clear()

    assert licences(client) == {"MIT": 3}


def test_while_somebody_counts_the_others_go_on_with_what_they_have(client):
    client.get("/tools/")
    name, (_, cube) = facets._at_hand.popitem()
    old = timezone.now() - datetime.timedelta(seconds=facets.KEPT_SECONDS + 1)
    facets._at_hand[name] = old, cube
    cache.clear()
    assert facets.is_first("counting-facets", 30)

    assert client.get("/tools/").context["counted_at"] == old


def test_filters_of_a_large_catalogue_leave_what_they_say(client):
    factories.tool("c", licence="Apache-2.0")

    page = client.get("/tools/?licence=MIT")

    assert page.context["total"] == len(page.context["page"].object_list) == 2
    assert licences(client, "?licence=MIT") == {"MIT": 2, "Apache-2.0": 1}


def test_a_small_catalogue_counts_what_is_there_now(client, monkeypatch):
    monkeypatch.setattr(facets, "LARGE", 100)
    client.get("/tools/")
    factories.tool("c", licence="MIT")

    page = client.get("/tools/")

    assert page.context["total"] == 3
    assert page.context["counted_at"] is None
