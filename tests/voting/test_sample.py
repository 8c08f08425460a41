"""The sample votes: real ones, in every state a reader can meet, and none for the founding pair."""

import datetime

from django.utils import timezone

from tests import factories
from tests.kept import kept
from tools.models import Tool
from verdicts import queries
from verdicts.sample.loading import FOLDER
from voting import counting, ledger, sample
from voting.models import Case, Tally, TallyDay, Vote

FOUNDERS = {"claude-files-api", "smolvlm2-turbo"}


def sample_votes():
    """The sample votes on bare tools; return how many there are."""
    for slug in [*sample.PLANS, *FOUNDERS]:
        age = timezone.now() - datetime.timedelta(days=200)
        factories.tool(slug.title(), slug=slug, is_sample=True, published_at=age)
    return sample.load(timezone.now().date(), factories.editor())


votes = kept(sample_votes)


def score(slug):
    [tool] = queries.scored(queries.with_figures(Tool.objects.filter(slug=slug)))
    return tool.community


def test_they_are_exact_and_so_is_their_log(votes, db):
    assert votes == Vote.objects.count() > 2_500
    assert (counting.drifts(), counting.replay()) == ([], [])


def test_making_them_again_adds_none(votes, db):
    assert sample.load(timezone.now().date(), factories.editor()) == 0


def test_what_is_left_out_stands_in_cases_that_wait_or_are_decided_and_is_told_to_everybody(votes, db):
    out = Vote.objects.exclude(state=Vote.State.COUNTED)
    waiting, decided = Case.objects.open(), Case.objects.filter(state=Case.State.DECIDED)

    assert sum(case.members.count() for case in Case.objects.all()) == out.count() == 167
    assert [case.tool.slug for case in waiting.order_by("tool__slug")] == ["cursor", "vllm"]
    assert ledger.rests() == []
    words = [line.words for line in ledger.lines(decided.order_by("opened_at"))]
    assert len(words) == 2
    assert words[0].startswith("80 ship votes held (more on one side than chance explains); discarded ")


def test_every_state_can_be_seen(votes, db):
    seen = {slug: (score(slug).total, score(slug).kind, score(slug).lean) for slug in sample.PLANS}

    assert seen["cursor"] == (1_200, "shown", "ship")
    assert seen["github-copilot"] == (1_200, "shown", "split")
    assert seen["claude-code"] == (60, "shown", "ship")
    assert seen["windsurf"] == (60, "shown", "skip")
    assert seen["vllm"] == (60, "shown", "split")
    assert seen["aider"] == (18, "few", "")
    assert seen["devin"] == (3, "few", "")
    assert seen["langgraph"] == (26, "waiting", "")
    assert score("vllm").checking_words == "12 votes are being checked"
    assert score("langchain").differs
    assert score("pinecone").era_words == "Since the new price"
    assert score("pgvector").era_words == "Mostly before version 0.8"


def test_the_founding_pair_has_none(votes, db):
    assert not Tally.objects.filter(tool__slug__in=FOUNDERS).exists()


def test_nothing_lies_in_the_future_and_months_add_up(votes, db):
    assert not Vote.objects.filter(changed_at__gt=timezone.now()).exists()
    last = TallyDay.objects.filter(tool__slug="cursor").order_by("day").last()
    assert (last.ships, last.skips) == (902, 298)


def test_they_are_on_tools_of_the_sample_site():
    assert {path.stem for path in (FOLDER / "tools").glob("*.toml")} >= set(sample.PLANS)
