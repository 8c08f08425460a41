"""Every figure the site shows: numbers in, numbers out. No database, no clock."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

QUORUM = 3
FEW_VOTES = 20
STALE_AFTER_DAYS = 90
Z95 = 1.959963984540054
Z99 = 2.5758293035489004
REGULARS_LEAST, REGULARS_MOST, REGULARS_SHARE = 4, 12, 0.12
DIFFER_VOTES = 30
CONFIDENCE_PERCENT = 95  # Z95 in words
DIFFER_PERCENT = 99  # Z99 in words
PRIOR_VOTES = 20
METHOD_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of a share, both ends between 0 and 1."""

    low: float
    high: float


def wilson(ships: int, skips: int, *, z: float | None = None) -> Interval | None:
    """Return the interval that holds the true share with the confidence of `z` standard deviations, `Z95` unless told;
    None for no votes.

    Raises ValueError if either count is negative.

    Source: E. B. Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
    American Statistical Association 22(158). Recommended for small samples by L. D. Brown, T. T. Cai and A. DasGupta
    (2001), "Interval Estimation for a Binomial Proportion", Statistical Science 16(2).
    """
    if ships < 0 or skips < 0:
        raise ValueError("Votes cannot be negative.")
    n = ships + skips
    if n == 0:
        return None
    z = Z95 if z is None else z
    centre = (ships + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * sqrt(ships * skips / n + z * z / 4)
    return Interval(0.0 if ships == 0 else centre - half, 1.0 if skips == 0 else centre + half)


def newcombe(first: tuple[int, int], second: tuple[int, int], *, z: float | None = None) -> Interval | None:
    """Return the interval of the difference between two shares, `(ships, skips)` each; None while either has no votes.

    Source: R. G. Newcombe (1998), "Interval Estimation for the Difference Between Independent Proportions", Statistics
    in Medicine 17(8), method 10.
    """
    a, b = wilson(*first, z=z), wilson(*second, z=z)
    if a is None or b is None:
        return None
    p, q = first[0] / sum(first), second[0] / sum(second)
    down = sqrt((p - a.low) ** 2 + (b.high - q) ** 2)
    up = sqrt((a.high - p) ** 2 + (q - b.low) ** 2)
    return Interval(p - q - down, p - q + up)


def shrunk_share(ships: int, skips: int, *, site_share: float) -> float:
    """Return the share pulled towards the site's mean by `PRIOR_VOTES` votes, so that 95 of 100 ranks above 1 of 1."""
    return (ships + PRIOR_VOTES * site_share) / (ships + skips + PRIOR_VOTES)


def shared_ranks(intervals: Sequence[Interval]) -> list[int]:
    """Return a rank for each, given the best first: whatever overlaps the first of a rank shares it, the next begins its own.

    A rank is the place of the first that has it, so that ranks never fall on the way down.
    """
    ranks: list[int] = []
    first = 0
    for place, mine in enumerate(intervals):
        if mine.high < intervals[first].low or mine.low > intervals[first].high:
            first = place
        ranks.append(first + 1)
    return ranks


def lead(first: tuple[int, int], second: tuple[int, int]) -> str:
    """Return who leads among readers: `first`, `second`, `close` (too close to call) or `few` (too few votes)."""
    if min(sum(first), sum(second)) < FEW_VOTES:
        return "few"
    difference = newcombe(first, second)
    assert difference is not None
    if difference.low > 0:
        return "first"
    return "second" if difference.high < 0 else "close"


def whole_percent(share: float) -> int:
    """Return a share as whole percent, half rounded up; only a true 0 or 1 is shown as 0 or 100."""
    percent = int(round(share * 100, 9) + 0.5)  # 57 / 200 * 100 is a hair below 28.5
    if percent == 0 and share > 0:
        return 1
    return 99 if percent == 100 and share < 1 else percent


@dataclass(frozen=True, slots=True)
class PanelScore:
    """What the panel says. It is the whole population, so there is no interval."""

    ships: int
    total: int

    @property
    def skips(self) -> int:
        return self.total - self.ships

    @property
    def has_quorum(self) -> bool:
        return self.total >= QUORUM

    @property
    def percent(self) -> int | None:
        """Whole percent of verdicts that say ship; None below the quorum."""
        return whole_percent(self.ships / self.total) if self.has_quorum else None

    @property
    def words(self) -> str:
        return f"{self.ships} of {self.total} ship" if self.total else "No verdicts yet"

    @property
    def figure(self) -> str:
        """The big figure: a percent, a bare count below the quorum, an em dash for none."""
        if self.percent is not None:
            return f"{self.percent}\u202f%"
        return f"{self.ships} of {self.total}" if self.total else "—"


def regulars_needed(votes: int) -> float:
    """Return how many votes must be of readers with history before a percentage is shown."""
    return max(REGULARS_LEAST, min(REGULARS_MOST, REGULARS_SHARE * votes))


@dataclass(frozen=True, slots=True)
class CommunityScore:
    """What readers say: a sample, so it comes with an interval, and without a percent while it is small.

    `ships` and `skips` are the counted votes that the headline is about; the rest says more about them. `regulars` is
    None where nobody asked how many of the voters have history.
    """

    ships: int
    skips: int
    verified_ships: int = 0
    verified_skips: int = 0
    regulars: int | None = None
    held: int = 0
    since: str = ""
    before: str = ""
    earlier_ships: int = 0
    earlier_skips: int = 0
    in_doubt: bool = False  # strangers may have moved it, says the last pass

    @classmethod
    def of_row(cls, row: object) -> "CommunityScore":
        """Return the score of the counters `vote_…` of a row: of its current era, or of all votes while that has few."""

        def votes(prefix: str) -> dict[str, Any]:
            names = ("ships", "skips", "verified_ships", "verified_skips", "regulars")
            return {name: getattr(row, f"vote_{prefix}{name}") for name in names}

        label = getattr(row, "vote_era_label", "")
        held: dict[str, Any] = {"held": getattr(row, "vote_held", 0), "in_doubt": getattr(row, "vote_in_doubt", False)}
        ever, era = votes(""), votes("era_")
        earlier: dict[str, Any] = {f"earlier_{side}": ever[side] - era[side] for side in ("ships", "skips")}
        if not label or not any(earlier.values()):
            return cls(**ever, **held)
        if era["ships"] + era["skips"] >= FEW_VOTES:
            return cls(**era, **held, since=label, **earlier)
        return cls(**ever, **held, before=label, **earlier)

    @property
    def total(self) -> int:
        return self.ships + self.skips

    @property
    def kind(self) -> str:
        """`none`, `few`, `waiting` (for readers with history, or for more of them) or `shown`."""
        if self.total == 0:
            return "none"
        if self.total < FEW_VOTES:
            return "few"
        is_open = self.regulars is None or self.regulars >= regulars_needed(self.total)
        return "shown" if is_open and not self.in_doubt else "waiting"

    @property
    def interval(self) -> Interval | None:
        return wilson(self.ships, self.skips) if self.kind == "shown" else None

    @property
    def percent(self) -> int | None:
        return whole_percent(self.ships / self.total) if self.kind == "shown" else None

    @property
    def low(self) -> int | None:
        return whole_percent(self.interval.low) if self.interval else None

    @property
    def high(self) -> int | None:
        return whole_percent(self.interval.high) if self.interval else None

    @property
    def lean(self) -> str:
        """`ship` or `skip` only if the whole interval lies on that side of a half; else `split`; empty while unknown."""
        if self.interval is None:
            return ""
        if self.interval.low > 0.5:
            return "ship"
        return "skip" if self.interval.high < 0.5 else "split"

    @property
    def lean_words(self) -> str:
        return {"ship": "Leans ship", "skip": "Leans skip", "split": "Split", "": ""}[self.lean]

    @property
    def figure(self) -> str:
        counts = f"{self.ships:,}–{self.skips:,}"
        return {"none": "—", "few": counts, "waiting": counts, "shown": f"{self.percent}\u202f%"}[self.kind]

    @property
    def words(self) -> str:
        if self.kind == "none":
            return "No votes yet"
        if self.kind == "few":
            return f"{self.ships} ship · {self.skips} skip — too few for a percentage"
        if self.kind == "waiting":
            return f"{self.ships:,} ship · {self.skips:,} skip — waiting for regular voters"
        return f"{self.percent}\u202f%, likely {self.low}–{self.high}, {self.total:,} votes"

    @property
    def era_words(self) -> str:
        """Which votes the headline is about, where a tool has changed since some of them."""
        if self.since:
            return f"Since {self.since}"
        earlier = self.earlier_ships + self.earlier_skips
        if self.before and self.total:
            return f"{'Mostly' if 2 * earlier > self.total else 'Partly'} before {self.before}"
        return ""

    @property
    def checking_words(self) -> str:
        """How many votes wait for a check; empty for none."""
        if not self.held:
            return ""
        return "1 vote is being checked" if self.held == 1 else f"{self.held:,} votes are being checked"

    # Those who voted with a confirmed e-mail address

    @property
    def verified_total(self) -> int:
        return self.verified_ships + self.verified_skips

    @property
    def verified_percent(self) -> int | None:
        """Whole percent among verified votes; None while either number is too small to be shown."""
        if self.kind != "shown" or self.verified_total < FEW_VOTES:
            return None
        return whole_percent(self.verified_ships / self.verified_total)

    @property
    def verified_figure(self) -> str:
        return "" if self.verified_percent is None else f"{self.verified_percent}\u202f%"

    @property
    def verified_words(self) -> str:
        """What verified readers say, to stand beside all; empty without votes."""
        if not self.total:
            return ""
        if not self.verified_total:
            return "none verified"
        if self.verified_percent is None:
            return f"verified {self.verified_ships:,} ship · {self.verified_skips:,} skip"
        return f"verified {self.verified_figure}, {self.verified_total:,} votes"

    @property
    def differs(self) -> bool:
        """Whether verified readers and all readers say different things, so that both are shown alike."""
        if self.verified_percent is None or min(self.total, self.verified_total) < DIFFER_VOTES:
            return False
        all_, verified = (self.ships, self.skips), (self.verified_ships, self.verified_skips)
        difference = newcombe(all_, verified, z=Z99)
        return difference is not None and not difference.low <= 0 <= difference.high


STANDING_AT_QUORUM = 2_000_000
STANDING_PER_SHARE = 1_000_000


def standing(ships: int, total: int) -> int:
    """Return the panel's result as one number to sort by: quorum first, then the share, then the number of verdicts.

    Nothing published is 0. The share counts to four decimals, the number of verdicts up to 98.
    """
    if total == 0:
        return 0
    at_quorum = STANDING_AT_QUORUM if total >= QUORUM else 0
    return at_quorum + 100 * standing_share(ships, total) + min(total, 98) + 1


def panel_bounds(result: str) -> tuple[int, int | None]:
    """Return the least standing of a panel result, and the least that is beyond it (None: there is nothing beyond)."""
    least = STANDING_AT_QUORUM
    half, whole = least + STANDING_PER_SHARE // 2, least + STANDING_PER_SHARE
    return {
        "none": (0, least),
        "skip": (least, half),
        "split": (half, half + 100),
        "ship": (half + 100, whole),
        "unanimous": (whole, None),
    }[result]


def panel_result(place: int) -> str:
    """Return which panel result a standing speaks of."""
    results = ("unanimous", "ship", "split", "skip")
    return next((result for result in results if place >= panel_bounds(result)[0]), "none")


def standing_share(ships: int, total: int) -> int:
    """Return the share in ten-thousandths, rounded to the nearest; only a true half or whole is one."""
    share = (20_000 * ships + total) // (2 * total)
    if share == 5_000 and 2 * ships != total:
        return share + (1 if 2 * ships > total else -1)
    return share - 1 if share == 10_000 and ships != total else share


def staleness(*, tested_on: datetime.date, today: datetime.date, tested_version: str, newest_version: str) -> str:
    """Return why a verdict is stale, in words; empty while it is fresh.

    It is stale when the test is more than `STALE_AFTER_DAYS` days old, or was made with another version than the
    tool's newest. A version that was not recorded says nothing.
    """
    if tested_version and newest_version and tested_version != newest_version:
        return f"Tested with {tested_version}; {newest_version} is out"
    if (today - tested_on).days > STALE_AFTER_DAYS:
        return f"Tested more than {STALE_AFTER_DAYS} days ago"
    return ""
