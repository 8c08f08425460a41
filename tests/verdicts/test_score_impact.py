"""What another constant would do is shown for every tool, and done to none."""

import pytest
from django.core.management import CommandError, call_command

from tests import factories
from verdicts import scoring

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


@pytest.mark.parametrize("change", ["GRAVITY=9", "QUORUM=x", "QUORUM=0", "QUORUM"])
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(CommandError):
        call_command("score_impact", change)
