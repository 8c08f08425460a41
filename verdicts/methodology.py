"""What the methodology page states, taken from the constants that the code computes with."""

import datetime

from verdicts import scoring

CHANGELOG = [
    (
        "1.0",
        datetime.date(2026, 11, 23),
        "First edition: panel share, community share with interval, leads, staleness.",
    ),
]


def constants() -> dict[str, int]:
    """Return every number the page prints."""
    return {
        "quorum": scoring.QUORUM,
        "few_votes": scoring.FEW_VOTES,
        "stale_days": scoring.STALE_AFTER_DAYS,
        "confidence": scoring.CONFIDENCE_PERCENT,
        "prior_votes": scoring.PRIOR_VOTES,
    }
