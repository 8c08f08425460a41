"""What a pass holds together becomes a case; what it has given back leaves one. Membership only: states are `judging`'s."""

import dataclasses
import datetime
from collections import defaultdict
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q

from voting.ballots import Bench
from voting.detector import Ballot, Episode
from voting.models import Case, CaseVote, Vote

JOINED_WITHIN = datetime.timedelta(days=2)  # what is held so soon after a crowd belongs to it
REMEMBERED = datetime.timedelta(days=30)  # a little longer than the detector remembers a crowd
UNSIDED = ("address", "network", "wide", "mail", "trap")  # rules that hold places and accounts, whatever they said


class Crowd(NamedTuple):
    tool: int
    side: int
    rule: str


def cases_at_hand(now: datetime.datetime) -> list[Case]:
    """Return the cases that a pass may add to or close, all locked: cases before votes, as everywhere."""
    young = Q(ends_at__gte=now - REMEMBERED) | Q(state=Case.State.OPEN) | Q(memo__isnull=False)
    return list(Case.objects.filter(young, decision="").order_by("pk").select_for_update())


def gather(bench: Bench, held: list[int], cases: list[Case], now: datetime.datetime) -> None:
    """Put votes that are held now into cases: of the crowd they belong to, else of their tool and rule."""
    episodes = {Crowd(it.tool, it.side, it.rule): it for it in bench.detector.episodes}  # type: ignore[arg-type]
    groups: dict[Crowd, list[int]] = defaultdict(list)
    for vote in sorted(held):
        groups[_crowd_of(bench.ballots[vote])].append(vote)
    for crowd, votes in groups.items():
        times = [_moment(bench.ballots[vote].at) for vote in votes]
        episode = episodes.get(crowd)
        case = _known(bench, episode, crowd, cases, min(times))
        if case is None:
            case = Case(tool_id=crowd.tool, side=crowd.side, rule=crowd.rule, opened_at=now)
            case.begins_at, case.ends_at = min(times), max(times)
            case.save()
            cases.append(case)
        CaseVote.objects.bulk_create([CaseVote(case=case, vote_id=vote) for vote in votes], ignore_conflicts=True)
        case.begins_at, case.ends_at = min(case.begins_at, *times), max(case.ends_at, *times)
        case.size = max(case.size, case.members.count())
        case.state, case.released_at = Case.State.OPEN, None
        case.save()
        if episode is not None:
            bench.cases[id(episode)] = episode, case


def _crowd_of(ballot: Ballot) -> Crowd:
    side = 0 if ballot.rule in UNSIDED else ballot.value
    return Crowd(ballot.tool, side, ballot.rule)  # type: ignore[arg-type]


def _known(
    bench: Bench, episode: Episode | None, crowd: Crowd, cases: list[Case], begins: datetime.datetime
) -> Case | None:
    """Return the case that a crowd belongs to: that of its episode, else the last one like it that has hardly ended."""
    _, noted = bench.cases.get(id(episode), (None, None))
    same = [it for it in cases if noted is not None and it.pk == noted.pk]
    alike = [it for it in cases if Crowd(it.tool_id, it.side, it.rule) == crowd]
    recent = [it for it in alike if begins <= it.ends_at + JOINED_WITHIN]
    return next(iter([*same, *reversed(recent)]), None)


def note(bench: Bench, cases: list[Case]) -> None:
    """Write what the detector remembers of its crowds to their cases, for the next pass."""
    living = set(map(id, bench.detector.episodes))
    mine = {case.pk: case for case in cases}
    for key, (episode, case) in list(bench.cases.items()):
        memo = _memo_of(episode) if key in living else None
        if case.pk in mine and mine[case.pk].memo != memo:
            mine[case.pk].memo = memo
            Case.objects.filter(pk=case.pk).update(memo=memo)
        if memo is None:
            del bench.cases[key]


def _memo_of(episode: Episode) -> dict[str, Any]:
    memo = dataclasses.asdict(episode)
    del memo["tool"]
    return memo


def release(cases: list[Case], now: datetime.datetime) -> int:
    """Close those of some cases that hold nothing any more; return how many."""
    open_ones = [case.pk for case in cases if case.state == Case.State.OPEN]
    if not open_ones:
        return 0
    holds = CaseVote.objects.filter(case=OuterRef("pk"), vote__state=Vote.State.HELD)
    empty = Case.objects.filter(pk__in=open_ones).exclude(Exists(holds))
    return empty.update(state=Case.State.RELEASED, released_at=now)


def _moment(at: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at, datetime.UTC)
