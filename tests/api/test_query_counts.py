"""Every list of the API costs the same number of queries for two tools and for three hundred."""

import pytest

from tests.verdicts.test_query_counts import cost, fill
from tools.models import Category, FormerSlug, Price, Tool
from verdicts.models import Comparison
from voting.models import Tally

pytestmark = pytest.mark.django_db
LISTS = ["categories", "tools", "tools/?expand=facts,prices,verdicts", "reviewers", "verdicts", "comparisons", "changes",
         "comparisons/tool-0-vs-tool-1", "verdicts/tool-0/builder/revisions"]  # fmt: skip


def costs(client) -> dict[str, int]:
    return {it: cost(client, f"/api/v1/{it}" if "?" in it else f"/api/v1/{it}/") for it in LISTS}


def test_no_list_costs_more_queries_for_three_hundred_tools_than_for_two(client):
    fill(2)
    few = costs(client)
    for model in (Comparison, Tally, Price, FormerSlug, Tool, Category):
        model.objects.all().delete()
    fill(300)

    assert costs(client) == few
    assert max(few.values()) <= 14, few
