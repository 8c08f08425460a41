"""What the readers' number says, and what it keeps back."""

from types import SimpleNamespace

import pytest

from verdicts.scoring import CommunityScore, regulars_needed
from voting.models.tally import COUNTERS


def row(**counts):
    named = {f"vote_{name}": counts.get(name, 0) for name in COUNTERS}
    return SimpleNamespace(**named, vote_era_label=counts.get("label", ""))


@pytest.mark.parametrize(("votes", "needed"), [(20, 4), (33, 4), (50, 6), (100, 12), (5_000, 12)])
def test_a_share_of_the_votes_must_be_of_readers_with_history(votes, needed):
    assert regulars_needed(votes) == pytest.approx(needed, abs=0.04)
    assert CommunityScore(votes, 0, regulars=needed).kind == "shown"
    waiting = CommunityScore(votes, 0, regulars=needed - 1)
    assert (waiting.kind, waiting.percent, waiting.interval, waiting.lean) == ("waiting", None, None, "")
    assert waiting.words == f"{votes:,} ship · 0 skip — waiting for regular voters"


@pytest.mark.parametrize(
    ("votes", "words"),
    [((70, 30), "Leans ship"), ((30, 70), "Leans skip"), ((55, 45), "Split"), ((15, 4), ""), ((0, 0), "")],
)
def test_words_follow_the_interval_and_not_the_point(votes, words):
    assert CommunityScore(*votes).lean_words == words


@pytest.mark.parametrize(
    ("verified", "differs", "words"),
    [
        ((32, 48), True, "verified 40\u202f%, 80 votes"),
        ((56, 24), False, "verified 70\u202f%, 80 votes"),
        ((6, 23), False, "verified 21\u202f%, 29 votes"),
        ((2, 3), False, "verified 2 ship · 3 skip"),
        ((0, 0), False, "none verified"),
    ],
)
def test_verified_readers_stand_beside_all_and_alike_where_they_differ(verified, differs, words):
    score = CommunityScore(168, 72, *verified)

    assert (score.differs, score.verified_words) == (differs, words)


@pytest.mark.parametrize(
    ("held", "words"), [(0, ""), (1, "1 vote is being checked"), (12, "12 votes are being checked")]
)
def test_votes_being_checked_are_disclosed(held, words):
    assert CommunityScore(5, 5, held=held).checking_words == words


def test_the_headline_is_of_the_current_era_when_it_has_votes_enough():
    counts = {"ships": 80, "skips": 40, "era_ships": 15, "era_skips": 10, "regulars": 90, "era_regulars": 20}

    score = CommunityScore.of_row(row(**counts, label="version 2"))

    assert (score.ships, score.skips, score.era_words) == (15, 10, "Since version 2")
    assert (score.earlier_ships, score.earlier_skips) == (65, 30)


@pytest.mark.parametrize(("era", "words"), [((9, 2), "Mostly before version 2"), ((11, 8), "Partly before version 2")])
def test_while_an_era_is_young_all_votes_count_and_it_is_said(era, words):
    total = (era[0] + 9, era[1] + 3) if words.startswith("Partly") else (80, 40)

    score = CommunityScore.of_row(
        row(ships=total[0], skips=total[1], era_ships=era[0], era_skips=era[1], label="version 2")
    )

    assert (score.total, score.era_words) == (sum(total), words)


def test_an_era_that_holds_all_the_votes_needs_no_words():
    score = CommunityScore.of_row(row(ships=30, era_ships=30, regulars=9, era_regulars=9, label="version 2"))

    assert (score.total, score.era_words) == (30, "")
