"""What a person looks at before deciding a case: when its votes came, from what kinds of networks and readers.

Networks have letters here, never addresses: their digests live for a fortnight (`voting.origins`), and so does this.
"""

import datetime
import string
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as Choose
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from verdicts.scoring import whole_percent
from voting.models import Case, CaseVote, Vote, VoteSignal
from voting.models.signal import oldest_kept
from voting.models.vote import REGULAR_AFTER, REGULAR_TOOLS
from voting.origins import joined

TIERS = ("one tool only", "a little history", "history over days", "history over weeks")
OLD_TOOLS, OLD_AFTER = 8, datetime.timedelta(days=21)
DWELL = [("under 1 s", 0, 1_000), ("1–2.5 s", 1_000, 2_500), ("2.5–10 s", 2_500, 10_000), ("10–60 s", 10_000, 60_000)]
DWELL.append(("over a minute", 60_000, 2_000_000_000))
MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Some of a case's votes that have something in common, under a key by which they can be split off."""

    key: str
    label: str
    votes: tuple[int, ...]
    detail: str = ""

    @property
    def size(self) -> int:
        return len(self.votes)


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of vote: how many of the case are of it, and its share in the case, on the tool, and on the site."""

    label: str
    count: int
    shares: tuple[str, ...]


def percent(part: int, whole: int) -> str:
    return f"{whole_percent(part / whole)}\u202f%" if whole else "–"


# Where from --------------------------------------------------------------------------------------


def networks(case: Case) -> list[Group]:
    """Return the case's votes by network, the largest first. Votes whose salt is gone are in none."""
    today = timezone.now().date()
    signals = VoteSignal.objects.filter(vote__in_cases__case=case, day__gte=oldest_kept(today))
    votes: dict[bytes, list[int]] = defaultdict(list)
    addresses: dict[bytes, set[bytes]] = defaultdict(set)
    for seen in joined(signals, today):
        votes[seen.net].append(seen.vote_id)
        addresses[seen.net].add(seen.addr)
    order = sorted(votes, key=lambda net: (-len(votes[net]), min(votes[net])))
    return [
        Group(
            f"net:{letters(n)}",
            f"net {letters(n)}",
            tuple(votes[net]),
            f"{len(addresses[net])} address{'es' * (len(addresses[net]) != 1)}",
        )
        for n, net in enumerate(order)
    ]


def letters(number: int) -> str:
    """Return A to Z, then AA and so on, as the columns of a sheet are named."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = string.ascii_uppercase[rest] + name
    return name


def referrers(case: Case) -> list[Group]:
    seen = VoteSignal.objects.filter(vote__in_cases__case=case).values_list("ref_host", "vote")
    hosts: dict[str, list[int]] = defaultdict(list)
    for host, vote in seen:
        hosts[host].append(vote)
    order = sorted(hosts, key=lambda host: (-len(hosts[host]), host))
    return [Group(f"ref:{host}", f"from {host or 'no other site'}", tuple(hosts[host])) for host in order]


def referrer_rows(case: Case, groups: list[Group]) -> list[Row]:
    """Return how often the case's hosts, and the tool's other votes', led to them."""
    others = VoteSignal.objects.filter(vote__tool=case.tool_id).exclude(_in_case(case)).values("ref_host")
    elsewhere = dict(others.annotate(n=Count("pk")).values_list("ref_host", "n"))
    size, rest = sum(it.size for it in groups), sum(elsewhere.values())
    return [
        Row(
            it.label.removeprefix("from "),
            it.size,
            (percent(it.size, size), percent(elsewhere.get(it.key.removeprefix("ref:"), 0), rest)),
        )
        for it in groups[:MOST_ROWS]
    ]


def dwell_rows(case: Case) -> list[Row]:
    """Return how long the page had been open, for the case and for the tool's other votes. One query."""
    counts: dict[str, Any] = {
        f"d{n}": Count("pk", filter=Q(dwell_ms__gte=low, dwell_ms__lt=high)) for n, (_, low, high) in enumerate(DWELL)
    }
    counts["unknown"] = Count("pk", filter=Q(dwell_ms=None))
    seen = VoteSignal.objects.filter(vote__tool=case.tool_id).annotate(mine=_in_case(case)).values("mine")
    found: dict[bool, dict[str, Any]] = {row["mine"]: {**row} for row in seen.annotate(**counts)}
    mine: dict[str, Any] = found.get(True, {})
    other: dict[str, Any] = found.get(False, {})
    names = [*(label for label, _, _ in DWELL), "not known"]
    sums = [sum(side.get(name, 0) for name in counts) for side in (mine, other)]
    return [
        Row(label, mine.get(name, 0), (percent(mine.get(name, 0), sums[0]), percent(other.get(name, 0), sums[1])))
        for label, name in zip(names, counts, strict=True)
    ]


def _in_case(case: Case) -> Exists:
    return Exists(CaseVote.objects.filter(case=case, vote=OuterRef("vote")))


# Who ---------------------------------------------------------------------------------------------


def tiers(case: Case) -> list[Group]:
    """Return the case's votes by how much history their voters have."""
    groups: dict[int, list[int]] = defaultdict(list)
    for vote, tier in case.votes().annotate(tier=_tier("voter__")).values_list("pk", "tier"):
        groups[tier].append(vote)
    return [Group(f"tier:{n}", label, tuple(groups[n])) for n, label in enumerate(TIERS) if groups[n]]


def tier_rows(case: Case, groups: list[Group]) -> list[Row]:
    """Return the mix of the case, of all votes on the tool, and of the site within the last fortnight. Two queries."""
    mine = Counter({int(it.key.removeprefix("tier:")): it.size for it in groups})
    tool = _mix(Vote.objects.filter(tool=case.tool_id), "voter__")
    site = _mix(VoteSignal.objects.filter(day__gte=oldest_kept(timezone.now().date())), "vote__voter__")
    return [
        Row(label, mine[n], tuple(percent(mix[n], mix.total()) for mix in (mine, tool, site)))
        for n, label in enumerate(TIERS)
    ]


def _mix(rows: QuerySet[Any], voter: str) -> Counter[int]:
    mixed = rows.annotate(tier=_tier(voter)).values("tier").order_by()
    return Counter(dict(mixed.annotate(n=Count("pk")).values_list("tier", "n")))


def _tier(voter: str) -> Choose:
    now = timezone.now()
    tools, first = f"{voter}tools_voted__gte", f"{voter}first_vote_at__lte"
    return Choose(
        When(**{tools: OLD_TOOLS, first: now - OLD_AFTER}, then=Value(3)),
        When(**{tools: REGULAR_TOOLS, first: now - REGULAR_AFTER}, then=Value(2)),
        When(Q(**{tools: 2}) | Q(**{f"{voter}account__isnull": False}), then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def overlaps(case: Case) -> list[dict[str, Any]]:
    """Return the other cases that voters of this one are in, the most shared first. One query."""
    voters = case.votes().values("voter")
    shared = CaseVote.objects.filter(vote__voter__in=voters).exclude(case=case)
    rows = shared.values("case", "case__tool__name", "case__rule", "case__state")
    most = rows.annotate(n=Count("vote__voter", distinct=True)).order_by("-n", "case")[:MOST_ROWS]
    return [{**row} for row in most]
