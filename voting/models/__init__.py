"""Accounts, voters, what they said about tools, and what it adds up to."""

from voting.models.case import Case, CaseVote, Round, Watch
from voting.models.event import VoteEvent
from voting.models.signal import Salt, VoteSignal
from voting.models.tally import Counters, Era, Tally, TallyDay, tallies_on, with_tally
from voting.models.token import ApiToken
from voting.models.user import User, UserManager
from voting.models.vote import Vote, Voter
from voting.models.work import SpentWork

__all__ = [
    "ApiToken",
    "Case",
    "CaseVote",
    "Counters",
    "Era",
    "Round",
    "Salt",
    "SpentWork",
    "Tally",
    "TallyDay",
    "User",
    "UserManager",
    "Vote",
    "VoteEvent",
    "VoteSignal",
    "Voter",
    "Watch",
    "tallies_on",
    "with_tally",
]
