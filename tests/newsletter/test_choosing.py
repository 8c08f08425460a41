"""What an issue holds: everything once, whenever it was published."""

import datetime
from itertools import pairwise

import pytest
import time_machine
from django.db import DatabaseError, transaction

from newsletter.choosing import MOST_BLOCKS, choose
from newsletter.following import unmailed_changes
from newsletter.freezing import NotReady, blocks_of, freeze
from newsletter.models import Delivery, Edition, Issue, IssueItem, IssuePin
from newsletter.rendering import TooLarge
from newsletter.schedule import Period
from tests import factories
from tools.models import Tool
from verdicts import queries
from verdicts.models import Verdict

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
CUTOFF = datetime.datetime(2026, 11, 29, 18, tzinfo=UTC)
WEEK = datetime.timedelta(days=7)
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def before_the_cutoff():
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False) as clock:
        yield clock


def freeze_at(day="2026-11-30"):
    period = Period(datetime.date.fromisoformat(day))
    with time_machine.travel(period.cutoff, tick=False):
        return freeze(Issue.of(period).pk)


def names(issue):
    return [block["tool"]["name"] if "tool" in block else block["title"] for block in blocks_of(issue)]


def test_an_empty_week_is_recorded_and_what_comes_late_is_in_the_next():
    factories.subscriber()

    empty = freeze_at("2026-11-30")

    assert (empty.state, empty.recipient_count, empty.number) == ("skipped", 0, None)
    assert not Delivery.objects.exists()
    factories.reviewed_tool("Cursor")
    assert names(freeze_at("2026-12-07")) == ["Cursor"]


@pytest.mark.parametrize("shift", [-SECOND, 0 * SECOND, SECOND, -3 * WEEK])
def test_a_verdict_is_in_exactly_one_issue_whenever_it_was_published(shift):
    tool = factories.tool("Cursor")
    other = factories.reviewed_tool("Aider")
    with time_machine.travel(CUTOFF + 10 * SECOND, tick=False):
        if shift >= 0 * SECOND:
            first = freeze_at("2026-11-30")
            factories.verdict(tool, at=CUTOFF + shift)
        else:
            factories.verdict(tool, at=CUTOFF + shift)
            first = freeze_at("2026-11-30")
    second = freeze_at("2026-12-07")

    found = names(first) + (names(second) if second.number else [])
    assert found.count("Cursor") == 1
    assert found.count(other.name) == 1


def test_one_dated_back_after_the_issue_went_out_is_in_the_next():
    factories.reviewed_tool("Aider")
    freeze_at("2026-11-30")
    factories.verdict(factories.tool("Cursor"), at=CUTOFF - 3 * WEEK)

    assert names(freeze_at("2026-12-07")) == ["Cursor"]


def test_a_changed_mind_is_told_and_a_change_of_words_is_not():
    tool, other = factories.reviewed_tool("Cursor"), factories.reviewed_tool("Aider")
    freeze_at("2026-11-30")
    with time_machine.travel(CUTOFF + datetime.timedelta(days=1), tick=False):
        for subject, decision in ((tool, "skip"), (other, "ship")):
            old = Verdict.objects.published().get(tool=subject, reviewer__slug="builder")
            old.revise(
                seen_edits=old.edits, decision=decision, reason="New words.", revision_note="Looked again."
            ).publish()

    issue = freeze_at("2026-12-07")

    [item] = issue.items.all()
    assert item.kind == IssueItem.Kind.CHANGED
    assert (item.snapshot["verdict"]["before"], item.snapshot["verdict"]["decision"]) == ("ship", "skip")
    assert freeze_at("2026-12-14").state == "skipped"


def test_a_verdict_taken_back_before_freezing_is_dropped_and_afterwards_is_corrected_in_the_archive(client):
    kept, dropped = factories.reviewed_tool("Cursor"), factories.reviewed_tool("Aider")
    for verdict in Verdict.objects.filter(tool=dropped):
        verdict.withdraw(by=factories.editor(), reason="Wrong tool.")

    issue = freeze_at()

    assert names(issue) == ["Cursor"]
    Issue.objects.filter(pk=issue.pk).update(state="sending")
    Verdict.objects.filter(tool=kept).first().withdraw(by=factories.editor(), reason="It was a test build.")
    page = client.get(f"/newsletter/archive/{issue.slug}/").text
    assert "Changed since" in page
    assert "It was a test build." in page


def test_pins_come_first_then_what_readers_care_about_and_what_has_no_room_waits():
    quiet = factories.reviewed_tool("Quiet")
    loud = factories.reviewed_tool("Loud")
    factories.votes(loud, 300, 200)
    for number in range(MOST_BLOCKS):
        factories.reviewed_tool(f"Plain {number:02}")
    held = factories.reviewed_tool("Held")
    issue = factories.issue()
    IssuePin.objects.create(issue=issue, tool=quiet)
    IssuePin.objects.create(issue=issue, tool=held, place="hold")

    found = choose(issue)

    assert [block.snapshot["tool"]["name"] for block in found.blocks[:2]] == ["Quiet", "Loud"]
    assert (len(found.blocks), found.more_count) == (MOST_BLOCKS, 2)
    first, second = names(freeze_at()), names(freeze_at("2026-12-07"))
    assert len(first) + len(second) == MOST_BLOCKS + 3
    assert set(first).isdisjoint(second)
    assert "Held" in second


def test_a_comparison_is_told_once_and_a_close_call_when_it_becomes_one():
    first, second = factories.reviewed_tool("Aider"), factories.reviewed_tool("Cursor")
    factories.comparison(first, second)
    assert "Aider vs Cursor" in names(freeze_at("2026-11-30"))
    assert freeze_at("2026-12-07").state == "skipped"
    factories.votes(first, 70, 30)
    factories.votes(second, 60, 40)

    issue = freeze_at("2026-12-14")

    assert [item.kind for item in issue.items.all()] == ["close"]
    assert issue.items.get().snapshot["lead"] == "Too close to call"
    assert freeze_at("2026-12-21").state == "skipped"


def test_every_figure_is_the_sites_own():
    tool = factories.reviewed_tool("Cursor", "++-+")
    factories.votes(tool, 70, 30)

    issue = freeze_at()

    [scored] = queries.scored(queries.with_figures(Tool.objects.filter(pk=tool.pk)))
    said = issue.items.first().snapshot["tool"]
    assert said["panel_figure"] == scored.panel.figure
    assert said["community_words"] == scored.community.words == "70\u202f%, likely 60–78, 100 votes"


@pytest.mark.parametrize("size", [1, 12])
def test_choosing_costs_the_same_however_much_there_is(django_assert_num_queries, size):
    tools = [factories.reviewed_tool(f"Tool {n:02}") for n in range(size)]
    for first, second in pairwise(tools):
        factories.comparison(first, second)
    issue = factories.issue()

    with django_assert_num_queries(6 if size > 1 else 4):
        choose(issue)


# Who gets what ----------------------------------------------------------------------------------


def editions_by_reader(issue):
    numbers = dict(Delivery.objects.filter(issue=issue).values_list("subscriber_id", "edition"))
    mimes = {edition.number: bytes(edition.mime).decode() for edition in Edition.objects.filter(issue=issue)}
    return {pk: mimes.get(number, "") for pk, number in numbers.items()}


def test_each_choice_of_topics_has_an_edition_and_who_would_get_an_empty_mail_gets_none():
    agents, coding = factories.category("agents"), factories.category("coding")
    databases = factories.category("databases")
    factories.reviewed_tool("Cursor", category=coding)
    factories.reviewed_tool("Crew", category=agents)
    everything = factories.subscriber()
    only_coding = factories.subscriber(topics=factories.topics(coding))
    nothing = factories.subscriber(topics=factories.topics(databases))

    issue = freeze_at()

    mails = editions_by_reader(issue)
    assert "Cursor" in mails[everything.pk]
    assert "Crew" in mails[everything.pk]
    assert "Cursor" in mails[only_coding.pk]
    assert "Crew" not in mails[only_coding.pk]
    skipped = Delivery.objects.get(subscriber_id=nothing.pk)
    assert (skipped.state, skipped.reply) == (Delivery.State.SKIPPED, "no_content")
    assert issue.recipient_count == 3


def test_paused_unconfirmed_departed_and_monthly_readers_are_left_out_and_accounted_for():
    factories.reviewed_tool("Cursor")
    reader = factories.subscriber()
    factories.subscriber(paused_until=datetime.date(2026, 12, 31))
    back = factories.subscriber(paused_until=datetime.date(2026, 11, 30))
    factories.subscriber(state="unsubscribed")
    factories.subscriber(state="pending", confirmed_at=None)
    factories.subscriber(frequency="monthly")

    issue = freeze_at()

    assert set(Delivery.objects.values_list("subscriber_id", flat=True)) == {reader.pk, back.pk}
    assert (issue.candidate_count, issue.excluded_count, issue.recipient_count) == (4, 2, 2)


def test_a_monthly_reader_gets_each_month_once():
    monthly = factories.subscriber(frequency="monthly")
    weekly = factories.subscriber()
    got = {}
    for place, day in enumerate(["2026-11-16", "2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2027-01-04"]):
        with time_machine.travel(Period(datetime.date.fromisoformat(day)).cutoff - SECOND, tick=False):
            factories.reviewed_tool(f"Tool number {place}")
        got[day] = editions_by_reader(freeze_at(day))

    assert all(weekly.pk in mails for mails in got.values())
    assert [day for day, mails in got.items() if monthly.pk in mails] == ["2026-12-07", "2027-01-04"]
    december, january = got["2026-12-07"][monthly.pk], got["2027-01-04"][monthly.pk]
    assert [n for n in range(6) if f"Tool number {n}" in december] == [0, 1, 2]
    assert [n for n in range(6) if f"Tool number {n}" in january] == [3, 4]


def test_a_follower_finds_what_changed_in_the_same_mail_once():
    tool, other = factories.reviewed_tool("Cursor"), factories.reviewed_tool("Aider")
    follower, reader = factories.subscriber(), factories.subscriber()
    for who, what in ((follower, tool), (reader, other)):
        factories.follow(who, what, created_at=CUTOFF - datetime.timedelta(days=1))
    with time_machine.travel(CUTOFF - SECOND, tick=False):
        tool.latest_version = "9.1"
        tool.save()

    issue = freeze_at()

    assert Delivery.objects.get(subscriber_id=follower.pk).snippets == "1"
    assert Delivery.objects.get(subscriber_id=reader.pk).snippets == ""
    assert b"Version 9.1 is out" in bytes(issue.snippets.get(number=1).text)
    assert unmailed_changes(factories.issue("2026-12-07")) == {}


# Fixed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda issue: Issue.objects.filter(pk=issue.pk).update(subject="Other words"),
        lambda issue: Issue.objects.filter(pk=issue.pk).update(recipient_count=99, candidate_count=99),
        lambda issue: issue.editions.update(mime=b"Other bytes"),
        lambda issue: issue.items.update(snapshot={}),
        lambda issue: issue.items.update(position=77),
    ],
)
def test_the_database_refuses_to_change_a_frozen_issue(change):
    factories.reviewed_tool("Cursor")
    factories.subscriber()
    issue = freeze_at()

    with pytest.raises(DatabaseError), transaction.atomic():
        change(issue)


def test_freezing_twice_changes_nothing():
    factories.reviewed_tool("Cursor")
    factories.subscriber()
    first = freeze_at()
    before = list(Delivery.objects.values_list())

    again = freeze_at()

    assert (again.number, again.frozen_at) == (first.number, first.frozen_at)
    assert list(Delivery.objects.values_list()) == before


def test_a_freeze_that_breaks_off_leaves_nothing_and_the_next_one_works(monkeypatch):
    factories.reviewed_tool("Cursor")
    factories.subscriber()
    with monkeypatch.context() as patch:
        patch.setattr("newsletter.following.assign_snippets", lambda issue: 1 / 0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            freeze_at()
    assert not Delivery.objects.exists()
    assert not IssueItem.objects.exists()

    assert freeze_at().recipient_count == 1


def test_a_mail_that_programs_would_cut_off_is_refused_with_what_to_hold_back():
    for number in range(12):
        tool = factories.tool(f"Tool {number:02}", tagline="x" * 160)
        for persona in factories.PERSONAS:
            factories.verdict(tool, persona, reason=" ".join(["w" * 190] * 30))

    with pytest.raises(TooLarge, match=r"Hold back “Tool \d\d”"), transaction.atomic():
        freeze_at()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("NEWSLETTER_POSTAL_ADDRESS", "", "POSTAL_ADDRESS"),
        ("NEWSLETTER_LIST_ID", "", "LIST_ID"),
        ("SITE_URL", "http://ship.example", "https"),
    ],
)
def test_nothing_is_sent_without_what_the_law_and_the_standards_ask_for(settings, setting, value, words):
    settings.MAILERS = settings.MAILERS | {
        "bulk": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "x", "port": 25}}
    }
    settings.SITE_URL, settings.NEWSLETTER_POSTAL_ADDRESS = "https://ship.example", "1 Harbour Street, Port"
    factories.reviewed_tool("Cursor")
    setattr(settings, setting, value)

    with pytest.raises(NotReady, match=words):
        freeze_at()
