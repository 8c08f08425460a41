"""Sample votes: every state a reader can meet, made of real votes with a log of their own, the same on every run."""

import datetime
import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass
from random import Random

from django.db import transaction
from django.utils import timezone

from tools.models import State, Tool
from voting.counting import Stand, counters_of
from voting.models import Era, Tally, TallyDay, User, Vote, VoteEvent, Voter
from voting.models.vote import REGULAR_TOOLS

HOST = "sample.invalid"  # a name that no resolver will ever know
ACCOUNTS, GUESTS, NEWCOMERS = 150, 1_300, 26
SPACE = uuid.UUID("5a6d706c-6520-766f-7465-727320213939")


@dataclass(frozen=True, slots=True)
class Plan:
    """What readers of the sample site say about one tool."""

    ships: int
    skips: int
    verified: tuple[int, int] = (0, 0)
    held: int = 0
    discarded: int = 0
    era: str = ""
    in_era: int = 0
    newcomers: bool = False


PLANS = {
    "cursor": Plan(902, 298, verified=(96, 31), held=12, discarded=143),  # clear, many, some being checked
    "github-copilot": Plan(612, 588, verified=(70, 64)),  # split, though many
    "claude-code": Plan(48, 12, verified=(14, 4)),  # clear on sixty
    "windsurf": Plan(17, 43, verified=(6, 15)),  # leans skip
    "vllm": Plan(33, 27, verified=(12, 9), held=12),  # split on sixty
    "ollama": Plan(41, 19, verified=(11, 4)),
    "aider": Plan(13, 5, verified=(4, 1)),  # eighteen: no percentage
    "devin": Plan(1, 2),  # three
    "langchain": Plan(168, 72, verified=(32, 48)),  # verified readers differ
    "langgraph": Plan(22, 4, newcomers=True),  # waiting for regular voters
    "pinecone": Plan(88, 72, verified=(20, 22), era="the new price", in_era=46),  # the headline is of this era
    "pgvector": Plan(69, 21, verified=(19, 6), era="version 0.8", in_era=9),  # mostly before it
}


@transaction.atomic
def load(today: datetime.date) -> int:
    """Make the sample votes where there are none yet; return how many. Tools that are not there get none."""
    if Voter.objects.filter(pk=_voter_id(0)).exists():
        return 0
    tools = Tool.objects.filter(slug__in=PLANS, is_sample=True, state=State.PUBLISHED).exclude(tally__isnull=False)
    found = list(tools.order_by("slug"))
    if not found:
        return 0
    votes: list[Vote] = []
    eras: dict[int, Era] = {}
    for tool in found:
        votes += _votes(tool, PLANS[tool.slug], today, eras)
    _make_voters(votes)
    Era.objects.bulk_create(eras.values())
    Vote.objects.bulk_create(votes, batch_size=1_000)
    VoteEvent.objects.bulk_create([event for vote in votes for event in _events(vote)], batch_size=1_000)
    for tool in found:
        _count(tool, [vote for vote in votes if vote.tool_id == tool.pk], today, eras.get(tool.pk))
    return len(votes)


def _voter_id(number: int) -> uuid.UUID:
    return uuid.uuid5(SPACE, f"voter {number}")


def _votes(tool: Tool, plan: Plan, today: datetime.date, eras: dict[int, Era]) -> list[Vote]:
    random = Random(tool.slug)  # noqa: S311
    assert tool.published_at is not None
    last = min(datetime.datetime.combine(today, datetime.time.min, datetime.UTC), timezone.now())
    first = min(tool.published_at, last)
    words = [1] * (plan.ships - plan.verified[0]) + [-1] * (plan.skips - plan.verified[1])
    random.shuffle(words)
    signed = [1] * plan.verified[0] + [-1] * plan.verified[1]
    random.shuffle(signed)
    pool = (
        range(ACCOUNTS + GUESTS, ACCOUNTS + GUESTS + NEWCOMERS)
        if plan.newcomers
        else range(ACCOUNTS, ACCOUNTS + GUESTS)
    )
    out = [(1, Vote.State.HELD, "being checked")] * plan.held + [(1, Vote.State.DISCARDED, "sample")] * plan.discarded
    said = [(value, Vote.State.COUNTED, "") for value in words] + out
    voters = random.sample(range(ACCOUNTS), len(signed)) + random.sample(pool, len(said))
    rows = [(value, Vote.State.COUNTED, "") for value in signed] + said
    moments = sorted(first + (last - first) * random.random() for _ in rows)
    random.shuffle(rows_and_voters := list(zip(rows, voters, strict=True)))
    votes = [
        Vote(
            tool=tool,
            voter_id=_voter_id(number),
            value=value,
            state=state,
            reason=reason,
            is_verified=number < ACCOUNTS,
            is_regular=number < ACCOUNTS + GUESTS,
            changed_at=moment,
        )
        for ((value, state, reason), number), moment in zip(rows_and_voters, moments, strict=True)
    ]
    if plan.era:
        eras[tool.pk] = Era(tool=tool, number=1, label=plan.era, starts_at=moments[-plan.in_era])
        for vote in votes[-plan.in_era :]:
            vote.era = 1
    return votes


def _make_voters(votes: list[Vote]) -> None:
    """Make all the voters; those of the regular pools have voted on tools that the sample does not have besides."""
    firsts: dict[uuid.UUID, datetime.datetime] = {}
    tools: Counter[uuid.UUID] = Counter()
    for vote in votes:
        firsts[vote.voter_id] = min(firsts.get(vote.voter_id, vote.changed_at), vote.changed_at)
        tools[vote.voter_id] += 1
    accounts = User.objects.bulk_create(
        [User(email=f"reader{number}@{HOST}", password="!") for number in range(ACCOUNTS)]  # noqa: S106
    )
    voters = []
    for number in range(ACCOUNTS + GUESTS + NEWCOMERS):
        pk = _voter_id(number)
        regular = number < ACCOUNTS + GUESTS
        voter = Voter(pk=pk, first_vote_at=firsts.get(pk), tools_voted=max(tools[pk], REGULAR_TOOLS if regular else 0))
        if number < ACCOUNTS:
            voter.account = accounts[number]
        else:
            voter.cookie_mac = hashlib.sha256(pk.bytes).digest()
        voters.append(voter)
    Voter.objects.bulk_create(voters, batch_size=1_000)


def _events(vote: Vote) -> list[VoteEvent]:
    told = {"vote_id": vote.pk, "tool_id": vote.tool_id, "voter_id": vote.voter_id, "at": vote.changed_at}
    kinds = VoteEvent.Kind
    cast = VoteEvent(kind=kinds.CAST, new_value=vote.value, new_state=Vote.State.COUNTED, actor="voter", **told)
    if vote.state == Vote.State.COUNTED:
        return [cast]
    moved = {"old_value": vote.value, "new_value": vote.value, "old_state": 0, "new_state": vote.state}
    return [cast, VoteEvent(kind=kinds.STATE, actor="rule:sample", reason=vote.reason, **moved, **told)]


def _count(tool: Tool, votes: list[Vote], today: datetime.date, era: Era | None) -> None:
    """Write the tally, and what it was at the end of each month before today."""
    number, label = (era.number, era.label) if era else (0, "")
    counters: Counter[str] = Counter()
    days: dict[datetime.date, dict[str, int]] = {}
    for vote in sorted(votes, key=lambda vote: vote.changed_at):
        counters += counters_of(Stand.of(vote), number)
        days[vote.changed_at.date().replace(day=1)] = dict(counters)
    Tally.objects.create(tool=tool, era=number, era_label=label, **counters)
    firsts = sorted(days)
    ends = [after - datetime.timedelta(days=1) for after in firsts[1:]] + [today - datetime.timedelta(days=1)]
    TallyDay.objects.bulk_create(
        [
            TallyDay(tool=tool, day=end, era=number, era_label=label, **days[first])
            for first, end in zip(firsts, ends, strict=True)
            if first <= end
        ]
    )
