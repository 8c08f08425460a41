"""A verdict is a row per published text: its states, what the database refuses, and its story."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import factories
from verdicts import queries
from verdicts.models import EditConflict, Reviewer, Verdict

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
EARLIER = NOW - datetime.timedelta(days=3)


@pytest.fixture
def tool():
    return factories.tool("a")


def force(verdict: Verdict, **fields: object) -> None:
    """Write past the model, as a console or a forgotten script would."""
    with transaction.atomic():
        Verdict.objects.filter(pk=verdict.pk).update(**fields)


def history(tool) -> list[tuple[int, str, str]]:
    rows = Verdict.objects.filter(tool=tool).order_by("number")
    return [(row.number, row.decision, row.state) for row in rows]


# What the database refuses -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "hold"},
        {"decision": ""},
        {"evidence": "hearsay"},
        {"reason": ""},
        {"number": 0},
        {"tested_on": None},
        {"state": "archived"},
        {"published_at": NOW},
        {"retired_at": NOW},
        {"state": "published"},
        {"state": "published", "published_at": NOW, "retired_at": NOW},
        {"state": "superseded", "published_at": NOW},
        {"state": "superseded", "retired_at": NOW},
        {"state": "superseded", "published_at": NOW, "retired_at": EARLIER},
        {"state": "withdrawn", "published_at": NOW, "retired_at": NOW},
        {"state": "withdrawn", "published_at": NOW, "retired_at": NOW, "withdrawal_reason": "Wrong"},
        {"withdrawal_reason": "Not withdrawn at all"},
    ],
    ids=lambda fields: " ".join(f"{name}={value or 'nothing'}" for name, value in fields.items()),
)
def test_the_database_refuses_a_draft_turned_into_nonsense(tool, fields):
    draft = factories.verdict(tool, published=False)

    with pytest.raises(IntegrityError):
        force(draft, **fields)


def test_the_database_refuses_a_withdrawal_without_a_reason_or_a_person(tool):
    verdict = factories.verdict(tool, at=EARLIER)
    retired = {"state": "withdrawn", "retired_at": NOW}

    for incomplete in [{"withdrawal_reason": "Wrong"}, {"withdrawn_by": factories.editor()}]:
        with pytest.raises(IntegrityError):
            force(verdict, **retired, **incomplete)

    force(verdict, **retired, withdrawal_reason="Wrong", withdrawn_by=factories.editor())
    assert history(tool) == [(1, "ship", "withdrawn")]


@pytest.mark.parametrize(
    ("state", "dates"),
    [("published", {"published_at": NOW}), ("draft", {})],
)
def test_a_persona_has_one_published_verdict_and_one_draft_on_a_tool(tool, state, dates):
    first = factories.verdict(tool, published=state == "published")
    second = Verdict(
        tool=tool,
        reviewer=first.reviewer,
        editor=first.editor,
        number=2,
        decision="skip",
        reason="No.",
        tested_on=NOW.date(),
        state=state,
        **dates,
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        Verdict.objects.bulk_create([second])

    assert Verdict.objects.count() == 1


def test_two_revisions_cannot_have_one_number(tool):
    verdict = factories.verdict(tool)
    draft = verdict.revise(seen_edits=verdict.edits, reason="Again")

    with pytest.raises(IntegrityError):
        force(draft, number=verdict.number)


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "Something else"},
        {"decision": "skip"},
        {"evidence": "trial"},
        {"tool_version": "9"},
        {"tested_on": datetime.date(2020, 1, 1)},
        {"number": 7},
        {"published_at": EARLIER - datetime.timedelta(days=1)},
        {"state": "draft", "published_at": None},
    ],
    ids=lambda fields: "-".join(fields),
)
@pytest.mark.parametrize("state", ["published", "superseded", "withdrawn"])
def test_the_database_refuses_to_change_published_words(tool, state, fields):
    verdict = factories.verdict(tool, at=EARLIER)
    if state == "superseded":
        verdict.revise(seen_edits=verdict.edits, revision_note="Again").publish(at=NOW)
    if state == "withdrawn":
        verdict.withdraw(by=factories.editor(), reason="Wrong", at=NOW)
    before = Verdict.objects.values(*Verdict.CONTENT, "published_at", "number").get(pk=verdict.pk)

    with pytest.raises(IntegrityError):
        force(verdict, **fields)

    assert Verdict.objects.values(*Verdict.CONTENT, "published_at", "number").get(pk=verdict.pk) == before


def test_the_database_refuses_to_hand_published_words_to_others(tool):
    verdict = factories.verdict(tool)

    for fields in [
        {"tool": factories.tool("b")},
        {"reviewer": factories.reviewer("skeptic")},
        {"editor": factories.user()},
    ]:
        with pytest.raises(IntegrityError):
            force(verdict, **fields)


def test_a_published_verdict_may_be_retired_and_a_draft_may_change(tool):
    published = factories.verdict(tool, at=EARLIER)
    draft = factories.verdict(tool, "skeptic", published=False)

    force(published, state="superseded", retired_at=NOW)
    force(draft, reason="Better words")

    assert Verdict.objects.get(pk=published.pk).state == "superseded"
    assert Verdict.objects.get(pk=draft.pk).reason == "Better words"


# Writing and publishing --------------------------------------------------------------------------


def test_a_draft_is_not_public_until_it_is_published(tool):
    draft = factories.verdict(tool, published=False)
    assert list(Verdict.objects.published()) == []

    draft.publish(at=NOW)

    draft.refresh_from_db()
    assert list(Verdict.objects.published()) == [draft]
    assert (draft.state, draft.published_at, draft.retired_at) == ("published", NOW, None)


def test_publishing_twice_keeps_the_first_date(tool):
    verdict = factories.verdict(tool, at=EARLIER)

    verdict.publish(at=NOW)

    verdict.refresh_from_db()
    assert verdict.published_at == EARLIER


def test_revising_a_draft_changes_the_draft(tool):
    draft = factories.verdict(tool, published=False)

    changed = draft.revise(seen_edits=0, decision="skip", reason="On second thoughts, no.")

    assert changed.pk == draft.pk
    assert (changed.decision, changed.reason, changed.edits) == ("skip", "On second thoughts, no.", 1)
    assert history(tool) == [(1, "skip", "draft")]


def test_revising_what_is_published_starts_a_draft_and_leaves_the_page_alone(tool):
    verdict = factories.verdict(tool, tool_version="1.0", evidence="trial")

    draft = verdict.revise(seen_edits=verdict.edits, decision="skip", revision_note="It broke")

    assert history(tool) == [(1, "ship", "published"), (2, "skip", "draft")]
    assert (draft.reason, draft.tool_version, draft.evidence) == (verdict.reason, "1.0", "trial")
    assert [row.decision for row in Verdict.objects.published()] == ["ship"]


def test_publishing_a_revision_supersedes_what_it_replaces(tool):
    verdict = factories.verdict(tool, at=EARLIER)

    verdict.revise(seen_edits=verdict.edits, decision="skip", revision_note="It broke").publish(at=NOW)

    assert history(tool) == [(1, "ship", "superseded"), (2, "skip", "published")]
    verdict.refresh_from_db()
    assert (verdict.published_at, verdict.retired_at) == (EARLIER, NOW)


def test_a_revision_has_to_say_what_changed(tool):
    verdict = factories.verdict(tool)
    draft = verdict.revise(seen_edits=verdict.edits, decision="skip")

    with pytest.raises(ValidationError) as refusal:
        draft.publish()

    assert list(refusal.value.message_dict) == ["revision_note"]
    assert history(tool) == [(1, "ship", "published"), (2, "skip", "draft")]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"reason": ""}, "reason"),
        ({"evidence": "hearsay"}, "evidence"),
        ({"tested_on": None}, "tested_on"),
        ({"tested_on": timezone.localdate() + datetime.timedelta(days=1)}, "tested_on"),
        ({"revision_note": "x" * 201}, "revision_note"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_revision_that_makes_no_sense_is_refused_at_its_field(tool, content, field):
    verdict = factories.verdict(tool)

    with pytest.raises(ValidationError) as refusal:
        verdict.revise(seen_edits=verdict.edits, **content)

    assert field in refusal.value.message_dict
    assert history(tool) == [(1, "ship", "published")]


def test_the_second_of_two_editors_of_a_draft_is_told(tool):
    draft = factories.verdict(tool, published=False)
    other = Verdict.objects.get(pk=draft.pk)
    draft.revise(seen_edits=0, reason="The first editor's words")

    with pytest.raises(EditConflict):
        other.revise(seen_edits=0, reason="The second editor's words")

    assert Verdict.objects.get().reason == "The first editor's words"


@pytest.mark.parametrize("meanwhile", ["revised", "replaced", "withdrawn"])
def test_the_second_of_two_editors_of_a_published_verdict_is_told(tool, meanwhile):
    verdict = factories.verdict(tool)
    opened = Verdict.objects.get(pk=verdict.pk)
    if meanwhile == "withdrawn":
        verdict.withdraw(by=factories.editor(), reason="Wrong")
    else:
        draft = verdict.revise(seen_edits=verdict.edits, revision_note="Again")
        if meanwhile == "replaced":
            draft.publish()

    with pytest.raises(EditConflict):
        opened.revise(seen_edits=opened.edits, reason="Too late")

    assert not Verdict.objects.filter(reason="Too late").exists()


def test_a_draft_published_by_someone_else_is_not_revised_in_place(tool):
    opened = factories.verdict(tool, published=False)
    Verdict.objects.get(pk=opened.pk).publish()

    with pytest.raises(EditConflict):
        opened.revise(seen_edits=opened.edits, reason="Too late")


@pytest.mark.parametrize("state", ["superseded", "withdrawn"])
def test_what_is_retired_cannot_be_published_again(tool, state):
    verdict = factories.verdict(tool)
    if state == "withdrawn":
        verdict.withdraw(by=factories.editor(), reason="Wrong")
    else:
        verdict.revise(seen_edits=verdict.edits, revision_note="Again").publish()

    with pytest.raises(ValidationError, match="new revision"):
        verdict.publish()

    assert history(tool)[0] == (1, "ship", state)


# Withdrawing -------------------------------------------------------------------------------------


def test_a_withdrawn_verdict_leaves_the_panel_but_not_the_record(tool):
    verdict = factories.verdict(tool, at=EARLIER)
    editor = factories.editor()

    verdict.withdraw(by=editor, reason="  We tested the wrong product.  ", at=NOW)

    verdict.refresh_from_db()
    assert list(Verdict.objects.published()) == []
    assert list(Verdict.objects.ever_published()) == [verdict]
    assert (verdict.withdrawal_reason, verdict.withdrawn_by, verdict.retired_at) == (
        "We tested the wrong product.",
        editor,
        NOW,
    )


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_withdrawing_needs_a_reason(tool, reason):
    verdict = factories.verdict(tool)

    with pytest.raises(ValidationError) as refusal:
        verdict.withdraw(by=factories.editor(), reason=reason)

    assert list(refusal.value.message_dict) == ["withdrawal_reason"]
    assert history(tool) == [(1, "ship", "published")]


def test_a_draft_cannot_be_withdrawn(tool):
    draft = factories.verdict(tool, published=False)

    with pytest.raises(ValidationError, match="Only a published verdict"):
        draft.withdraw(by=factories.editor(), reason="Wrong")

    assert history(tool) == [(1, "ship", "draft")]


def test_after_a_withdrawal_the_next_revision_continues_the_numbers(tool):
    verdict = factories.verdict(tool)
    verdict.withdraw(by=factories.editor(), reason="Wrong")

    again = verdict.revise(seen_edits=verdict.edits, decision="skip")
    again.publish()

    assert history(tool) == [(1, "ship", "withdrawn"), (2, "skip", "published")]
    assert again.next_number() == 3


# The past ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "said"),
    [(-1, []), (0, ["ship"]), (23, ["ship"]), (24, ["skip"]), (47, ["skip"]), (48, []), (1_000, [])],
)
def test_the_panel_can_be_asked_what_it_said_at_a_moment(tool, hours, said):
    start = NOW - datetime.timedelta(days=4)
    verdict = factories.verdict(tool, at=start)
    factories.verdict(tool, "skeptic", published=False)
    revision = verdict.revise(seen_edits=verdict.edits, decision="skip", revision_note="It broke")
    revision.publish(at=start + datetime.timedelta(hours=24))
    revision.withdraw(by=factories.editor(), reason="Wrong", at=start + datetime.timedelta(hours=48))

    found = Verdict.objects.as_of(start + datetime.timedelta(hours=hours))

    assert [row.decision for row in found] == said


@pytest.mark.parametrize(
    ("decisions", "flips"),
    [
        (["ship"], 0),
        (["ship", "ship"], 0),
        (["ship", "skip"], 1),
        (["ship", "skip", "ship"], 2),
        (["skip", "skip", "ship"], 1),
    ],
)
def test_a_flip_is_a_published_revision_that_says_the_opposite(tool, decisions, flips):
    verdict = factories.verdict(tool, decision=decisions[0])
    for decision in decisions[1:]:
        verdict = verdict.revise(seen_edits=verdict.edits, decision=decision, revision_note="Looked again")
        verdict.publish()
    opposite = "skip" if verdict.is_ship else "ship"
    verdict.revise(seen_edits=verdict.edits, decision=opposite, revision_note="Not published yet")

    [persona] = queries.with_record(Reviewer.objects.all())

    assert persona.flip_count == flips
    assert (persona.verdict_count, persona.ship_count) == (1, int(decisions[-1] == "ship"))


def test_the_record_of_a_persona_counts_only_what_readers_can_see(tool):
    factories.verdict(tool)
    factories.verdict(factories.tool("draft", state="draft"))

    [persona] = queries.with_record(Reviewer.objects.all())

    assert (persona.verdict_count, persona.ship_count, persona.ship_percent) == (1, 1, 100)


# Words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "stale"), [(90, False), (91, True)])
def test_a_verdict_goes_stale_by_itself(tool, time_machine, age, stale):
    time_machine.move_to(NOW)
    verdict = factories.verdict(tool, tested_on=NOW.date())

    time_machine.move_to(NOW + datetime.timedelta(days=age))

    assert bool(Verdict.objects.get(pk=verdict.pk).staleness) == stale


def test_a_new_version_makes_a_verdict_stale_until_it_is_tested_again(tool):
    verdict = factories.verdict(tool, tool_version="1.0")
    tool.latest_version = "2.0"
    tool.save()
    stale = Verdict.objects.get(pk=verdict.pk)

    draft = stale.revise(seen_edits=stale.edits, tool_version="2.0", revision_note="Tested with 2.0")
    draft.publish()

    assert (stale.staleness, draft.staleness) == ("Tested with 1.0; 2.0 is out", "")


def test_an_excerpt_is_thirty_words_without_markup(tool):
    words = " ".join(f"word{number}" for number in range(40))

    verdict = factories.verdict(tool, reason=f"**Bold** [link](https://example.org) `code`\n\n{words}")

    assert verdict.excerpt.startswith("Bold link code word0 word1")
    assert len(verdict.excerpt.rstrip("…").split()) == 30
