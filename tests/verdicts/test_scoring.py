"""Every figure the site shows, against reference values and against what must hold for any votes."""

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verdicts import scoring
from verdicts.scoring import CommunityScore, PanelScore

VECTORS = json.loads((Path(__file__).parent / "data" / "score_vectors.json").read_text(encoding="utf-8"))
CLOSE = {"abs": 1e-6, "rel": 0}
THIN = "\u202f"

some = st.integers(min_value=0, max_value=5_000)
sides = st.tuples(some, some).filter(any)


# Reference values --------------------------------------------------------------------------------


def test_the_constants_are_those_of_the_reference():
    assert pytest.approx(VECTORS["z95"], abs=1e-12) == scoring.Z95
    assert VECTORS["prior_strength"] == scoring.PRIOR_VOTES
    assert len(VECTORS["rows"]) + len(VECTORS["newcombe"]) == 37


@pytest.mark.parametrize("row", VECTORS["rows"], ids=lambda row: f"{row['ship']}-{row['skip']}")
def test_shares_and_intervals_equal_the_reference(row):
    votes = row["ship"], row["skip"]

    wide, narrow = scoring.wilson(*votes), scoring.wilson(*votes, z=VECTORS["z80"])
    mean = scoring.shrunk_share(*votes, site_share=VECTORS["prior_mean"])

    assert mean == pytest.approx(row["post_mean"], **CLOSE)
    if row["n"]:
        assert (wide.low, wide.high) == pytest.approx((row["wilson_lo"], row["wilson_hi"]), **CLOSE)
        assert narrow.low == pytest.approx(row["wilson80_lo"], **CLOSE)
    else:
        assert (wide, narrow) == (None, None)


@pytest.mark.parametrize("row", VECTORS["newcombe"], ids=lambda row: f"{row['ship1']}-{row['ship2']}")
def test_intervals_of_a_difference_equal_the_reference(row):
    difference = scoring.newcombe((row["ship1"], row["skip1"]), (row["ship2"], row["skip2"]))

    assert (difference.low, difference.high) == pytest.approx((row["lo"], row["hi"]), **CLOSE)


# What holds for any votes ------------------------------------------------------------------------


@given(sides)
def test_an_interval_lies_within_a_share_and_around_it(votes):
    interval = scoring.wilson(*votes)

    share = votes[0] / sum(votes)
    assert 0 <= interval.low <= share + 1e-12
    assert share - 1e-12 <= interval.high <= 1


@given(sides)
def test_swapping_ships_and_skips_mirrors_the_interval(votes):
    ships, skips = votes

    interval, mirrored = scoring.wilson(ships, skips), scoring.wilson(skips, ships)

    assert (interval.low, interval.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


@given(sides, st.integers(min_value=2, max_value=50))
def test_more_votes_at_the_same_share_narrow_the_interval(votes, times):
    few, many = scoring.wilson(*votes), scoring.wilson(votes[0] * times, votes[1] * times)

    assert many.high - many.low < few.high - few.low


@given(sides, sides)
def test_swapping_the_tools_mirrors_the_difference(first, second):
    difference, mirrored = scoring.newcombe(first, second), scoring.newcombe(second, first)

    assert (difference.low, difference.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-12)
    assert -1 - 1e-12 <= difference.low <= difference.high <= 1 + 1e-12


@given(sides, sides)
def test_swapping_the_tools_swaps_who_leads(first, second):
    swapped = {"first": "second", "second": "first", "close": "close", "few": "few"}

    assert scoring.lead(second, first) == swapped[scoring.lead(first, second)]


@given(some, some, st.floats(min_value=0, max_value=1))
def test_a_shrunk_share_lies_between_the_share_and_the_mean(ships, skips, mean):
    share = ships / (ships + skips) if ships + skips else mean

    shrunk = scoring.shrunk_share(ships, skips, site_share=mean)

    assert min(share, mean) - 1e-12 <= shrunk <= max(share, mean) + 1e-12


@given(some, some)
def test_a_whole_percent_says_all_or_nothing_only_when_it_is_true(ships, skips):
    score = CommunityScore(ships, skips)

    assert (score.percent == 100) == (score.kind == "shown" and skips == 0)
    assert (score.percent == 0) == (score.kind == "shown" and ships == 0)


@pytest.mark.parametrize("votes", [(-1, 0), (0, -1), (-1, 2)])
def test_negative_votes_are_refused(votes):
    with pytest.raises(ValueError, match="negative"):
        scoring.wilson(*votes)


def test_without_votes_there_is_no_interval_and_no_difference():
    assert scoring.wilson(0, 0) is None
    assert scoring.newcombe((0, 0), (9, 1)) is None
    assert scoring.newcombe((9, 1), (0, 0)) is None


# Who leads, and in which order --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "leader"),
    [
        ((70, 30), (60, 40), "close"),
        ((80, 20), (50, 50), "first"),
        ((50, 50), (80, 20), "second"),
        ((140, 60), (120, 80), "first"),
        ((3, 0), (0, 3), "few"),
        ((19, 0), (0, 5_000), "few"),
        ((20, 0), (0, 20), "first"),
        ((20, 0), (0, 19), "few"),
        ((50, 50), (50, 50), "close"),
        ((0, 0), (0, 0), "few"),
    ],
)
def test_who_leads_is_decided_on_the_difference(first, second, leader):
    assert scoring.lead(first, second) == leader


def test_many_good_votes_rank_above_one_perfect_vote():
    mean = 0.65

    shares = [scoring.shrunk_share(*votes, site_share=mean) for votes in [(95, 5), (1, 0), (0, 0), (0, 1)]]

    assert shares == sorted(shares, reverse=True)
    assert shares[2] == pytest.approx(mean)


# The panel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ships", "total", "percent", "figure", "words"),
    [
        (0, 0, None, "—", "No verdicts yet"),
        (1, 1, None, "1 of 1", "1 of 1 ship"),
        (0, 2, None, "0 of 2", "0 of 2 ship"),
        (0, 3, 0, f"0{THIN}%", "0 of 3 ship"),
        (1, 3, 33, f"33{THIN}%", "1 of 3 ship"),
        (2, 3, 67, f"67{THIN}%", "2 of 3 ship"),
        (3, 4, 75, f"75{THIN}%", "3 of 4 ship"),
        (4, 4, 100, f"100{THIN}%", "4 of 4 ship"),
    ],
)
def test_the_panel_has_a_percentage_from_its_quorum_on(ships, total, percent, figure, words):
    score = PanelScore(ships, total)

    assert (score.percent, score.figure, score.words) == (percent, figure, words)
    assert (score.skips, score.has_quorum) == (total - ships, total >= 3)


# The readers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ships", "skips", "figure", "words", "lean"),
    [
        (0, 0, "—", "No votes yet", ""),
        (1, 0, "1–0", "1 ship · 0 skip — too few for a percentage", ""),
        (9, 4, "9–4", "9 ship · 4 skip — too few for a percentage", ""),
        (19, 0, "19–0", "19 ship · 0 skip — too few for a percentage", ""),
        (20, 0, f"100{THIN}%", f"100{THIN}%, likely 84–100, 20 votes", "ship"),
        (0, 20, f"0{THIN}%", f"0{THIN}%, likely 0–16, 20 votes", "skip"),
        (10, 10, f"50{THIN}%", f"50{THIN}%, likely 30–70, 20 votes", "split"),
        (70, 30, f"70{THIN}%", f"70{THIN}%, likely 60–78, 100 votes", "ship"),
        (30, 70, f"30{THIN}%", f"30{THIN}%, likely 22–40, 100 votes", "skip"),
        (55, 45, f"55{THIN}%", f"55{THIN}%, likely 45–64, 100 votes", "split"),
        (3_500, 1_500, f"70{THIN}%", f"70{THIN}%, likely 69–71, 5,000 votes", "ship"),
    ],
)
def test_the_readers_have_a_percentage_from_twenty_votes_on(ships, skips, figure, words, lean):
    score = CommunityScore(ships, skips)

    assert (score.figure, score.words, score.lean) == (figure, words, lean)
    assert [value is None for value in (score.percent, score.low, score.high)] == [score.kind != "shown"] * 3


@given(some, some)
def test_the_printed_percentage_lies_within_the_printed_interval(ships, skips):
    score = CommunityScore(ships, skips)

    if score.kind == "shown":
        assert 0 <= score.low <= score.percent <= score.high <= 100


@pytest.mark.parametrize(
    ("share", "percent"),
    [
        (0, 0),
        (1, 100),
        (0.5, 50),
        (1e-9, 1),
        (0.004, 1),
        (0.014, 1),
        (0.015, 2),
        (1 - 1e-9, 99),
        (0.996, 99),
        (0.125, 13),
        (57 / 200, 29),
        (23 / 40, 58),
        (1 / 3, 33),
        (2 / 3, 67),
    ],
)
def test_a_half_is_rounded_up_and_only_truth_is_all_or_nothing(share, percent):
    assert scoring.whole_percent(share) == percent


# Staleness ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "tested", "newest", "words"),
    [
        (0, "", "", ""),
        (90, "", "", ""),
        (91, "", "", "Tested more than 90 days ago"),
        (91, "2.0", "2.0", "Tested more than 90 days ago"),
        (1, "1.0", "2.0", "Tested with 1.0; 2.0 is out"),
        (91, "1.0", "2.0", "Tested with 1.0; 2.0 is out"),
        (1, "2.0", "2.0", ""),
        (1, "", "2.0", ""),
        (1, "1.0", "", ""),
    ],
)
def test_a_verdict_is_stale_after_ninety_days_or_with_another_version(age, tested, newest, words):
    today = datetime.date(2026, 11, 23)

    stale = scoring.staleness(
        tested_on=today - datetime.timedelta(days=age), today=today, tested_version=tested, newest_version=newest
    )

    assert stale == words
