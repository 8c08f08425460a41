"""Links of an issue: they lead to the site's own pages, and are counted without a word about who opened them."""

import datetime
import re

import pytest
import time_machine

from newsletter import clicks
from newsletter.freezing import freeze
from newsletter.models import Issue, LinkHit
from tests import factories

pytestmark = pytest.mark.django_db
CUTOFF = datetime.datetime(2026, 11, 29, 18, tzinfo=datetime.UTC)
BY_HAND = {"sec-fetch-mode": "navigate"}


@pytest.fixture
def issue():
    factories.subscriber()
    agents = factories.category("agents")
    factories.subscriber(topics=factories.topics(agents))
    with time_machine.travel(CUTOFF - datetime.timedelta(days=1), tick=False):
        first, second = factories.reviewed_tool("Cursor"), factories.reviewed_tool("Aider", category=agents)
        factories.comparison(first, second)
    with time_machine.travel(CUTOFF, tick=False):
        return freeze(factories.issue().pk)


def hrefs(edition):
    text = bytes(edition.mime).decode().replace("=\r\n", "")
    return re.findall(r'href=3D"http://testserver(/newsletter/l/[^"]+)"', text)


def test_every_edition_leads_by_the_same_numbers_to_the_same_pages(issue, client):
    leads = [{path: client.get(path)["Location"] for path in hrefs(edition)} for edition in issue.editions.all()]

    assert len(leads) == 2
    together = leads[0] | leads[1]
    assert all(together[path] == place for lead in leads for path, place in lead.items())
    assert {"/tools/cursor/", "/tools/aider/", "/compare/aider-vs-cursor/"} <= set(together.values())


def test_only_what_somebody_opens_in_a_browser_counts(issue, client):
    path = "/newsletter/l/2026-w49/0/"

    client.get(path)
    client.head(path, headers=BY_HAND)
    assert not LinkHit.objects.exists()
    for _ in range(3):
        answer = client.get(path, headers=BY_HAND)

    assert (answer.status_code, answer.cookies.output()) == (302, "")
    assert list(LinkHit.objects.values_list("issue_no", "link_no", "count")) == [(issue.number, 0, 3)]
    assert clicks.counts_of(issue)[0] == (answer["Location"], 3)


@pytest.mark.parametrize(
    "path", ["2026-w49/999/", "2026-w49/-1/", "2026-w49/https://evil.example/", "2020-w01/0/", "2026-w49/0"]
)
def test_a_link_that_is_none_leads_nowhere(issue, client, path):
    answer = client.get(f"/newsletter/l/{path}", headers=BY_HAND, follow=True)

    assert answer.status_code == (200 if path.endswith("/0") else 404)


def test_an_issue_that_has_not_been_frozen_has_no_links(client):
    factories.issue()

    assert client.get("/newsletter/l/2026-w49/0/").status_code == 404
    assert Issue.objects.get().frozen_at is None


def test_one_address_is_counted_sixty_times_an_hour_at_most(issue, client, monkeypatch):
    monkeypatch.setattr(clicks.OF_AN_ADDRESS, "rate", "2/h")

    for _ in range(5):
        assert client.get("/newsletter/l/2026-w49/0/", headers=BY_HAND, REMOTE_ADDR="10.9.9.9").status_code == 302

    assert LinkHit.objects.get().count == 2


def test_a_preview_and_a_test_lead_straight_to_the_pages(issue):
    from newsletter.previewing import preview

    assert "/newsletter/l/" not in preview(issue).mail.html


def test_staff_see_the_sums_in_the_report(issue, client):
    client.force_login(factories.staff())
    LinkHit.objects.note(issue.number, 0, CUTOFF.date())

    assert "how often they were opened" in client.get(f"/admin/newsletter/issue/{issue.pk}/report/").text
