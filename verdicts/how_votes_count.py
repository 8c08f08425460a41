"""*How votes count*: every number of the page is read from the code that works with it, at the moment of reading."""

import datetime
import math

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tools.freshness import kept_as_list
from verdicts import scoring, vote
from voting import alert, detector, evidence, guests, merging, settling, stamps
from voting.models import case, signal
from voting.models import vote as voters

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def figures() -> dict[str, str | int]:
    """Return every figure that the page prints, ready to be read."""
    return {
        "few_votes": scoring.FEW_VOTES,
        "confidence": scoring.CONFIDENCE_PERCENT,
        "regulars_least": in_words(scoring.REGULARS_LEAST),
        "regulars_most": scoring.REGULARS_MOST,
        "regulars_share": percent(scoring.REGULARS_SHARE),
        "differ_votes": scoring.DIFFER_VOTES,
        "prior_votes": scoring.PRIOR_VOTES,
        "history_tools": in_words(voters.REGULAR_TOOLS),
        "history_after": span(voters.REGULAR_AFTER),
        "cookie_days": guests.MOST_DAYS,
        "signals_days": signal.SALTS_KEPT,
        "merge_undone": span(merging.UNDONE_WITHIN),
        "page_open": span(datetime.timedelta(seconds=stamps.LONGEST_SECONDS)),
        "voter_rate": vote.OF_A_VOTER.words,
        "network_rate": vote.OF_A_NETWORK.words,
        "memory": span(datetime.timedelta(seconds=detector.MEMORY)),
        "busy_from": in_words(case.BUSY_FROM),
        "passes_within": span(settling.PASSES_WITHIN),
        "second_above": case.SECOND_PERSON_ABOVE,
        "public_above": case.PUBLIC_ABOVE,
        "windows": listed([span(datetime.timedelta(seconds=it)) for it in detector.WINDOWS]),
        "least_group": in_words(detector.LEAST_GROUP),
        "chance": one_in(detector.CHANCE),
        "crowded": one_in(detector.CROWDED),
        "near_now": points(evidence.TOLERANCE_NOW),
        "near_past": points(evidence.TOLERANCE_PAST),
        "alert_tool": alert.OF_A_TOOL,
        "alert_site": alert.OF_THE_SITE,
        "alert_times": in_words(alert.TIMES),
        "quick": f"{detector.QUICK_SECONDS:g}",
    }


@require_safe
def how_votes_count(request: HttpRequest) -> HttpResponse:
    context = {
        "figures": figures(),
        "contact": settings.SITE_CONTACT,
        "card_path": reverse("page_card", args=["methodology"]),
        "canonical_url": settings.SITE_URL + request.path,
    }
    return kept_as_list(render(request, "how_votes_count.html", context))


# Numbers as people say them ----------------------------------------------------------------------


def in_words(number: int) -> str:
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number:,}"


def percent(share: float) -> str:
    return f"{scoring.whole_percent(share)}\u202f%"


def span(time: datetime.timedelta) -> str:
    """Return a length of time in days, hours or minutes, whichever comes out whole."""
    minutes = round(time.total_seconds() / 60)
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size and minutes % size == 0:
            number = minutes // size
            return f"{in_words(number) if number > 1 else 'an' if unit == 'hour' else 'a'} {unit}{'s' * (number > 1)}"
    return "no time"


def one_in(log_chance: float) -> str:
    """Return the logarithm of a chance as one in so many."""
    return f"one in {round(math.exp(-log_chance)):,}"


def points(odds: float) -> int:
    """Return how many points a share of a half moves by some log odds."""
    return round(100 * (evidence.expit(odds) - 0.5))


def listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
