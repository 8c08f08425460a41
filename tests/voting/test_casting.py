"""Votes: set, changed, withdrawn, judged, merged, erased. After each test the tallies are what the votes add up to."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests import factories
from tools.models import Touch
from voting import casting, counting, eras, judging
from voting.erasing import delete_votes, forget_voter
from voting.merging import NotMergeable, merge, undo_merge
from voting.models import Tally, Vote, VoteEvent, Voter, VoteSignal
from voting.origins import Origin

pytestmark = pytest.mark.django_db
HELD, COUNTED, DISCARDED = Vote.State.HELD, Vote.State.COUNTED, Vote.State.DISCARDED
NOW = timezone.now()
ORIGIN = Origin("203.0.113.9", "Browser/1", "https://news.example.org/item?id=1", 2500)


@pytest.fixture(autouse=True)
def exact(db):
    """Whatever a test did: no drift, and a log that tells exactly the votes there are."""
    yield
    assert counting.drifts() == []
    assert counting.replay() == []


@pytest.fixture(params=["statement", "transaction"])
def way(request, monkeypatch):
    """Both ways of writing a vote: the one statement, where there is PostgreSQL, and the transaction."""
    if request.param == "statement" and connection.vendor != "postgresql":
        pytest.skip("the one statement is for PostgreSQL")
    if request.param == "transaction":
        monkeypatch.setattr(casting, "cast_in_one_call", casting._cast_in_a_transaction)
    return request.param


def said(tool):
    tally = Tally.objects.filter(tool=tool).first()
    return (tally.ships, tally.skips) if tally else (0, 0)


@pytest.mark.parametrize(
    ("words", "expected", "kinds"),
    [
        ([1], (1, 0), ["cast"]),
        ([-1], (0, 1), ["cast"]),
        ([1, 1, 1], (1, 0), ["cast"]),
        ([1, -1], (0, 1), ["cast", "change"]),
        ([1, 0], (0, 0), ["cast", "retract"]),
        ([1, 0, 0, -1], (0, 1), ["cast", "retract", "change"]),
        ([0], (0, 0), []),
    ],
)
def test_a_vote_is_set_and_not_toggled(way, words, expected, kinds):
    tool, reader = factories.tool(), factories.guest()

    outcomes = [casting.cast(reader, tool, word, origin=ORIGIN) for word in words]

    assert said(tool) == expected
    assert list(VoteEvent.objects.order_by("pk").values_list("kind", flat=True)) == kinds
    assert sum(outcome.changed for outcome in outcomes) == len(kinds)
    assert VoteSignal.objects.count() == bool(kinds)
    assert Voter.objects.get(pk=reader.pk).tools_voted == bool(kinds)


def test_both_ways_write_the_same_rows(way):
    tools = [factories.tool("One"), factories.tool("Two"), factories.tool("Three")]
    reader, at = factories.account(), timezone.now() - datetime.timedelta(days=9)

    for day, tool in enumerate(tools):
        casting.cast(reader, tool, 1, origin=ORIGIN, at=at + datetime.timedelta(days=day))
    casting.cast(reader, tools[0], -1, at=at + datetime.timedelta(days=5))

    votes = Vote.objects.order_by("tool__name").values_list("value", "was_value", "is_verified", "is_regular", "era")
    assert list(votes) == [(-1, 1, True, False, 0), (1, None, True, True, 0), (1, None, True, False, 0)]
    tally = Tally.objects.get(tool=tools[2])
    assert (tally.ships, tally.verified_ships, tally.regulars, tally.era_regulars) == (1, 1, 1, 1)
    reader.refresh_from_db()
    assert (reader.tools_voted, reader.first_vote_at) == (3, at)
    events = VoteEvent.objects.order_by("pk").values_list("kind", "old_value", "new_value", "old_state", "new_state")
    assert list(events)[-1] == ("change", 1, -1, 0, 0)


def test_a_change_never_launders_a_held_vote(way):
    tool, reader = factories.tool(), factories.guest()
    vote = casting.cast(reader, tool, 1).vote_id
    judging.decide([vote], HELD, actor="rule:R2", reason="same address")

    for value in (-1, 0, 1):
        casting.cast(reader, tool, value)

    assert said(tool) == (0, 0)
    assert Vote.objects.get().state == HELD
    assert Tally.objects.get().held == 1


def test_a_vote_that_trapped_stays_marked_however_it_is_changed(way):
    tool, reader = factories.tool(), factories.guest()

    casting.cast(reader, tool, 1, origin=Origin("203.0.113.9", honeypot=True))
    casting.cast(reader, tool, -1, origin=ORIGIN)

    assert VoteSignal.objects.get().honeypot


def test_an_unknown_value_is_refused():
    with pytest.raises(ValueError, match="not 2"):
        casting.cast(factories.guest(), factories.tool(), 2)


def test_deciding_counting_and_undoing_leaves_votes_as_they_were():
    tool = factories.tool()
    votes = [casting.cast(factories.guest(), tool, value).vote_id for value in (1, 1, -1)]
    judging.decide(votes[:1], HELD, actor="rule:R2", reason="same address")
    before = list(Vote.objects.order_by("pk").values_list("state", "reason"))

    assert judging.decide(votes, DISCARDED, actor="staff:7", reason="bought", case_id=4) == 3
    assert (said(tool), Tally.objects.get().discarded) == ((0, 0), 3)
    assert judging.undo(4, actor="staff:7") == 3

    assert list(Vote.objects.order_by("pk").values_list("state", "reason")) == before
    assert (said(tool), Tally.objects.get().held) == ((1, 1), 1)
    assert judging.undo(4, actor="staff:7") == 0


def test_an_undo_leaves_alone_what_another_decision_has_moved_since():
    tool = factories.tool()
    vote = casting.cast(factories.guest(), tool, 1).vote_id
    judging.decide([vote], HELD, actor="rule:R4", reason="burst", case_id=1)
    judging.decide([vote], DISCARDED, actor="staff:7", reason="bought", case_id=2)

    assert judging.undo(1, actor="staff:7") == 0
    assert Vote.objects.get().state == DISCARDED


def at(minute):
    return NOW - datetime.timedelta(hours=1) + datetime.timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("guest_word", "account_word", "states", "expected"),
    [
        ((1, 5), None, (COUNTED, COUNTED), (1, COUNTED)),
        ((1, 5), (-1, 3), (COUNTED, COUNTED), (1, COUNTED)),
        ((1, 5), (-1, 8), (COUNTED, COUNTED), (-1, COUNTED)),
        ((1, 5), (-1, 8), (HELD, COUNTED), (-1, HELD)),
        ((1, 5), (-1, 3), (COUNTED, DISCARDED), (1, DISCARDED)),
        ((0, 5), (-1, 3), (COUNTED, COUNTED), (0, COUNTED)),
    ],
)
def test_signing_in_keeps_the_later_word_and_the_worse_state(guest_word, account_word, states, expected):
    tool, guest, account = factories.tool(), factories.guest(), factories.account()
    for voter, word, state in ((guest, guest_word, states[0]), (account, account_word, states[1])):
        if word:
            vote = casting.cast(voter, tool, word[0] or 1, at=at(0)).vote_id
            casting.cast(voter, tool, word[0], at=at(word[1]))
            Vote.objects.filter(pk=vote).update(changed_at=at(word[1]))
            judging.decide([vote], state, actor="staff:1", reason="test")
    before = list(Vote.objects.order_by("voter__account").values_list("voter", "value", "state", "is_verified"))
    tallied = Tally.objects.values().get()

    assert merge(guest, account) == 1

    vote = Vote.objects.get()
    assert (vote.value, vote.state, vote.voter_id, vote.is_verified) == (*expected, account.pk, True)
    assert counting.drifts() == []
    assert merge(guest, account) == 0
    assert undo_merge(guest, actor="staff:7") == 1
    assert list(Vote.objects.order_by("voter__account").values_list("voter", "value", "state", "is_verified")) == before
    assert Tally.objects.values().get() == tallied
    assert undo_merge(guest, actor="staff:7") == 0


def test_a_guest_who_has_signed_in_votes_as_the_account_from_then_on(way):
    tool, guest, account = factories.tool(), factories.guest(), factories.account()
    merge(guest, account)

    casting.cast(guest, tool, 1)

    assert Vote.objects.get().voter == account


def test_words_spoken_since_a_merge_survive_its_undoing():
    tool, guest, account = factories.tool(), factories.guest(), factories.account()
    casting.cast(guest, tool, 1)
    merge(guest, account)
    casting.cast(account, tool, -1)

    assert undo_merge(guest, actor="staff:7") == 0
    assert Vote.objects.values_list("voter", "value").get() == (account.pk, -1)


def test_two_accounts_never_merge():
    one, other, guest = factories.account(), factories.account(), factories.guest()

    for pair in [(one, other), (one, guest), (one, one), (guest, guest)]:
        with pytest.raises(NotMergeable):
            merge(*pair)
    merge(guest, one)
    with pytest.raises(NotMergeable):
        merge(guest, other)
    with pytest.raises(IntegrityError), transaction.atomic():
        Voter.objects.filter(pk=other.pk).update(merged_into=one)


@pytest.mark.parametrize(
    "impossible", ["merged into itself", "erased and known", "an account merged", "less than none"]
)
def test_the_database_refuses_a_voter_that_cannot_be(impossible):
    guest, account = factories.guest(), factories.account()
    wrong = {
        "merged into itself": (guest, {"merged_into": guest}),
        "erased and known": (guest, {"erased_at": NOW}),
        "an account merged": (account, {"merged_into": guest}),
        "less than none": (guest, {"tools_voted": -1}),
    }
    voter, values = wrong[impossible]

    with pytest.raises(IntegrityError), transaction.atomic():
        Voter.objects.filter(pk=voter.pk).update(**values)


def test_deleting_my_votes_takes_the_counts_down_and_leaves_nobody_in_the_log(way):
    tools, guest, account = [factories.tool(), factories.tool()], factories.guest(), factories.account()
    for tool in tools:
        casting.cast(guest, tool, 1, origin=ORIGIN)
    casting.cast(factories.guest(), tools[0], 1)
    merge(guest, account)

    assert delete_votes(account) == 2
    assert delete_votes(account) == 0

    assert [said(tool) for tool in tools] == [(1, 0), (0, 0)]
    assert not Voter.objects.filter(pk__in=[guest.pk, account.pk]).exists()
    left = VoteEvent.objects.exclude(vote_id=Vote.objects.get().pk)
    assert set(left.values_list("voter", "from_voter")) == {(None, None)}
    assert not VoteSignal.objects.exists()


def test_being_forgotten_keeps_the_counts_and_ties_no_two_votes_together(way):
    tools, account = [factories.tool(), factories.tool()], factories.account()
    for minute, tool in enumerate(tools):
        casting.cast(account, tool, 1, at=at(minute))

    assert forget_voter(account) == 2

    assert [said(tool) for tool in tools] == [(1, 0), (1, 0)]
    votes = Vote.objects.select_related("voter")
    assert len({vote.voter_id for vote in votes}) == 2
    assert {(vote.voter.erased_at, vote.voter.created_at) for vote in votes} == {(v.changed_at,) * 2 for v in votes}
    assert not VoteEvent.objects.exclude(voter=None).exists()


def test_a_guest_who_was_erased_may_vote_anew_and_an_account_that_is_gone_may_not(way):
    tool, guest, account = factories.tool(), factories.guest(), factories.account()
    for voter in (guest, account):
        casting.cast(voter, tool, 1)
        delete_votes(voter)

    casting.cast(guest, tool, -1)

    assert said(tool) == (0, 1)
    with pytest.raises(casting.VoterGone):
        casting.cast(account, tool, -1)


def test_a_new_era_counts_apart_and_voting_again_moves_the_vote_to_it(way):
    tool, readers = factories.tool(), [factories.guest() for _ in range(3)]
    for minute, reader in enumerate(readers):
        casting.cast(reader, tool, 1, at=at(minute))

    eras.declare(tool, "version 2", starts_at=at(2))
    casting.cast(readers[0], tool, 1)
    casting.cast(readers[0], tool, 1)

    tally = Tally.objects.get()
    assert (tally.era, tally.era_label, tally.ships, tally.era_ships) == (1, "version 2", 3, 2)
    assert VoteEvent.objects.count() == 4


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the one statement is for PostgreSQL")
def test_a_vote_whose_era_ends_while_it_is_cast_counts_among_all_votes_and_not_in_the_new_era():
    tool = factories.tool()
    casting.cast(factories.guest(), tool, 1)
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION end_the_era() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE voting_tally SET era = 1, era_label = 'version 2', era_ships = 0 WHERE tool_id = NEW.tool_id;
                RETURN NEW;
            END $$;
            CREATE TRIGGER end_the_era AFTER INSERT ON voting_voteevent FOR EACH ROW EXECUTE FUNCTION end_the_era();
        """)

    casting.cast(factories.guest(), tool, 1)

    tally = Tally.objects.get()
    assert (tally.era, tally.ships, tally.era_ships) == (1, 2, 0)


def test_an_era_cannot_begin_in_the_future_or_before_the_last():
    tool = factories.tool()
    eras.declare(tool, "version 2", starts_at=at(5))

    for minute in (3, 500):
        with pytest.raises(ValueError, match=r"future|after"):
            eras.declare(tool, "version 3", starts_at=at(minute))


def test_voters_with_history_are_marked_at_the_next_pass_and_stay_so():
    tools, reader = [factories.tool(), factories.tool()], factories.guest()
    then = timezone.now() - datetime.timedelta(days=3)
    for tool in tools:
        casting.cast(reader, tool, 1, at=then)

    assert counting.refresh_regulars(then) == 0
    assert counting.refresh_regulars(timezone.now()) == 2
    assert counting.refresh_regulars(timezone.now()) == 0
    assert list(Tally.objects.values_list("regulars", flat=True)) == [1, 1]


CHANGES = {
    "said otherwise": lambda events: events.update(new_value=-1),
    "given to another": lambda events: events.update(voter=factories.guest()),
    "deleted": lambda events: events._raw_delete(events.db),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_log_refuses_everything_but_forgetting(change):
    casting.cast(factories.guest(), factories.tool(), 1)
    events = VoteEvent.objects.all()

    with pytest.raises(IntegrityError), transaction.atomic():
        CHANGES[change](events)

    assert events.update(voter=None) == 1


@pytest.mark.parametrize("change", [{"value": 2}, {"state": 3}])
def test_the_database_refuses_votes_that_say_nothing_known(change):
    casting.cast(factories.guest(), factories.tool(), 1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.update(**change)


@pytest.mark.parametrize(
    "change",
    [{"ships": -1}, {"held": -1}, {"verified_ships": 2}, {"verified_skips": 1}, {"era_ships": 2}, {"era_skips": 1}],
)
def test_the_database_refuses_tallies_that_do_not_add_up(change):
    casting.cast(factories.guest(), factories.tool(), 1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Tally.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tally.objects.create(**{"tool": factories.tool(), "ships": 1, **change})


@pytest.mark.parametrize("row", [{"kind": "moved"}, {"old_value": 2}, {"new_value": -2}, {"actor": ""}])
def test_the_database_refuses_events_that_tell_nothing_known(row):
    told = {"vote_id": 1, "tool": factories.tool(), "kind": "cast", "new_value": 1, "actor": "voter"}

    with pytest.raises(IntegrityError), transaction.atomic():
        VoteEvent.objects.create(**told | row)


def test_a_moved_tally_leaves_one_touch_of_its_tool():
    first, second = factories.tool(), factories.tool()
    make = [casting.cast(factories.guest(), tool, 1) for tool in (first, second)]
    Touch.objects.all().delete()

    casting.cast(factories.guest(), first, -1)
    assert [*Touch.objects.values_list("kind", "ref")] == [(Touch.Kind.TOOL, first.pk)]
    Tally.objects.update(era_label="version 2")
    assert set(Touch.objects.values_list("ref", flat=True)) == {first.pk, second.pk}
    assert all(outcome.changed for outcome in make)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="commits wait for the disk in their own way")
def test_a_vote_lets_go_of_its_tally_before_it_waits_for_the_disk_and_nothing_else_does():
    """Nothing here can pull the plug: that the second commit is made, and that only a vote on its own defers its first."""
    reader, tool = factories.guest(), factories.tool()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        with transaction.atomic():
            casting.cast(reader, tool, 1)
            cursor.execute("SHOW synchronous_commit")
            within = cursor.fetchone()
        cursor.execute("SELECT txid_current()")
        [before] = cursor.fetchone()
        outcome = casting.cast(reader, tool, -1)
        cursor.execute("SELECT xmin::text::bigint, txid_current() FROM voting_vote WHERE id = %s", [outcome.vote_id])
        [written, after] = cursor.fetchone()
        cursor.execute("SHOW synchronous_commit")

        assert (within, cursor.fetchone()) == (("on",), ("on",))
        cursor.execute("RESET synchronous_commit")
    assert before < written
    assert after >= written + 2
    assert said(tool) == (0, 1)
