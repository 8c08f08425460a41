"""What the methodology page states, taken from the constants that the code computes with."""

import datetime
from dataclasses import dataclass

from verdicts import scoring


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that figures depend on: its name here, in `scoring`, and what it decides."""

    name: str
    attribute: str
    meaning: str

    @property
    def value(self) -> int | float:
        return getattr(scoring, self.attribute)


CONSTANTS = [
    Constant("quorum", "QUORUM", "published verdicts from which the panel’s share is printed as a percentage"),
    Constant("few_votes", "FEW_VOTES", "votes from which the readers’ share is printed as a percentage"),
    Constant("confidence", "CONFIDENCE_PERCENT", "percent of confidence of the interval around the readers’ share"),
    Constant("prior_votes", "PRIOR_VOTES", "average votes added to each tool before readers’ shares are ranked"),
    Constant("stale_days", "STALE_AFTER_DAYS", "days after which a test is stale"),
    Constant("regulars_least", "REGULARS_LEAST", "voters with history that a percentage needs at least"),
    Constant("regulars_share", "REGULARS_SHARE", "share of the voters that need history, between least and most"),
    Constant("regulars_most", "REGULARS_MOST", "voters with history that are always enough"),
    Constant(
        "differ_votes", "DIFFER_VOTES", "votes, of all and of verified readers, before we say that the two differ"
    ),
    Constant("differ_confidence", "DIFFER_PERCENT", "percent of confidence with which we say that the two differ"),
]


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of the method: from when it holds, what is new in it, and every number in it."""

    version: str
    on: datetime.date
    text: str
    numbers: dict[str, int | float]


# The newest first. A number changes only with an edition of its own: a test compares the newest with the code.
CHANGELOG = [
    Edition(
        "1.0",
        datetime.date(2026, 11, 23),
        "First edition: panel share, community share with interval, leads, rankings, staleness, voters with history.",
        {
            "quorum": 3,
            "few_votes": 20,
            "confidence": 95,
            "prior_votes": 20,
            "stale_days": 90,
            "regulars_least": 4,
            "regulars_share": 0.12,
            "regulars_most": 12,
            "differ_votes": 30,
            "differ_confidence": 99,
        },
    ),
]


def constants() -> dict[str, int | float]:
    """Return every number the page prints."""
    return {constant.name: constant.value for constant in CONSTANTS}


def version_on(day: datetime.date) -> str:
    """Return the version of the method that held on a day; the first one for days before it."""
    return next((edition.version for edition in CHANGELOG if edition.on <= day), CHANGELOG[-1].version)
