"""The queue of cases and the screen of one: what the staff see, decide, split and take back."""

import datetime
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from verdicts import case_chart, case_evidence, case_queue
from voting import counting, judging
from voting.casting import cast
from voting.models import Case, CaseVote, Tally, Vote, VoteEvent, VoteSignal
from voting.origins import Origin
from voting.splitting import split

pytestmark = pytest.mark.django_db
COUNTED, HELD, DISCARDED = Vote.State.COUNTED, Vote.State.HELD, Vote.State.DISCARDED
QUEUE = "/admin/voting/case/"


@pytest.fixture(autouse=True)
def exact(db):
    yield
    assert counting.drifts() == []
    assert counting.replay() == []


def crowd(tool, ships=0, skips=0, *, net="198.51.100", host="", dwell=5_000, ago=2.0):
    """Cast votes of new guests from one network, and return them by key."""
    at = timezone.now() - datetime.timedelta(hours=ago)
    origins = [
        Origin(f"{net}.{n % 250}", "B/1", f"https://{host}/" if host else "", dwell) for n in range(ships + skips)
    ]
    values = [1] * ships + [-1] * skips
    return [
        cast(factories.guest(), tool, value, origin=origin, at=at).vote_id
        for value, origin in zip(values, origins, strict=True)
    ]


def held(tool, votes, *, rule="crowd", side=1, ago=2.0, **fields):
    """Hold votes as the pass does: a case of them, and the state."""
    at = timezone.now() - datetime.timedelta(hours=ago)
    values = {"opened_at": at, "begins_at": at, "ends_at": at + datetime.timedelta(minutes=30), "size": len(votes)}
    case = Case.objects.create(tool=tool, side=side, rule=rule, **values | fields)
    CaseVote.objects.bulk_create([CaseVote(case=case, vote_id=vote) for vote in votes])
    if votes:
        judging.decide(votes, HELD, actor=f"rule:{rule}", reason=rule, at=at)
    return case


def large(case, size=143):
    """Let a case have held more votes than a test wants to cast."""
    Case.objects.filter(pk=case.pk).update(size=size)
    return case


@pytest.fixture
def tool():
    return factories.tool("Cursor")


def editor_client():
    editor = factories.user(is_staff=True, name=f"Editor {Group.objects.count()}")
    editor.groups.add(Group.objects.get(name="Editors"))
    client = Client()
    client.force_login(editor)
    client.account = editor
    return client


@pytest.fixture
def ann(db):
    return editor_client()


@pytest.fixture
def ben(db):
    return editor_client()


def press(client, case, verb, **fields):
    return client.post(f"{QUEUE}{case.pk}/change/", {"verb": verb, **fields}, follow=True)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def states(case):
    return sorted(set(case.votes().values_list("state", flat=True)))


# The queue ---------------------------------------------------------------------------------------


def test_harm_is_the_shift_of_the_number_times_the_votes_behind_it():
    assert case_queue.harm((50, 50), (0, 0)) == 0
    assert case_queue.harm((50, 50), (100, 0)) == pytest.approx(0.25 * 200)
    assert case_queue.harm((0, 0), (40, 0)) == pytest.approx(0.5 * 40)
    assert case_queue.harm((500, 500), (20, 0)) < case_queue.harm((30, 30), (60, 0))


def test_the_most_harmful_case_comes_first_and_closed_ones_apart(ann):
    small, big = factories.tool("Small"), factories.tool("Big")
    crowd(small, 10, 10), crowd(big, 10, 10)
    mild, bad = held(small, crowd(small, 2)), held(big, crowd(big, 20))
    closed = held(small, crowd(small, 3))
    press(ann, closed, "count")

    page = ann.get(QUEUE)

    assert [it.case for it in page.context["queue"]] == [bad, mild]
    assert list(page.context["recent"]) == [closed]
    assert page.context["queue"][0].now.figure == "50\u202f%"
    assert page.context["queue"][0].counted.figure == "75\u202f%"


@pytest.mark.parametrize("many", [1, 12])
def test_the_queue_costs_the_same_however_long(ann, many, django_assert_num_queries):
    for _ in range(many):
        tool = factories.tool()
        held(tool, crowd(tool, 1))
    ann.get(QUEUE)

    with django_assert_num_queries(6):
        ann.get(QUEUE)


def cost(client, case):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"{QUEUE}{case.pk}/change/").status_code == 200
    return len(captured)


def test_a_case_costs_the_same_however_many_votes_it_has(ann, tool):
    few = held(tool, crowd(tool, 2, net="192.0.2"))
    cost(ann, few)
    before = cost(ann, few)

    many = held(tool, crowd(tool, 30, 10, host="news.example.org"))

    assert cost(ann, many) == before


# One case ----------------------------------------------------------------------------------------


def test_a_case_shows_three_numbers_and_the_networks_without_an_address(ann, tool):
    crowd(tool, 6, 4, net="192.0.2", ago=5)
    case = held(
        tool, crowd(tool, 7, net="203.0.113", host="ring.example", dwell=400) + crowd(tool, 3, net="198.51.100")
    )

    page = ann.get(f"{QUEUE}{case.pk}/change/")

    numbers = [(it.label, it.figure) for it in page.context["numbers"]]
    assert numbers == [("Now", "60\u202f%"), ("If all counted", "80\u202f%"), ("If all discarded", "60\u202f%")]
    text = " ".join(re.sub(r"<[^>]+>", "", page.text).split())
    assert "net A 7 (7 addresses), net B 3 (3 addresses)." in text
    assert [(row.label, row.count) for row in page.context["hosts"]] == [("ring.example", 7), ("no other site", 3)]
    assert ("under 1 s", 7) in [(row.label, row.count) for row in page.context["dwell"]]
    assert page.context["tiers"][0].shares[0] == "100\u202f%"
    for secret in ("203.0.113", "198.51.100", *(bytes(it.addr).hex() for it in VoteSignal.objects.all())):
        assert secret not in page.text
    assert "style=" not in re.search(r'<div class="case">.*', page.text, re.S).group()


def test_the_chart_has_every_vote_once_and_shades_the_time_of_the_case(tool):
    crowd(tool, 3, 2, ago=6)
    case = held(tool, crowd(tool, 5, 1, ago=2), begins_at=timezone.now() - datetime.timedelta(hours=2.2))

    chart = case_chart.chart(case)

    assert sum(bar.ships for bar in chart.bars) == 8
    assert sum(bar.skips for bar in chart.bars) == 3
    assert sum(bar.case_ships + bar.case_skips for bar in chart.bars) == 6
    inside = [bar for bar in chart.bars if chart.shade_x <= bar.x < chart.shade_x + chart.shade_width]
    assert sum(bar.case_ships for bar in inside) == 5
    assert max(bar.up for bar in chart.bars) == case_chart.HALF


def test_a_case_of_weeks_still_fits_on_the_screen(tool):
    now = timezone.now()
    case = held(tool, crowd(tool, 2), begins_at=now - datetime.timedelta(days=28), ends_at=now)

    assert len(case_chart.chart(case).bars) <= case_chart.MOST_BARS


@pytest.mark.parametrize(("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")])
def test_networks_have_letters(number, name):
    assert case_evidence.letters(number) == name


def test_readers_who_are_in_several_cases_are_pointed_out(ann, tool):
    other, reader = factories.tool("Aider"), factories.guest()
    first = held(tool, [cast(reader, tool, 1).vote_id, *crowd(tool, 2)])
    second = held(other, [cast(reader, other, 1).vote_id])

    page = ann.get(f"{QUEUE}{first.pk}/change/")

    assert [(it["case"], it["n"]) for it in page.context["overlaps"]] == [(second.pk, 1)]


def test_a_case_whose_votes_were_erased_still_opens(ann, tool):
    case = held(tool, [])
    VoteSignal.objects.all().delete()

    page = ann.get(f"{QUEUE}{case.pk}/change/")

    assert "No longer known" in page.text


# Deciding ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "state"), [("count", COUNTED), ("discard", DISCARDED)])
def test_one_press_decides_and_one_takes_it_back(ann, tool, verb, state):
    case = held(tool, crowd(tool, 8))

    done = press(ann, case, verb)
    assert said(done) == [f"8 votes {'counted' if verb == 'count' else 'discarded'}."]
    assert states(case) == [state]
    press(ann, case, "undo")

    assert states(case) == [HELD]
    case.refresh_from_db()
    assert (case.state, case.decision) == ("open", "")
    actors = set(VoteEvent.objects.filter(case_id=case.pk).values_list("actor", flat=True))
    assert actors == {f"staff:{ann.account.pk}"}
    log = [it.get_change_message() for it in LogEntry.objects.order_by("pk")]
    assert log[0].startswith("8 votes ")
    assert log[1].startswith("Taken back")


def test_above_a_hundred_votes_the_first_proposes_and_another_decides(ann, ben, tool):
    case = large(held(tool, crowd(tool, 6)))

    first = press(ann, case, "discard")
    again = press(ann, case, "discard")
    assert states(case) == [HELD]
    second = press(ben, case, "discard")

    assert "A second person has to agree" in said(first)[0]
    assert again.context["case"].state == "open"
    assert said(second) == ["6 votes discarded as the second person."]
    case.refresh_from_db()
    assert (case.state, case.decided_by, case.seconded_by) == ("decided", ann.account, ben.account)
    assert states(case) == [DISCARDED]


def test_the_database_refuses_one_person_above_a_hundred(ann, tool):
    case = large(held(tool, crowd(tool, 2)))
    decided = {"state": "decided", "decision": "discard", "decided_by": ann.account, "decided_at": timezone.now()}

    for fields in (decided, decided | {"seconded_by": ann.account, "seconded_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**fields)


def test_what_makes_no_sense_is_answered_in_words(ann, tool):
    case = held(tool, crowd(tool, 3))

    assert said(press(ann, case, "undo")) == ["Nothing has been decided that could be taken back."]
    assert said(press(ann, case, "explode")) == ["Please choose one of the buttons."]
    assert said(press(ann, case, "split", part="net:Z")) == [
        "These votes have changed meanwhile. Look again, then split."
    ]
    press(ann, case, "count")
    assert "decided already" in said(press(ann, case, "discard"))[0]
    for path in ("x", "999999", "9" * 30, "1%00"):
        assert ann.get(f"{QUEUE}{path}/change/").status_code in {400, 404}
    assert LogEntry.objects.count() == 1


def test_a_note_is_kept_for_the_staff_and_shown_as_text(ann, tool):
    case = held(tool, crowd(tool, 12))

    page = press(ann, case, "note", note="<b>Looks</b> like a classroom\x00")

    assert Case.objects.get().note == "<b>Looks</b> like a classroom"
    assert "&lt;b&gt;Looks" in page.text
    assert "classroom" not in Client().get("/tools/cursor/").text + Client().get("/votes/ledger/").text


def test_readers_and_staff_without_the_right_see_nothing(client, tool):
    case = held(tool, crowd(tool, 3))
    client.force_login(factories.user(is_staff=True))

    for path in (QUEUE, f"{QUEUE}{case.pk}/change/"):
        assert client.get(path).status_code == 403
        assert client.post(path, {"verb": "count"}).status_code == 403
    assert states(case) == [HELD]


# Splitting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["net:B", "ref:news.example.org"])
def test_a_part_becomes_a_case_of_its_own_and_is_decided_apart(ann, tool, part):
    case = held(tool, crowd(tool, 8, net="203.0.113") + crowd(tool, 4, net="198.51.100", host="news.example.org"))

    done = press(ann, case, "split", part=part, expected="4")

    new = Case.objects.get(size=4)
    assert f"are case {new.pk} now" in said(done)[0]
    assert (case.votes().count(), new.votes().count(), states(new)) == (8, 4, [HELD])
    press(ann, new, "count")
    assert (states(new), states(case)) == ([COUNTED], [HELD])
    assert Tally.objects.get().held == 8


def test_splitting_sheds_neither_the_second_person_nor_the_public_line(ann, tool):
    case = large(held(tool, crowd(tool, 6, net="203.0.113") + crowd(tool, 5, net="198.51.100")), 120)

    press(ann, case, "split", part="net:B")

    old, new = Case.objects.get(pk=case.pk), Case.objects.exclude(pk=case.pk).get()
    assert (old.wants_second, new.wants_second, old.size, new.size) == (True, True, 120, 5)
    assert old in Case.objects.public()
    press(ann, new, "discard")
    assert states(new) == [HELD]


def test_neither_part_may_be_empty_and_nothing_decided_is_split(ann, tool):
    votes = crowd(tool, 4)
    case = held(tool, votes)

    for wanted in (votes, [], crowd(tool, 1)):
        with pytest.raises(Exception, match="one of the two parts empty"):
            split(case, wanted, by=ann.account, what="x")
    press(ann, case, "count")
    with pytest.raises(Exception, match="Only an open case"):
        split(case, votes[:1], by=ann.account, what="x")
