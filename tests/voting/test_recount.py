"""Counting anew: drift is found, told and repaired, by command and by night."""

import datetime
import logging

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests import factories
from voting import counting, tasks
from voting.casting import cast
from voting.models import Tally, TallyDay, Vote, tallies_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def tool():
    found = factories.tool("Cursor")
    for value in (1, 1, -1):
        cast(factories.guest(), found, value)
    return found


def test_without_drift_the_command_says_so(tool, capsys):
    call_command("recount_votes")

    assert "Every tally" in capsys.readouterr().out


def test_drift_is_told_and_makes_the_exit_code_1_and_repair_mends_it(tool, capsys):
    Tally.objects.update(ships=7, held=1)

    with pytest.raises(SystemExit) as stopped:
        call_command("recount_votes")
    assert stopped.value.code == 1
    assert "cursor: ships 7 instead of 2, held 1 instead of 0" in capsys.readouterr().err
    call_command("recount_votes", "--repair")
    call_command("recount_votes")

    assert (Tally.objects.get().ships, counting.drifts()) == (2, [])


def test_a_missing_tally_is_drift_and_is_made(tool):
    Tally.objects.all().delete()

    assert [drift.tool_id for drift in counting.drifts()] == [tool.pk]
    counting.repair(counting.drifts())
    assert (Tally.objects.get().ships, Tally.objects.get().skips) == (2, 1)


@pytest.mark.parametrize("change", [{"value": -1}, {"state": 2}])
def test_a_vote_changed_behind_the_logs_back_is_told_and_not_repaired(tool, change, capsys):
    vote = Vote.objects.filter(value=1).first()
    Vote.objects.filter(pk=vote.pk).update(**change)

    assert counting.replay() == [("differs", vote.pk)]
    with pytest.raises(SystemExit):
        call_command("recount_votes", "--repair")
    assert f"vote {vote.pk}: it is not what the log ended with" in capsys.readouterr().err


def test_a_vote_removed_behind_the_logs_back_is_told(tool):
    vote = Vote.objects.first()
    pk = vote.pk
    vote.delete()

    assert counting.replay() == [("lost", pk)]


def test_the_nightly_job_repairs_and_raises_the_alarm(tool, caplog):
    Tally.objects.update(skips=9)

    with caplog.at_level(logging.ERROR):
        tasks.recount()
        tasks.recount()

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert (Tally.objects.get().skips, counting.drifts()) == (1, [])


def test_the_tallies_of_a_past_day_can_be_asked_for(tool):
    today = timezone.now().date()
    days = [today - datetime.timedelta(days=n) for n in range(3, 0, -1)]
    counting.snapshot(days[0])
    counting.snapshot(days[1])
    cast(factories.guest(), tool, 1)
    tasks.keep_tallies_of_yesterday()
    tasks.keep_tallies_of_yesterday()

    assert TallyDay.objects.count() == 2
    found = [tallies_on([tool], day).get(tool.pk) for day in [days[0] - datetime.timedelta(days=1), *days, today]]
    assert [row and row.ships for row in found] == [None, 2, 2, 3, 3]


def test_a_recount_costs_the_same_however_many_tools_there_are(tool, django_assert_num_queries):
    for _ in range(3):
        cast(factories.guest(), factories.tool(), 1)

    with django_assert_num_queries(2):
        counting.drifts(), counting.replay()
