"""What the panel changes is written down by the verbs of a verdict."""

import pytest

from tests import factories
from tools.models import Change
from verdicts.changes import changes_of

pytestmark = pytest.mark.django_db


def told(tool):
    return [change.text for change in Change.objects.of([tool]).exclude(kind="listed").order_by("pk")]


def history_of_a_verdict():
    tool = factories.tool("Alpha")
    factories.verdict(tool, "skeptic", "skip")
    factories.verdict(tool, "skeptic", "ship", revision_note="Out of beta")
    last = factories.verdict(tool, "skeptic", "ship", revision_note="Tried again")
    last.withdraw(by=factories.editor(), reason="Never tested")
    return tool


WORDS = [
    "The Skeptic says skip",
    "The Skeptic changed from skip to ship: Out of beta",
    "The Skeptic revised the verdict, still ship: Tried again",
    "The Skeptic withdrew the verdict: Never tested",
]


def test_publishing_revising_and_withdrawing_are_written_down():
    tool = history_of_a_verdict()

    assert told(tool) == WORDS
    assert [change.kind for change in changes_of([tool])][:4] == ["withdrawn", "revised", "flipped", "verdict"]


def test_a_draft_and_a_second_click_on_publish_tell_nobody():
    tool = factories.tool("Alpha")
    verdict = factories.verdict(tool, published=False)
    assert told(tool) == []

    verdict.publish()
    verdict.publish()

    assert told(tool) == ["The Builder says ship"]


def test_what_was_said_keeps_the_name_of_its_day():
    tool = factories.tool("Alpha")
    verdict = factories.verdict(tool)
    verdict.reviewer.name = "The Maker"
    verdict.reviewer.save()

    assert told(tool) == ["The Builder says ship"]


def test_changes_of_drafts_are_nobodys_business():
    tool = history_of_a_verdict()
    tool.state, tool.published_at = "draft", None
    tool.save()

    assert changes_of([tool]) == []
