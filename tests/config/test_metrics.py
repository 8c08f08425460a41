"""The figures for whoever watches the site."""

import datetime

import pytest
from django.core.cache import cache
from django.utils import timezone
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families

from newsletter import schedule
from newsletter.models import Issue, SendBatch
from tests import factories
from voting import alarms
from voting.models import Round

TOKEN = "a-token-of-the-operator"


@pytest.fixture
def figures(client, settings, db):
    """Read them, as a dictionary by name and labels."""
    settings.METRICS_TOKEN = TOKEN

    def read():
        text = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
        samples = [sample for family in families(text) for sample in family.samples]
        return {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}

    return read


def test_a_request_is_counted_by_the_name_of_its_address(figures, client):
    factories.tool("Ant")
    before = figures().get(("shipworthy_requests_total", "200", "GET", "tool"), 0)

    client.get("/tools/ant/")

    assert figures()["shipworthy_requests_total", "200", "GET", "tool"] == before + 1


def test_addresses_that_readers_make_up_do_not_make_new_figures(figures, client):
    client.get("/nowhere/one/")
    figures()
    before = len(figures())

    client.get("/nowhere/two/")

    assert len(figures()) == before


def test_votes_are_counted_by_what_became_of_them(figures):
    factories.votes(factories.tool(), 5, 3)

    assert figures()["shipworthy_votes", "ships"] == 5
    assert figures()["shipworthy_database_up",] == 1


def test_the_last_look_at_the_votes_is_a_figure(figures):
    assert ("shipworthy_votes_checked_at",) not in figures()

    looked = Round.objects.create(at=timezone.now())

    assert figures()["shipworthy_votes_checked_at",] == pytest.approx(looked.at.timestamp())
    assert figures()["shipworthy_cases_open",] == 0


def test_what_the_last_recount_found_is_told(figures):
    cache.clear()
    assert ("shipworthy_tally_drifts",) not in figures()

    alarms.remember(2, 1)

    told = figures()
    cache.clear()
    assert told["shipworthy_tally_drifts",] == 2
    assert told["shipworthy_log_disagreements",] == 1
    assert 0 <= told["shipworthy_recount_age_seconds",] < 3600


def test_how_far_the_newest_issue_has_come_is_told(figures):
    issue = Issue.of(schedule.period_after(timezone.now() - datetime.timedelta(days=8)))
    Issue.objects.filter(pk=issue.pk).update(
        state="sending", number=1, frozen_at=timezone.now(), candidate_count=10, recipient_count=10
    )
    SendBatch.objects.create(
        issue=issue, number=1, wave_at=timezone.now() - datetime.timedelta(hours=1), size=10, sent=6, failed=1
    )

    told = figures()

    assert told["shipworthy_issue_mails", "sent"] == 6
    assert told["shipworthy_issue_mails", "open"] == 3
    assert told["shipworthy_batches_overdue",] == 1
    assert told["shipworthy_issue_paused",] == 0


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer "}])
def test_without_the_token_there_is_no_such_page(client, settings, db, header):
    settings.METRICS_TOKEN = TOKEN

    assert client.get("/metrics", headers=header).status_code == 404


def test_where_no_token_is_set_nobody_has_it(client, settings, db):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404
