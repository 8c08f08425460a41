"""What groups of votes say: the arithmetic of the detector, which knows tests and references but no rules.

Tails are upper bounds by Chernoff, so that a threshold on them errs on the side of the honest. A reference has a share,
how many votes it rests on, and how far an honest crowd may lie from it.
"""

import math
from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate

HOUR, DAY = 3_600.0, 86_400.0
COUNTED, HELD, DISCARDED = "counted", "held", "discarded"

# In log odds: how far an honest crowd's opinion may lie from that of other voters of the same days, and from the past.
TOLERANCE_NOW, TOLERANCE_PAST = 0.25, 0.8
DOUBT = 1.3  # how many standard deviations of the reference itself are allowed for
MOSTLY_BOUGHT = 0.5  # from this share of excess on, a crowd is taken for bought, if it is
ONE_SIDED = 0.85  # as one-sided as this; a crowd with fewer of one side has other people in it
BITS = 32  # for each of the running counts of a timeline
DIGIT = (1 << BITS) - 1


@dataclass(slots=True, eq=False)
class Ballot:
    """A vote, with what a judge may know of it. `value` is 1, -1, or 0 for one that was withdrawn."""

    id: int
    at: float
    voter: Hashable
    tool: Hashable
    value: int
    address: Hashable = ""
    network: Hashable = ""
    wide: Hashable = ""
    agent: Hashable = ""
    referrer: str = ""
    dwell: float = 30.0
    honeypot: bool = False
    account: bool = False
    domain: str = ""
    state: str = COUNTED
    rule: str = ""
    waits: bool = False


def log_tail_poisson(count: int, mean: float) -> float:
    """Return the log of the chance of `count` or more where `mean` are expected; 0 when that is no surprise."""
    if count <= mean or count <= 0:
        return 0.0
    log_term = -mean + count * math.log(mean) - math.lgamma(count + 1)
    total = term = 1.0
    for step in range(1, 400):
        term *= mean / (count + step)
        total += term
        if term < 1e-12:
            break
    return min(0.0, log_term + math.log(total))


def log_tail_binomial(count: int, n: int, share: float) -> float:
    """Return an upper bound of the log of the chance of `count` or more of `n`; 0 when that is no surprise (Chernoff)."""
    if n == 0 or count <= n * share:
        return 0.0
    p = count / n
    divergence = p * math.log(p / share) + ((1 - p) * math.log((1 - p) / (1 - share)) if p < 1 else 0.0)
    return -n * divergence


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def expit(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


@dataclass(frozen=True, slots=True)
class Reference:
    """What voters of a kind are expected to say: a share of ships and how many votes it rests on."""

    share: float
    votes: float
    tolerance: float

    def of(self, side: int) -> float:
        return self.share if side > 0 else 1 - self.share

    def for_newcomers(self) -> "Reference":
        """What a crowd with both sides in it is measured by: another public, which may think as differently as the past."""
        return replace(self, tolerance=max(self.tolerance, TOLERANCE_PAST))

    def most(self, side: int, doubts: float = DOUBT) -> float:
        """The highest share of a side that an honest crowd may have."""
        p = self.of(side)
        doubt = doubts / math.sqrt(self.votes * p * (1 - p))
        return min(0.985, expit(logit(p) + math.hypot(self.tolerance, doubt)))


@cache
def gain_of_turn(percent: int, votes: int, side: int) -> float:
    """Return what a vote for a side adds to the evidence that half of the side is bought, measured by such a past."""
    p = Reference(min(0.97, max(0.03, percent / 100)), votes, TOLERANCE_NOW).most(side, 1.0)
    return math.log((1 + p) / (2 * p))


def excess(mine: int, n: int, reference: Reference, side: int, *, two_sided: bool = False) -> int:
    """Return how many of a group's votes for a side are more than the others in it let expect.

    Of a bought crowd so many are left that the number stays where it was, or hardly moves; of one that brought many for
    the other side too, as many as an honest crowd may have.
    """
    others, usual = n - mine, reference.of(side)
    honest = others * usual / (1 - usual)
    most = reference.most(side)
    allowed = others * most / (1 - most) if two_sided else honest * math.exp(TOLERANCE_NOW)
    one_sided = mine >= ONE_SIDED * n and mine - honest - 1 >= MOSTLY_BOUGHT * mine
    return max(0, mine - math.ceil(honest if one_sided else allowed))


class Timeline:
    """Votes on one tool that nothing speaks against, in order of time, with running sums: any span is counted at once."""

    def __init__(self, ballots: Iterable[Ballot], standing: dict[int, int]) -> None:
        self.ballots = sorted((it for it in ballots if it.value and not it.rule), key=lambda it: it.at)
        self.times = [it.at for it in self.ballots]
        # Six running counts in one number, as digits of base 2 ** BITS: skips and ships of each standing.
        steps = (1 << 2 * BITS * min(2, standing[it.id]) + BITS * (it.value > 0) for it in self.ballots)
        self.sums = list(accumulate(steps, initial=0))

    def count(self, levels: tuple[int, ...], begins: float, ends: float) -> tuple[int, int]:
        """Return the ships and the votes of voters of these standings (2 is any history) after `begins`, up to `ends`."""
        packed = self.sums[bisect_right(self.times, ends)] - self.sums[bisect_right(self.times, begins)]
        skips = sum(packed >> 2 * BITS * level & DIGIT for level in levels)
        ships = sum(packed >> 2 * BITS * level + BITS & DIGIT for level in levels)
        return ships, ships + skips

    def strangers(self, begins: float, ends: float) -> int:
        return self.count((0, 1), begins, ends)[1]
