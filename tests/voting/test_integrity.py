"""The hourly pass over real votes: bought crowds held, honest ones counted; and after each test tallies and log exact."""

import datetime

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.core.management import call_command

from tests import factories
from tests.voting.streams import DAY, HOUR, START, Site
from tools.models import Tool
from verdicts.scoring import CommunityScore
from voting import cases, counting, integrity, judging, tasks
from voting.casting import cast
from voting.detector import Ballot, Detector
from voting.erasing import delete_votes
from voting.models import Case, Round, Tally, Vote, VoteEvent, Voter, VoteSignal, Watch, with_tally
from voting.origins import Origin
from voting.settling import WAITS, busy_from

pytestmark = pytest.mark.django_db
COUNTED, HELD, DISCARDED = Vote.State.COUNTED, Vote.State.HELD, Vote.State.DISCARDED


@pytest.fixture(autouse=True)
def exact(db):
    yield
    assert counting.drifts() == []
    assert counting.replay() == []


def moment(hours):
    return START + datetime.timedelta(hours=hours)


def test_a_bought_crowd_is_held_and_becomes_a_case():
    site = Site()

    votes = site.live(site.crowd(60, 5), hours=2)

    assert site.counted(votes) <= 0.1
    case = site.case()
    assert (case.tool, case.side, case.rule, case.state) == (site.tool, 1, "crowd", Case.State.OPEN)
    assert case.size == case.votes().count() == site.tally().held
    assert case.begins_at >= START
    told = VoteEvent.objects.filter(kind="state", new_state=HELD)
    assert set(told.values_list("actor", "reason")) == {("rule:crowd", "crowd")}


@pytest.mark.parametrize(
    "known",
    [
        {"count": 90, "hours": 6, "share": 0.45, "referrer": "https://news.example.org/"},
        {"count": 30, "hours": 1, "share": 0.5, "address": "198.51.100.7"},
    ],
    ids=["news surge", "classroom"],
)
def test_an_honest_crowd_counts_after_an_hour_at_most(known):
    site = Site()

    votes = site.live(site.crowd(**known), hours=1)

    assert site.counted(votes) >= 0.97


def test_a_crowd_from_one_wide_ipv6_network_is_held():
    site = Site()
    plan = [
        (at, value, site.home(address=f"2001:db8:77:{n:x}::1")) for n, (at, value, _) in enumerate(site.crowd(30, 3))
    ]

    votes = site.live(plan, hours=1)

    assert site.counted(votes) <= 0.1


def test_a_crowd_that_trickles_on_is_known_again_though_each_pass_reads_all_anew():
    site = Site()
    votes = site.live(site.crowd(40, 4), hours=0)
    held = site.tally().held

    late = site.live(site.crowd(8, 6), hours=1)

    assert site.counted(votes + late) <= 0.15
    assert site.case().size >= held
    assert len(site.case().memo) > 4


def test_a_pass_right_after_another_changes_nothing():
    site = Site()
    site.live(site.crowd(40, 4), hours=1)
    before = list(Vote.objects.order_by("pk").values_list("state", "reason"))
    events = VoteEvent.objects.count()

    assert site.check() is None  # of the same moment
    site.now += datetime.timedelta(seconds=1)
    assert site.check().moved == {}

    assert list(Vote.objects.order_by("pk").values_list("state", "reason")) == before
    assert VoteEvent.objects.count() == events


def test_a_pass_of_a_site_without_votes_is_noted_and_the_next_one_tells_when_they_began():
    assert integrity.check(at=moment(0)).looked_at == 0
    assert Round.objects.get().memo["site"] == [0, 0]

    cast(factories.guest(), factories.tool(), 1, at=moment(0.5))
    cast(factories.guest(), factories.tool(), 1, at=moment(1.5))
    integrity.check(at=moment(2))

    assert Round.objects.first().memo["began"] == moment(0.5).timestamp()


def test_what_comes_unusually_fast_waits_for_the_next_pass_and_readers_with_history_do_not():
    site = Site()
    at = site.now + HOUR / 2
    reader = Voter.objects.filter(votes__tool=site.other).first()
    tool = factories.tool()
    strangers = [cast(factories.guest(), tool, 1, origin=site.home(), at=at) for _ in range(5)]

    known = cast(reader, tool, -1, origin=site.home(), at=at)

    assert [it.state for it in strangers] == [COUNTED, COUNTED, HELD, HELD, HELD]
    assert known.state == COUNTED
    assert set(Vote.objects.filter(state=HELD).values_list("reason", flat=True)) == {WAITS}
    site.now += HOUR
    site.check()
    assert not Vote.objects.exclude(state=COUNTED).exists()


def test_nobody_waits_where_no_passes_run():
    tool = factories.tool()

    outcomes = [cast(factories.guest(), tool, 1, at=START) for _ in range(5)]

    assert {it.state for it in outcomes} == {COUNTED}


def test_a_tool_that_is_always_busy_has_a_higher_normal():
    assert [busy_from(n) for n in (0, 30, 336, 3360)] == [3, 3, 5, 19]


def test_a_click_settles_as_the_detector_says():
    """Asked at the click is the rule of the detector, from what the last pass has left of it."""
    site, detector = Site(regulars=4), Detector()
    Round.objects.create(at=site.now - HOUR / 2)
    tool, at = factories.tool(), site.now
    for n in range(6):
        at += datetime.timedelta(minutes=9 * n)
        outcome = cast(factories.guest(), tool, 1, at=at)
        assert Vote.State(outcome.state).label.lower() == detector.receive(Ballot(n, at.timestamp(), n, "it", 1))


def test_a_filled_trap_is_discarded_at_once_and_stays_so():
    site = Site(regulars=2)
    outcome = cast(factories.guest(), site.tool, 1, origin=Origin("203.0.113.9", honeypot=True), at=site.now)
    site.now += HOUR

    site.check()

    assert Vote.objects.values_list("state", "reason").get(pk=outcome.vote_id) == (DISCARDED, "trap")


def test_a_pass_never_overturns_a_person():
    site, editor = Site(), factories.staff()
    votes = site.live(site.crowd(40, 4), hours=1)
    case = cases.decide(site.case(), "count", by=editor, at=site.now)
    single = votes[0]
    judging.decide([single], DISCARDED, actor=f"staff:{editor.pk}", reason="mine", at=site.now)

    site.live(site.crowd(20, 4), hours=4)

    decided = dict(case.votes().values_list("pk", "state"))
    assert {state for vote, state in decided.items() if vote != single} == {COUNTED}
    assert Vote.objects.get(pk=single).state == DISCARDED
    case.refresh_from_db()
    assert case.state == Case.State.DECIDED


def test_votes_that_come_late_to_a_decided_crowd_are_a_case_of_their_own():
    site, editor = Site(), factories.staff()
    site.live(site.crowd(40, 4), hours=1)
    first = cases.decide(site.case(), "discard", by=editor, at=site.now)
    size = first.size

    late = site.live(site.crowd(30, 3), hours=1)

    assert site.counted(late) <= 0.2
    [second] = Case.objects.exclude(pk=first.pk)
    assert second.state == Case.State.OPEN
    assert not set(second.votes()) & set(first.votes())
    first.refresh_from_db()
    assert first.size == size
    assert site.tally().discarded == size


def test_an_undo_gives_every_vote_back_where_it_was_and_the_pass_goes_on_from_there():
    site, editor = Site(), factories.staff()
    site.live(site.crowd(40, 4), hours=1)
    before = list(Vote.objects.order_by("pk").values_list("state", "reason"))
    tally = Tally.objects.filter(tool=site.tool).values().get()

    cases.undo(cases.decide(site.case(), "discard", by=editor, at=site.now), by=editor, at=site.now)

    assert list(Vote.objects.order_by("pk").values_list("state", "reason")) == before
    assert Tally.objects.filter(tool=site.tool).values().get() == tally
    assert site.case().state == Case.State.OPEN
    site.now += HOUR
    site.check()
    assert site.tally().held >= 30


def test_what_another_release_remembered_of_a_crowd_stops_no_pass():
    site = Site(regulars=2)
    told = {"rule": "crowd", "side": 1, "opened_at": site.now, "begins_at": site.now, "ends_at": site.now}
    Case.objects.create(tool=site.tool, memo={"side": 1, "unknown": 2}, **told)
    Round.objects.update(memo={"unknown": 1})
    site.now += HOUR

    assert site.check() is not None
    assert site.case().state == Case.State.RELEASED


def test_a_case_whose_votes_all_count_again_is_released():
    site = Site()
    votes = site.live(site.crowd(40, 4), hours=1)
    judging.decide(votes, COUNTED, actor="rule:test", reason="", at=site.now)
    assert site.case().state == Case.State.OPEN
    Vote.objects.filter(pk__in=votes).update(changed_at=START - 100 * DAY)
    site.now += HOUR

    site.check()

    assert (site.case().state, site.case().released_at) == (Case.State.RELEASED, site.now)
    assert site.case().size >= 30


def test_a_reader_who_is_erased_leaves_the_case_too():
    site = Site()
    site.live(site.crowd(40, 4), hours=1)
    case = site.case()
    size = case.size

    delete_votes(case.votes().first().voter, at=site.now)
    site.now += HOUR
    site.check()

    assert (site.case().votes().count(), site.case().size) == (size - 1, size)


def test_without_signals_and_salts_a_pass_still_judges():
    site = Site()
    plan = site.crowd(60, 5)
    votes = []
    for at, value, _ in plan:
        votes.append(cast(factories.guest(), site.tool, value, at=at).vote_id)
    VoteSignal.objects.all().delete()
    site.now += 6 * HOUR

    site.check()

    assert site.counted(votes) <= 0.1


def test_how_many_queries_a_pass_asks_does_not_depend_on_how_many_votes_there_are(django_assert_max_num_queries):
    site = Site()
    for _ in range(12):
        tool = factories.tool()
        for _ in range(4):
            cast(factories.guest(), tool, 1, origin=site.home(), at=site.now)
    site.now += HOUR

    with django_assert_max_num_queries(45):
        site.check()


def test_a_dry_run_says_what_it_would_do_and_does_nothing(capsys):
    site = Site()
    for at, value, origin in site.crowd(60, 5):
        cast(factories.guest(), site.tool, value, origin=origin, at=at)
    site.now += 6 * HOUR
    before = list(Vote.objects.order_by("pk").values_list("state", "reason"))

    outcome = integrity.check(site.now, dry_run=True)

    assert outcome.into(HELD) >= 30
    assert list(Vote.objects.order_by("pk").values_list("state", "reason")) == before
    assert not Case.objects.exists()


def test_the_command_and_the_hourly_job_make_passes(capsys):
    tool = factories.tool()
    cast(factories.guest(), tool, 1)
    call_command("check_votes", "--dry-run")
    assert not Round.objects.exists()

    call_command("check_votes")
    tasks.check_votes()

    assert Round.objects.count() == 2
    assert "1 votes looked at; 0 are held, 0 are counted." in capsys.readouterr().out


def test_the_pass_is_made_every_hour():
    entry = settings.CELERY_BEAT_SCHEDULE["check-votes"]

    assert entry["task"] == tasks.check_votes.name
    assert entry["schedule"] == crontab(minute=5)


def test_what_the_last_pass_made_of_a_tool_is_made_anew():
    site = Site(regulars=2)
    Watch.objects.create(tool=site.tool, busy_from=9, in_doubt=True)
    site.now += HOUR

    site.check()

    assert Watch.objects.values_list("busy_from", "in_doubt").get() == (3, False)


def test_a_percentage_in_doubt_is_withheld_until_the_pass_says_otherwise():
    tool = factories.tool()
    factories.votes(tool, 30, 10)
    assert CommunityScore.of_row(with_tally(Tool.objects.all()).get()).kind == "shown"

    Watch.objects.create(tool=tool, in_doubt=True)

    score = CommunityScore.of_row(with_tally(Tool.objects.all()).get())
    assert (score.kind, score.percent, score.lean) == ("waiting", None, "")
    Tally.objects.all().delete()
