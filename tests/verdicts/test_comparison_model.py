"""What an editor adds to a pair: one row per pair, complete before it is public."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import factories
from verdicts.models import Comparison

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    return factories.tool("a"), factories.tool("b")


def force(comparison: Comparison, **fields: object) -> None:
    with transaction.atomic():
        Comparison.objects.filter(pk=comparison.pk).update(**fields)


def test_a_pair_is_kept_in_one_order_and_its_texts_follow(pair):
    first, second = pair

    made = factories.comparison(second, first, ship_first_if="you like b.", ship_second_if="you like a.")

    assert (made.first, made.second) == (first, second)
    assert (made.ship_first_if, made.ship_second_if) == ("you like a.", "you like b.")
    assert made.advice()[second.pk] == "<p>you like b.</p>\n"


def test_its_address_follows_the_slugs_whatever_the_row_says():
    later, earlier = factories.tool("z"), factories.tool("a")

    made = factories.comparison(later, earlier)

    assert (made.first, made.get_absolute_url()) == (later, "/compare/a-vs-z/")


def test_the_database_refuses_a_pair_the_wrong_way_round(pair):
    first, second = pair

    with pytest.raises(IntegrityError), transaction.atomic():
        Comparison.objects.bulk_create([Comparison(first=second, second=first)])


def test_the_database_refuses_a_tool_beside_itself(pair):
    first, _ = pair

    with pytest.raises(IntegrityError), transaction.atomic():
        Comparison.objects.bulk_create([Comparison(first=first, second=first)])


def test_the_database_refuses_a_second_row_for_a_pair(pair):
    first, second = pair
    factories.comparison(first, second)

    with pytest.raises(IntegrityError), transaction.atomic():
        Comparison.objects.bulk_create([Comparison(first=first, second=second)])


def test_the_editor_is_told_in_words_what_the_database_would_refuse(pair):
    first, second = pair
    factories.comparison(first, second)

    with pytest.raises(ValidationError, match="already has a comparison"):
        Comparison(first=first, second=second).full_clean()
    with pytest.raises(ValidationError, match="two different tools"):
        Comparison(first=first, second=first).full_clean()


@pytest.mark.parametrize("blank", ["", "  \n"])
@pytest.mark.parametrize("field", ["headline", "ship_first_if", "ship_second_if", "ship_neither_if"])
def test_publishing_is_refused_at_the_field_that_is_missing(pair, field, blank):
    made = factories.comparison(*pair, published=False, **{field: blank})

    with pytest.raises(ValidationError) as refusal:
        made.publish()

    assert list(refusal.value.message_dict) == [field]
    assert list(Comparison.objects.published()) == []


def test_publishing_names_every_missing_field_at_once(pair):
    made = Comparison(first=pair[0], second=pair[1])

    with pytest.raises(ValidationError) as refusal:
        made.publish()

    assert set(refusal.value.message_dict) == {"headline", "ship_first_if", "ship_second_if", "ship_neither_if"}


def test_a_standfirst_is_a_courtesy(pair):
    made = factories.comparison(*pair, standfirst="")

    assert made.is_published


@pytest.mark.parametrize("field", ["headline", "ship_first_if", "ship_second_if", "ship_neither_if"])
def test_the_database_refuses_a_published_comparison_without_its_texts(pair, field):
    published = factories.comparison(*pair)

    with pytest.raises(IntegrityError):
        force(published, **{field: ""})

    published.refresh_from_db()
    assert getattr(published, field)


def test_the_database_refuses_to_publish_an_empty_row(pair):
    draft = factories.comparison(*pair, published=False, headline="")

    with pytest.raises(IntegrityError):
        force(draft, published_at=timezone.now())


@pytest.mark.parametrize("position", [0, 1])
def test_a_pair_with_a_draft_tool_cannot_be_published(position):
    tools = [factories.tool("a"), factories.tool("b")]
    tools[position].state, tools[position].published_at = "draft", None
    tools[position].save()
    made = factories.comparison(*tools, published=False)

    with pytest.raises(ValidationError, match="published first"):
        made.publish()

    assert list(Comparison.objects.published()) == []


def test_a_discontinued_tool_may_still_be_compared(pair):
    first, second = pair
    first.state, first.discontinued_on = "discontinued", timezone.localdate()
    first.save()

    assert factories.comparison(first, second).is_published


def test_publishing_twice_keeps_the_first_date_and_unpublishing_keeps_the_row(pair):
    made = factories.comparison(*pair)
    date = made.published_at

    made.publish()
    assert Comparison.objects.get().published_at == date

    made.unpublish()
    assert (Comparison.objects.count(), Comparison.objects.published().count()) == (1, 0)


def test_readers_of_the_page_see_the_advice_only_while_it_is_published(client, pair):
    made = factories.comparison(*pair, published=False, headline="Pick the boring one")
    assert "Pick the boring one" not in client.get("/compare/a-vs-b/").content.decode()

    made.publish()

    page = client.get("/compare/a-vs-b/")
    assert "Pick the boring one" in page.content.decode()
    assert [tool.slug for tool, _ in page.context["comparison"].advice] == ["a", "b"]


def test_every_published_text_can_be_found_again_in_its_history(pair):
    made = factories.comparison(*pair, headline="Before")

    made.headline = "After"
    made.save()

    assert "Before" in made.history.values_list("headline", flat=True)
    assert made.history.latest().headline == "After"
