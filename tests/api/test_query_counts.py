"""Every list of the API costs the same number of queries for two rows and for three hundred."""

import datetime

import pytest
from django.core.cache import cache
from django.utils import timezone

from config.api.document import parsed
from newsletter.models import Issue
from tests import factories
from tests.verdicts.test_query_counts import cost, fill
from tools.models import Category, FormerSlug, Price, Tool
from verdicts.models import Comparison
from voting.models import Tally, Vote, Voter

pytestmark = pytest.mark.django_db
LISTS = ["categories", "tools", "tools/?expand=facts,prices,verdicts", "reviewers", "verdicts", "comparisons", "changes",
         "issues", "votes", "staff/tools", "staff/verdicts", "rankings", "rankings/shelf-0",
         "comparisons/tool-0-vs-tool-1", "verdicts/tool-0/builder/revisions"]  # fmt: skip


def costs(client) -> dict[str, int]:
    cache.clear()
    return {it: cost(client, f"/api/v1/{it}" if "?" in it else f"/api/v1/{it}/") for it in LISTS}


def fill_more(voter, size):
    """Votes of one reader on all tools, and as many issues that have gone out."""
    now = timezone.now()
    Vote.objects.bulk_create([Vote(voter=voter, tool=tool, value=1, changed_at=now) for tool in Tool.objects.all()])
    days = [datetime.date(2020, 1, 6) + datetime.timedelta(days=7 * n) for n in range(size)]
    states = {"state": "done", "frozen_at": now, "finished_at": now, "cutoff_at": now, "sends_at": now}
    Issue.objects.bulk_create(
        [Issue(period_key=f"k{n}", slug=f"k{n}", day=day, number=n + 1, **states) for n, day in enumerate(days)]
    )


def test_no_list_costs_more_queries_for_three_hundred_rows_than_for_two(client):
    voter = Voter.objects.create(account=factories.staff())
    client.force_login(voter.account)
    fill(2)
    fill_more(voter, 2)
    few = costs(client)
    for model in (Vote, Issue, Comparison, Tally, Price, FormerSlug, Tool, Category):
        model.objects.all()._raw_delete("default") if model is Issue else model.objects.all().delete()
    fill(300)
    fill_more(voter, 300)

    assert costs(client) == few
    assert max(few.values()) <= 14, few


def test_every_list_of_the_document_is_counted():
    counted = {it.partition("?")[0].rstrip("/") for it in LISTS} | {"verdicts/{tool}/{reviewer}/revisions"}
    lists = {
        path for path, methods in parsed()["paths"].items() if "_list" in methods.get("get", {}).get("operationId", "")
    }

    assert {path.removeprefix("/api/v1/").rstrip("/") for path in lists} <= counted
