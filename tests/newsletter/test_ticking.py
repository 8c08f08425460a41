"""The clock is a hint: two beats, a late one, or none, and each week still has one outcome."""

import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from newsletter import schedule, ticking
from newsletter.models import Delivery, Issue, SendBatch
from newsletter.sending import Sender
from newsletter.smtp import Message, Outcome, Reply
from tests import factories

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
CUTOFF = datetime.datetime(2026, 11, 29, 18, tzinfo=UTC)


class Recorded:
    """A mail server that takes everything, without a network."""

    def __init__(self):
        self.taken: list[Message] = []
        self.idle = self.guard = lambda: None

    def send(self, messages):
        for message in messages:
            self.taken.append(message)
            yield Outcome(message, Reply(250, "2.0.0 Ok"))

    def close(self): ...

    def drop(self): ...


def run(*moments):
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            ticking.tick()


def states():
    return {issue.period_key: issue.state for issue in Issue.objects.order_by("day")}


def hours(moment, *offsets):
    return [moment + datetime.timedelta(hours=offset) for offset in offsets]


def test_a_week_of_two_beats_makes_one_issue():
    factories.subscriber()
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        factories.reviewed_tool("Cursor")
    for hour in range(-24, 24, 2):
        run(*hours(CUTOFF, hour, hour))

    assert states() == {"2026-W49": "frozen", "2026-W50": "draft"}
    assert Delivery.objects.count() == 1


def test_a_task_that_dies_after_making_the_issue_makes_no_second_one():
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        ticking.ensure_issues(datetime.datetime.now(UTC))
    run(CUTOFF - datetime.timedelta(days=2))

    assert states() == {"2026-W49": "draft"}


def test_after_days_without_a_beat_the_issue_is_missed_and_waits_for_a_person():
    factories.subscriber()
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        factories.reviewed_tool("Cursor")
        ticking.tick()

    run(CUTOFF + datetime.timedelta(days=3))

    assert states() == {"2026-W49": "missed", "2026-W50": "draft"}
    assert not Delivery.objects.exists()
    Issue.objects.get(state="missed").approve(factories.staff())
    run(CUTOFF + datetime.timedelta(days=3, hours=1))
    assert states()["2026-W49"] == "frozen"


def test_two_missed_weeks_send_nothing_by_themselves_and_lose_nothing():
    factories.subscriber()
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        factories.reviewed_tool("Cursor")
        ticking.tick()

    run(CUTOFF + datetime.timedelta(days=12))

    assert states() == {"2026-W49": "missed", "2026-W50": "missed", "2026-W51": "draft"}
    run(CUTOFF + datetime.timedelta(days=14))
    assert states()["2026-W51"] == "frozen"
    assert Issue.objects.get(period_key="2026-W51").items.count() == 4


def test_an_issue_waits_for_approval_if_the_settings_say_so(settings):
    settings.NEWSLETTER_NEEDS_APPROVAL = True
    factories.subscriber()
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        factories.reviewed_tool("Cursor")
    run(CUTOFF - datetime.timedelta(days=1), CUTOFF)
    assert states()["2026-W49"] == "draft"

    Issue.objects.get(period_key="2026-W49").approve(factories.staff())
    run(CUTOFF + datetime.timedelta(minutes=1))

    assert states()["2026-W49"] == "frozen"


def test_no_more_batches_are_queued_than_there_are_connections(settings):
    settings.NEWSLETTER_CONNECTIONS = 2
    for zone in ["Europe/Berlin", "Asia/Tokyo", "UTC", "America/New_York"]:
        factories.subscriber(tz=zone)
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        factories.reviewed_tool("Cursor")
    run(CUTOFF - datetime.timedelta(hours=1), CUTOFF)
    late = CUTOFF + datetime.timedelta(hours=30)

    assert len(ticking.waiting_batches(CUTOFF)) == 0
    assert len(ticking.waiting_batches(late)) == 2
    SendBatch.objects.filter(number=0).update(state="leased", lease_until=late + datetime.timedelta(minutes=1))
    assert len(ticking.waiting_batches(late)) == 1


@pytest.mark.parametrize("start", ["2026-10-12", "2027-03-01"])
def test_a_quarter_has_thirteen_periods_thirteen_outcomes_and_one_digest_each_at_local_nine(settings, start):
    """Over the clock changes of Europe and America, with empty weeks and a beat that fails to come."""
    zones = ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"]
    readers = {factories.subscriber(tz=zone).pk: zone for zone in zones}
    first = schedule.Period(datetime.date.fromisoformat(start))
    server, empty, period = Recorded(), {3, 8}, first
    for week in range(13):
        with time_machine.travel(period.cutoff - datetime.timedelta(days=3), tick=False):
            if week not in empty:
                factories.reviewed_tool(f"Tool of week {week}")
        for hour in range(-30, 42, 3):
            if (week + hour) % 5 == 0:
                continue  # the beat is away
            with time_machine.travel(period.cutoff + datetime.timedelta(hours=hour), tick=False):
                ticking.tick()
                Sender(server).work()
                ticking.finish_all()
        period = period.next

    issues = list(Issue.objects.filter(day__gte=first.day, day__lt=period.day).order_by("day"))
    assert len(issues) == 13
    assert [issue.state for issue in issues] == ["skipped" if week in empty else "done" for week in range(13)]
    assert [issue.number for issue in issues if issue.number] == list(range(1, 12))
    assert len(server.taken) == 11 * len(zones)
    for issue in issues:
        got = {d.subscriber_id: d.batch.wave_at for d in Delivery.objects.filter(issue=issue).select_related("batch")}
        assert set(got) == (set(readers) if issue.number else set())
        for pk, wave in got.items():
            assert wave.astimezone(ZoneInfo(readers[pk])).strftime("%a %H:%M") == "Mon 09:00"
