"""The public ledger: of every exclusion of more than ten votes there is a line, and no line tells who or from where."""

import datetime
import re

import pytest
from django.test import Client

from tests import factories
from tests.verdicts.test_cases import crowd, editor_client, held, large, press
from voting import counting, integrity, judging, ledger
from voting.models import Case, CaseVote, Vote, VoteSignal
from voting.models.case import PUBLIC_ABOVE

pytestmark = pytest.mark.django_db
LEDGER = "/votes/ledger/"


@pytest.fixture(autouse=True)
def exact(db):
    yield
    assert counting.drifts() == []


@pytest.fixture
def tool():
    return factories.tool("Cursor")


def text_of(client, path=LEDGER):
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", re.search(r"<main.*</main>", answer.text, re.S).group()).split())


def untold():
    """Return how many votes are left out of each tool's number without a line that speaks of them."""
    told = CaseVote.objects.filter(case__in=Case.objects.public()).values("vote")
    out = Vote.objects.exclude(state=Vote.State.COUNTED).exclude(value=0).exclude(pk__in=told)
    counts = {}
    for tool in out.values_list("tool", flat=True):
        counts[tool] = counts.get(tool, 0) + 1
    return counts


def test_a_line_follows_a_case_through_everything_that_is_decided(client, tool):
    ann, case = editor_client(), held(tool, crowd(tool, 12))
    day = f"{case.opened_at:%-d %b %Y}"
    opened = "12 ship votes held (more on one side than chance explains)"

    assert f"{opened}; being looked at." in text_of(client)
    press(ann, case, "discard")
    assert f"{opened}; discarded {day}." in text_of(client)
    press(ann, case, "undo")
    assert f"{opened}; discarded {day}; held again {day}; being looked at." in text_of(client)
    press(ann, case, "count")
    assert f"{opened}; discarded {day}; held again {day}; counted {day}." in text_of(client)


def test_a_proposal_and_a_release_are_said_too(client, tool):
    ann, big, freed = editor_client(), large(held(tool, crowd(tool, 12))), held(tool, crowd(tool, 0, 11), side=-1)
    press(ann, big, "discard")
    released = freed.opened_at + datetime.timedelta(hours=5)
    Case.objects.filter(pk=freed.pk).update(state="released", released_at=released)

    text = text_of(client)

    assert "143 ship votes held (more on one side than chance explains); a second person is looking at it." in text
    assert (
        f"11 skip votes held (more on one side than chance explains); counted again by the program {released:%-d %b %Y}."
        in text
    )


@pytest.mark.parametrize("rule", ["crowd", "hidden", "sleepers", "mail", "address", "network", "wide", "something-new"])
def test_every_rule_is_said_in_words(client, tool, rule):
    held(tool, crowd(tool, 11), rule=rule)

    why = ledger.WHY.get(rule, "unlike the tool’s other votes")
    assert f"11 ship votes held ({why})" in text_of(client)


def test_no_exclusion_over_ten_lacks_its_line(client, tool):
    ann, other = editor_client(), factories.tool("Aider")
    automatic = held(tool, crowd(tool, PUBLIC_ABOVE + 1))
    decided = held(other, crowd(other, 0, 15), side=-1)
    press(ann, decided, "discard")
    split = held(other, crowd(other, 8, net="203.0.113") + crowd(other, 6, net="192.0.2"))
    press(ann, split, "split", part="net:B")

    lines = {line.case.pk for line in client.get(LEDGER).context["lines"]}

    assert {automatic.pk, decided.pk, split.pk} <= lines
    assert {tool_ for tool_, n in untold().items() if n > PUBLIC_ABOVE} == set()


def test_what_the_pass_itself_holds_has_its_line_within_the_hour(client, tool):
    for n in range(4):
        crowd(factories.tool(), 4, 4, net=f"192.0.{n}", ago=40 + n)
    crowd(tool, 4, 4, net="192.0.2", ago=60)
    votes = crowd(tool, 30, net="203.0.113", dwell=300, ago=0.5)

    integrity.check()

    held_ = Vote.objects.filter(pk__in=votes, state=Vote.State.HELD).count()
    assert held_ > PUBLIC_ABOVE
    assert [line.case.size for line in client.get(LEDGER).context["lines"]] == [held_]
    assert {tool_ for tool_, n in untold().items() if n > PUBLIC_ABOVE} == set()


def test_what_is_left_out_in_small_groups_or_without_a_case_is_summed_up(client, tool):
    for _ in range(2):
        held(tool, crowd(tool, 6))
    judging.decide(crowd(tool, 0, 3), Vote.State.DISCARDED, actor="rule:trap", reason="trap")

    assert list(untold().values()) == [15]
    assert "Cursor 12 held and 3 discarded, apart from the lines below." in text_of(client)
    assert "At present" in text_of(client, f"{LEDGER}?tool=cursor")
    judging.decide(Vote.objects.values_list("pk", flat=True), Vote.State.COUNTED, actor="staff:1", reason="x")
    assert "At present" not in text_of(client)


def test_ten_votes_or_fewer_have_no_line(client, tool):
    held(tool, crowd(tool, PUBLIC_ABOVE))

    assert "Nothing of that size has been left out" in text_of(client)
    assert "Left out, and what became of it" not in text_of(client, "/tools/cursor/")


def test_the_page_of_a_tool_has_its_lines_and_leads_to_the_others(client, tool):
    for _ in range(6):
        held(tool, crowd(tool, 11))
    held(factories.tool("Aider"), [], size=99)

    page = client.get("/tools/cursor/")

    assert len(page.context["ledger"]) == 5
    assert 'href="/votes/ledger/?tool=cursor"' in page.text
    assert len(client.get(f"{LEDGER}?tool=cursor").context["lines"]) == 6
    assert "99 ship votes" not in text_of(client, f"{LEDGER}?tool=cursor")


def test_nothing_tells_who_voted_or_from_where(tool):
    case = held(tool, crowd(tool, 12, net="203.0.113", host="ring.example"))
    press(editor_client(), case, "note", note="from the ring")
    seen = [Client().get(path).text for path in (LEDGER, "/tools/cursor/", "/votes/ledger.atom")]

    secrets = ["203.0.113", "ring.example", "from the ring", "@example.org"]
    secrets += [bytes(it.net).hex() for it in VoteSignal.objects.all()] + [
        str(it) for it in Vote.objects.values_list("voter", flat=True)
    ]
    assert [secret for secret in secrets for text in seen if secret in text] == []


def test_tools_in_draft_are_not_told_of(client):
    draft = factories.tool("Secret", state="draft")
    Case.objects.create(
        tool=draft,
        rule="crowd",
        size=50,
        **dict.fromkeys(["opened_at", "begins_at", "ends_at"], factories.timezone.now()),
    )

    assert "Secret" not in client.get(LEDGER).text + client.get("/votes/ledger.atom").text
    assert client.get(f"{LEDGER}?tool=secret").status_code == 404


def test_the_feed_names_each_case_once_and_says_when_it_changed(client, tool):
    case = held(tool, crowd(tool, 12), ago=48)
    before = client.get("/votes/ledger.atom").text
    press(editor_client(), case, "discard")

    after = client.get("/votes/ledger.atom").text

    assert f"/votes/ledger/{case.pk}</id>" in before
    assert f"/votes/ledger/{case.pk}</id>" in after
    assert f"<updated>{case.opened_at:%Y-%m-%dT%H}" in before
    assert "discarded" in after
    assert after.count("<entry>") == 1


@pytest.mark.parametrize("many", [1, 30])
def test_the_ledger_costs_the_same_however_long(client, many, django_assert_num_queries):
    for _ in range(many):
        held(factories.tool(), [], size=12)
    client.get(LEDGER)

    with django_assert_num_queries(5):
        client.get(LEDGER)


def test_a_long_ledger_has_pages(client, tool):
    for _ in range(55):
        held(tool, [], size=12)

    first, second = client.get(LEDGER), client.get(f"{LEDGER}?page=2")

    assert (len(first.context["lines"]), len(second.context["lines"])) == (50, 5)
    assert "noindex" in second.text
    assert client.get(f"{LEDGER}?page=x&tool=%00").status_code == 200
