"""The stored counts of the panel are what counting the verdicts gives."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tools.models import Tool
from verdicts import queries, scoring
from verdicts.models import PanelTally

pytestmark = pytest.mark.django_db


def kept(tool):
    [row] = queries.scored(queries.with_figures(Tool.objects.filter(pk=tool.pk)))
    return row.panel.ships, row.panel.total, row.standing


def true(ships, total):
    return ships, total, scoring.standing(ships, total)


def test_publishing_revising_and_withdrawing_keep_the_count():
    tool = factories.tool()
    assert kept(tool) == true(0, 0)
    factories.reviewed_tool("other", "++++")
    for persona in factories.PERSONAS[:3]:
        factories.verdict(tool, persona, "ship")
    factories.verdict(tool, "futurist", "skip", published=False)
    assert kept(tool) == true(3, 3)

    flipped = factories.verdict(tool, "builder", "skip", revision_note="Broke")
    assert kept(tool) == true(2, 3)
    flipped.withdraw(by=factories.editor(), reason="Wrong version")
    assert kept(tool) == true(2, 2)


def test_who_leaves_the_panel_takes_their_verdicts_along():
    tool = factories.reviewed_tool("a", "++-+")
    skeptic = factories.reviewer("founder")
    skeptic.is_active = False
    skeptic.save()
    assert kept(tool) == true(3, 3)

    skeptic.is_active = True
    skeptic.save()
    assert kept(tool) == true(3, 4)


def test_saving_a_tool_that_was_read_before_a_verdict_does_not_undo_its_standing():
    tool = factories.tool()
    read_before = Tool.objects.get(pk=tool.pk)
    factories.verdict(tool)
    for stale in (tool, read_before):
        stale.tagline = "Another"
        stale.save()

    assert kept(tool) == true(1, 1)


def test_the_command_finds_and_mends_a_wrong_count(capsys):
    tool = factories.reviewed_tool("a")
    call_command("recount_panel", check=True)
    PanelTally.objects.update(ships=1)
    Tool.objects.update(standing=5)

    with pytest.raises(CommandError, match="1 tool had a wrong count"):
        call_command("recount_panel", check=True)
    assert PanelTally.objects.get().ships == 1
    call_command("recount_panel")

    assert kept(tool) == true(4, 4)


def test_the_database_refuses_more_ships_than_verdicts():
    with pytest.raises(IntegrityError), transaction.atomic():
        PanelTally.objects.create(tool=factories.tool(), ships=2, total=1)


@given(
    st.integers(0, 60).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))).filter(lambda s: s[1])
)
def test_a_standing_tells_the_panel_results_apart(score):
    ships, total = score
    standing = scoring.standing(ships, total)
    share = ships / total
    expected = (
        "none"
        if total < scoring.QUORUM
        else "unanimous"
        if share == 1
        else "split"
        if share == 0.5
        else "ship"
        if share > 0.5
        else "skip"
    )
    assert scoring.panel_result(standing) == expected


def test_lists_put_quorum_first_then_the_share_then_the_number_of_verdicts_then_the_name():
    for name, signs in [
        ("e", "--"),
        ("d", "+"),
        ("c", "+-+"),
        ("b", "+-+-"),
        ("a2", "++++"),
        ("a1", "++++"),
        ("f", ""),
    ]:
        factories.reviewed_tool(name, signs)
    factories.reviewed_tool("a3", "+++")

    names = [tool.name for tool in queries.sort_tools(queries.with_figures(Tool.objects.public()), "panel")]

    assert names == ["a1", "a2", "a3", "c", "b", "d", "e", "f"]
