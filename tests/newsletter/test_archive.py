"""The public archive, and what no page of it may hold."""

import datetime

import pytest
import time_machine

from newsletter.freezing import freeze
from newsletter.models import Issue
from newsletter.schedule import Period
from tests import factories

pytestmark = pytest.mark.django_db
DAYS = ["2026-11-16", "2026-11-23"]


def past_issues(count=2):
    """Issues that have gone out, a tool in each."""
    reader = factories.subscriber("somebody@example.org")
    day = datetime.date(2026, 11, 23) - datetime.timedelta(days=7 * (count - 1))
    for number in range(count):
        period = Period(day + datetime.timedelta(days=7 * number))
        with time_machine.travel(period.cutoff - datetime.timedelta(hours=5), tick=False):
            factories.reviewed_tool(f"Tool {number + 1:03}", "++-+", description="x")
        with time_machine.travel(period.cutoff, tick=False):
            freeze(Issue.of(period).pk)
    Issue.objects.filter(state="frozen").update(state="sending")
    return reader


def test_the_archive_lists_what_went_out_newest_first_and_each_issue_has_a_page(client):
    past_issues()

    page = client.get("/newsletter/archive/").text

    assert page.index("Tool 002") < page.index("Tool 001")
    issue = client.get("/newsletter/archive/2026-w47/").text
    assert "Tool 001" in issue
    assert "3 of 4 ship" in issue
    assert "Next: " in issue


def test_an_issue_that_has_not_gone_out_is_nobodys_business(client):
    factories.issue()

    assert client.get("/newsletter/archive/2026-w49/").status_code == 404
    assert "No issue has gone out yet" in client.get("/newsletter/archive/").text


def test_no_page_holds_a_token_or_an_address(client):
    reader = past_issues()

    for address in ("/newsletter/archive/", "/newsletter/archive/2026-w47/", "/newsletter/archive/feed/"):
        page = client.get(address).text
        assert reader.email not in page
        assert reader.public_id.hex not in page
        assert "\x02" not in page


def test_a_page_says_what_it_said_whatever_has_happened_to_the_tool(client):
    past_issues()
    before = client.get("/newsletter/archive/2026-w47/").text
    tool = factories.Tool.objects.get(name="Tool 001")
    tool.name = "Renamed"
    tool.save()
    factories.votes(tool, 900, 1)

    assert client.get("/newsletter/archive/2026-w47/").text == before


def test_the_feed_is_atom_with_an_entry_for_each_issue(client):
    past_issues()

    feed = client.get("/newsletter/archive/feed/")

    assert feed["Content-Type"].startswith("application/atom+xml")
    assert feed.text.count("<entry>") == 2


@pytest.mark.parametrize("count", [1, 12])
def test_the_archive_costs_the_same_however_many_issues(client, django_assert_max_num_queries, count):
    past_issues(count)

    with django_assert_max_num_queries(4):
        client.get("/newsletter/archive/")
    with django_assert_max_num_queries(7):
        client.get("/newsletter/archive/2026-w48/")
