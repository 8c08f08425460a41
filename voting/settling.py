"""Whether a vote counts at once or waits for the next pass of the detector. Only what is cheap to know is asked.

A reader without history waits while the tool's last hour is above its normal, so that nearly every honest vote counts
at once, and a crowd does not count before anybody has looked at it. Where no passes run, nobody waits. On
PostgreSQL `voting_cast` asks the same within its one call (`voting.migrations._casting`).
"""

import datetime
import math
from functools import lru_cache

from voting.detector import HOUR, MEMORY, log_tail_poisson
from voting.models import Round, User, Vote, Voter, Watch
from voting.models.case import BUSY_FROM
from voting.models.vote import REGULAR_AFTER, REGULAR_TOOLS
from voting.origins import Origin

TRAP, WAITS = "trap", "next pass"
RARE = math.log(0.01)
PASSES_WITHIN = datetime.timedelta(hours=3)  # a pass that is later than that does not come: nobody waits for it


def initial_state(origin: Origin | None) -> tuple[Vote.State, str]:
    """Return the state of a new vote by what it says of itself, and the reason. A change of mind keeps its state."""
    if origin is not None and origin.honeypot:
        return Vote.State.DISCARDED, TRAP
    if origin is not None and origin.waits:
        return Vote.State.HELD, WAITS
    return Vote.State.COUNTED, ""


def waits(voter: Voter, tool_id: int, at: datetime.datetime) -> bool:
    """Tell whether a vote on a tool that is new to the voter waits: never while there are no passes to wait for."""
    if not Round.objects.filter(at__gt=at - PASSES_WITHIN).exists():
        return False
    busy_from = Watch.objects.filter(pk=tool_id).values_list("busy_from", flat=True).first() or BUSY_FROM
    hour = Vote.objects.filter(tool=tool_id, changed_at__gt=at - datetime.timedelta(hours=1))
    return hour[: busy_from - 1].count() >= busy_from - 1 and not _has_history(voter, at)


def _has_history(voter: Voter, at: datetime.datetime) -> bool:
    """Whether with this vote it is known from several tools, and for more than a day."""
    since = at - REGULAR_AFTER
    if voter.tools_voted + 1 < REGULAR_TOOLS:
        return False
    if voter.first_vote_at is not None and voter.first_vote_at <= since:
        return True
    return User.objects.filter(voter=voter, date_joined__lte=since).exists()


@lru_cache(maxsize=4_096)
def busy_from(fortnight: int) -> int:
    """Return how many votes within an hour are above the normal of a tool that had so many within a fortnight."""
    normal = fortnight / (MEMORY / HOUR)
    votes = max(BUSY_FROM, math.ceil(normal))
    while log_tail_poisson(votes, normal + 0.2) >= RARE:
        votes += 1
    return votes
