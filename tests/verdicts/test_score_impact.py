"""What another constant would do is shown for every tool, and done to none."""

import datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import factories
from verdicts import scoring
from verdicts.management.commands.score_impact import NAMES
from verdicts.methodology import CONSTANTS

pytestmark = pytest.mark.django_db


def test_every_tool_that_would_change_is_shown_and_nothing_changes(capsys):
    factories.reviewed_tool("a", "+++")
    factories.reviewed_tool("b", "++++")
    quorum = scoring.QUORUM

    call_command("score_impact", "QUORUM=4")

    said = capsys.readouterr().out
    assert "a: panel 100\u202f%, readers — -> panel 3 of 3, readers —" in said
    assert "1 of 2 tools would change." in said
    assert quorum == scoring.QUORUM


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("FEW_VOTES=200", "readers 75\u202f%"),
        ("CONFIDENCE_PERCENT=50", "interval 66–82"),
        ("PRIOR_VOTES=1000", "place 2 (rank 1)"),
        ("STALE_AFTER_DAYS=5", "stale 0"),
        ("REGULARS_LEAST=500", "readers 75\u202f%"),
        ("REGULARS_SHARE=0.5", "0 of 3 tools"),
        ("REGULARS_MOST=1", "0 of 3 tools"),
        ("DIFFER_VOTES=500", "(differ)"),
        ("DIFFER_PERCENT=95", "0 of 3 tools"),
    ],
)
def test_every_constant_can_be_asked_about(capsys, change, said):
    day = timezone.localdate() - datetime.timedelta(days=10)
    first, second, third = factories.tool("a"), factories.tool("b"), factories.tool("c")
    factories.verdict(first, tested_on=day)
    factories.votes(first, 75, 25, verified_ships=20, verified_skips=24)
    factories.votes(second, 6_500, 3_500)
    factories.votes(third, 1_000, 9_000)

    call_command("score_impact", change)

    assert said in capsys.readouterr().out


def test_every_constant_of_the_method_is_known():
    assert {constant.attribute for constant in CONSTANTS} == NAMES


@pytest.mark.parametrize(
    "change", ["GRAVITY=9", "QUORUM=x", "QUORUM=0", "QUORUM", "REGULARS_SHARE=2", "CONFIDENCE_PERCENT=100"]
)
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(CommandError):
        call_command("score_impact", change)
