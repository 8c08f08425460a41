"""The made-up site: the same numbers make the same site, every count is right, and real content is never mixed in."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Q

from newsletter.models import Subscriber
from newsletter.synthetic import synthetic_tools
from tests import factories
from tools.models import Category, Fact, Price, Tool
from verdicts.models import Comparison, Reviewer, Verdict
from voting import counting
from voting.models import Tally, Vote, Voter

pytestmark = pytest.mark.django_db


def make(**numbers):
    out = io.StringIO()
    call_command("synthetic_site", stdout=out, **numbers)
    return out.getvalue().strip()


def rows():
    """Everything that the same seed must make again, in an order that keys have no part in."""
    tools = Tool.objects.order_by("slug").values_list(
        "slug", "name", "vendor", "entry", "state", "category__slug", "published_at"
    )
    verdicts = Verdict.objects.order_by("tool__slug", "reviewer__slug")
    votes = Vote.objects.order_by("tool__slug", "voter")
    return [
        list(tools),
        list(verdicts.values_list("tool__slug", "reviewer__slug", "decision", "reason", "published_at")),
        list(votes.values_list("tool__slug", "voter", "value", "state", "changed_at")),
        list(Tally.objects.order_by("tool__slug").values_list("tool__slug", "ships", "skips")),
        list(Fact.objects.order_by("tool__slug", "kind__slug").values_list("tool__slug", "kind__slug", "answer")),
        list(Price.objects.order_by("tool__slug", "plan").values_list("tool__slug", "plan", "amount", "starts_on")),
        list(Subscriber.objects.order_by("email").values_list("email", "state", "confirmed_at", "public_id")),
        list(Comparison.objects.order_by("featured_on").values_list("first__slug", "second__slug", "featured_on")),
    ]


def empty_the_site():
    for model in (Vote, Voter, Comparison, Verdict, Subscriber, Tool):
        model.objects.all().delete()


def test_it_makes_what_was_asked_for():
    words = make(tools=60, votes=300, subscribers=40)

    assert [Tool.objects.public().count(), Vote.objects.count(), Subscriber.objects.count()] == [60, 300, 40]
    assert words.startswith("Synthetic site: ")
    assert "60 tools" in words


def test_the_same_seed_makes_the_same_rows_and_another_seed_others(time_machine):
    time_machine.move_to("2026-05-04 12:00Z", tick=False)
    make(tools=40, votes=200, subscribers=20, seed=7)
    first = rows()
    empty_the_site()

    make(tools=40, votes=200, subscribers=20, seed=7)
    again = rows()
    empty_the_site()
    make(tools=40, votes=200, subscribers=20, seed=8)

    assert again == first
    assert all(other != one for other, one in zip(rows()[:-1], first, strict=False))


def test_making_it_again_adds_nothing():
    make(tools=20, votes=50, subscribers=10)
    before = rows()

    words = make(tools=20, votes=50, subscribers=10)

    assert words == "Synthetic site: nothing was missing."
    assert rows() == before


@pytest.mark.parametrize("other", [{"tools": 21}, {"seed": 2}, {"subscribers": 0}, {"votes": 51, "force": True}])
def test_another_size_or_seed_is_refused_where_one_is_there(other):
    numbers = {"tools": 20, "votes": 50, "subscribers": 10}
    make(**numbers)

    with pytest.raises(CommandError, match="already holds 20 tools, 50 votes and 10 subscribers from seed 1"):
        make(**numbers | other)


def test_tallies_are_equal_to_the_votes():
    make(tools=30, votes=900)

    counted = Q(votes__state=Vote.State.COUNTED)
    tools = Tool.objects.annotate(
        ships=Count("votes", filter=counted & Q(votes__value=1)),
        skips=Count("votes", filter=counted & Q(votes__value=-1)),
    )
    assert {tool.pk: (tool.ships, tool.skips) for tool in tools if tool.ships or tool.skips} == {
        tally.pk: (tally.ships, tally.skips) for tally in Tally.objects.all() if tally.ships or tally.skips
    }
    assert set(Vote.objects.values_list("value", "state").distinct()) >= {(1, 0), (-1, 0), (0, 0), (1, 1)}


def test_a_few_tools_have_most_of_the_votes():
    make(tools=100, votes=2_000)

    counts = sorted(Tool.objects.annotate(n=Count("votes")).values_list("n", flat=True), reverse=True)
    assert sum(counts[:10]) > sum(counts[10:])
    assert counts[0] <= Voter.objects.count()


def test_a_share_of_tools_has_a_full_panel_and_the_texts_are_valid():
    make(tools=200)

    sizes = Tool.objects.annotate(n=Count("verdicts")).values_list("n", flat=True)
    assert 10 <= sum(size == Reviewer.objects.count() for size in sizes) <= 40
    assert sum(size == 0 for size in sizes) > 100
    for row in [
        *Tool.objects.all()[:20],
        *Verdict.objects.published()[:20],
        *Price.objects.all()[:20],
        *Fact.objects.all()[:20],
    ]:
        row.full_clean(exclude=["tool", "reviewer", "kind", "category", "editor"])


def test_most_subscribers_are_active_and_confirmed():
    make(subscribers=400)

    assert Subscriber.objects.filter(state="active", confirmed_at__isnull=False).count() > 320
    assert not Subscriber.objects.exclude(email__endswith=".synthetic.invalid").exists()
    assert not Tool.objects.exists()


def test_every_tool_says_that_it_is_made_up():
    make(tools=10)

    assert synthetic_tools().filter(name__startswith="Synthetic ", vendor__startswith="Synthetic ").count() == 10


def test_no_history_is_written():
    make(tools=30)

    assert not any(model.history.exists() for model in (Tool, Fact, Price, Reviewer, Comparison))


def test_zero_of_everything_makes_an_empty_site():
    make(tools=0, votes=0, subscribers=0)

    assert not any(model.objects.exists() for model in (Tool, Vote, Subscriber))


def test_real_tools_are_left_alone_and_force_adds_beside_them():
    real = factories.tool("Real")

    with pytest.raises(CommandError, match="holds real tools"):
        make(tools=5)
    assert Tool.objects.get() == real

    make(tools=5, votes=20, force=True)
    assert Tool.objects.count() == 6
    assert not real.votes.exists()


def test_the_sample_site_does_not_count_as_real():
    factories.tool("Sample", is_sample=True)
    shelf = Category.objects.get()

    make(tools=20)

    assert Tool.objects.count() == 21
    assert Category.objects.filter(pk=shelf.pk).exists()


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        ({"tools": -1}, "--tools must be a number from 0 to 1,000,000"),
        ({"tools": 1_000_001}, "--tools must be a number from 0 to 1,000,000"),
        ({"tools": 1, "votes": -5}, "--votes must be"),
        ({"tools": 1, "votes": 10**12}, "--votes must be"),
        ({"subscribers": 10**9}, "--subscribers must be"),
        ({"seed": -1}, "--seed must be"),
        ({"votes": 5}, "Votes need tools"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(numbers, complaint):
    with pytest.raises(CommandError, match=complaint):
        make(**numbers)

    assert not Tool.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_rows(django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        make(tools=400, votes=1_000, subscribers=500)


@pytest.mark.parametrize("path", ["/", "/tools/", "/categories/developer-tools/", "/panel/", "/panel/builder/"])
def test_the_pages_show_it(client, path):
    make(tools=40, votes=100)

    response = client.get(path)

    assert response.status_code == 200
    assert "/tools/synthetic-" in response.text or path == "/panel/"


@pytest.mark.django_db
def test_its_tallies_and_its_log_are_those_of_its_votes():
    call_command("synthetic_site", tools=12, votes=120, stdout=io.StringIO())

    assert (counting.drifts(), counting.replay()) == ([], [])
