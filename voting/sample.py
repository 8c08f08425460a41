"""Sample votes: every state a reader can meet, made of real votes with a log of their own, the same on every run."""

import datetime
import hashlib
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from random import Random

from django.db import transaction
from django.utils import timezone

from tools.models import State, Tool
from voting.counting import Stand, counters_of
from voting.models import Case, CaseVote, Era, Tally, TallyDay, User, Vote, VoteEvent, Voter
from voting.models.vote import REGULAR_TOOLS

HOST = "sample.invalid"  # a name that no resolver will ever know
ACCOUNTS, GUESTS, NEWCOMERS = 150, 1_300, 26
CROWD = 80  # the votes of one case, at most; one person may decide on a hundred
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
def load(today: datetime.date, editor: User) -> int:
    """Make the sample votes where there are none yet; return how many. Tools that are not there get none.

    What is left out stands in cases: the newest waits for the staff, the older ones were decided by the editor.
    """
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
    cases = {vote.pk: case for tool in found for case, crowd in _cases(tool, votes, editor) for vote in crowd}
    VoteEvent.objects.bulk_create(
        [event for vote in votes for event in _events(vote, cases.get(vote.pk))], batch_size=1_000
    )
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
    out = [(1, Vote.State.DISCARDED, "crowd")] * plan.discarded + [(1, Vote.State.HELD, "crowd")] * plan.held
    said = [(value, Vote.State.COUNTED, "") for value in words] + out
    voters = random.sample(range(ACCOUNTS), len(signed)) + random.sample(pool, len(said))
    rows = [(value, Vote.State.COUNTED, "") for value in signed] + said
    moments = sorted(first + (last - first) * random.random() for _ in rows)
    random.shuffle(rows_and_voters := list(zip(rows, voters, strict=True)))
    # A crowd comes all at once: those that were discarded after two thirds of the others, those that are held last.
    by_state = {state: [it for it in rows_and_voters if it[0][1] == state] for state in Vote.State}
    others = by_state[Vote.State.COUNTED]
    middle = 2 * len(others) // 3
    rows_and_voters = others[:middle] + by_state[Vote.State.DISCARDED] + others[middle:] + by_state[Vote.State.HELD]
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


def _cases(tool: Tool, votes: list[Vote], editor: User) -> Iterator[tuple[Case, Sequence[Vote]]]:
    """Make the cases of a tool's votes that are held or discarded; yield each with its votes."""
    crowds: list[tuple[Vote, ...]] = []
    for state in (Vote.State.DISCARDED, Vote.State.HELD):
        crowds += batched([it for it in votes if it.tool_id == tool.pk and it.state == state], CROWD)
    for crowd in crowds:
        ends = max(it.changed_at for it in crowd)
        case = Case(tool=tool, side=1, rule="crowd", size=len(crowd), opened_at=ends, ends_at=ends)
        case.begins_at = min(it.changed_at for it in crowd)
        if crowd[0].state == Vote.State.DISCARDED:
            case.state, case.decision = Case.State.DECIDED, Case.Decision.DISCARD
            case.decided_by, case.decided_at = editor, ends
        case.save()
        CaseVote.objects.bulk_create([CaseVote(case=case, vote=vote) for vote in crowd])
        yield case, crowd


def _events(vote: Vote, case: Case | None) -> list[VoteEvent]:
    """Return the log of a vote: cast, held by the rule of its case, discarded by whoever decided that."""
    told = {"vote_id": vote.pk, "tool_id": vote.tool_id, "voter_id": vote.voter_id}
    kinds, states = VoteEvent.Kind, Vote.State
    cast = VoteEvent(
        kind=kinds.CAST, new_value=vote.value, new_state=states.COUNTED, actor="voter", at=vote.changed_at, **told
    )
    if not case:
        return [cast]
    told |= {"kind": kinds.STATE, "old_value": vote.value, "new_value": vote.value, "reason": case.rule}
    told["at"] = case.opened_at
    held = VoteEvent(old_state=states.COUNTED, new_state=states.HELD, actor=f"rule:{case.rule}", **told)
    if not case.decided_by:
        return [cast, held]
    told |= {"actor": f"staff:{case.decided_by.pk}", "case_id": case.pk, "before": {"reason": case.rule}}
    return [cast, held, VoteEvent(old_state=states.HELD, new_state=states.DISCARDED, **told)]


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
