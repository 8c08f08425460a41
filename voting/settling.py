"""Whether a vote counts at once or waits for the next pass of the detector."""

import datetime

from tools.models import Tool
from voting.models import Vote, Voter
from voting.origins import Origin

WAITS = "next pass"


def initial_state(
    *, voter: Voter, tool: Tool, value: int, origin: Origin | None, at: datetime.datetime
) -> tuple[Vote.State, str]:
    """Return the state of a new vote and the reason for it. Asked before each vote; a change of mind keeps its state."""
    if origin is not None and origin.waits:
        return Vote.State.HELD, WAITS
    return Vote.State.COUNTED, ""
