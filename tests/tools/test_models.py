"""Tools, their addresses, facts and prices: what they say, and what the database refuses."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests import factories
from tools.models import Category, Fact, FactKind, FormerSlug, Price, Tool

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 6, 1)
MOMENT = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
BAD_SLUGS = [
    "",
    "A",
    "-a",
    "a-",
    "a--b",
    "a_b",
    "a b",
    "a.b",
    "a/b",
    "é",
    "а",  # Cyrillic
    "a١",  # an Arabic digit
    "a\n",
    "vs",
    "vs-x",
    "x-vs",
    "x-vs-y",
    "a-vs-b-vs-c",
    *sorted(["new", "compare", "search", "feed", "vote", "all", "none"]),
]


def force(row, **fields: object) -> None:
    """Write past the model, as a console or a forgotten script would."""
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**fields)


# Addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", BAD_SLUGS, ids=ascii)
@pytest.mark.parametrize("make", [factories.tool, factories.category, factories.reviewer])
def test_the_database_refuses_a_slug_that_no_address_can_carry(make, slug):
    row = make("good")

    with pytest.raises(IntegrityError):
        force(row, slug=slug)


@pytest.mark.parametrize("slug", BAD_SLUGS, ids=ascii)
def test_the_database_refuses_it_for_old_addresses_and_kinds_of_fact_too(slug):
    former = FormerSlug.objects.create(slug="old", tool=factories.tool("a"))
    kind = FactKind.objects.create(slug="kind", label="Kind")

    with pytest.raises(IntegrityError):
        force(former, slug=slug)
    with pytest.raises(IntegrityError):
        force(kind, slug=slug)


@pytest.mark.parametrize("slug", [*BAD_SLUGS, "a" * 61], ids=ascii)
def test_an_editor_is_told_before_the_database_has_to_refuse(slug):
    tool = factories.tool("good")
    tool.slug = slug

    with pytest.raises(ValidationError) as refusal:
        tool.full_clean()

    assert "slug" in refusal.value.message_dict or "vs" in str(refusal.value)


@pytest.mark.parametrize("slug", ["a", "9", "a-b", "vscode", "evs", "a-vsx", "xvs-a", "newer", "a" * 60])
def test_words_that_only_resemble_the_forbidden_ones_are_fine(slug):
    tool = factories.tool("good")

    force(tool, slug=slug)
    tool.refresh_from_db()
    tool.full_clean()

    assert Tool.objects.named(slug).get() == tool


def test_two_tools_cannot_share_an_address():
    factories.tool("a")

    with pytest.raises(IntegrityError):
        force(factories.tool("b"), slug="a")


# Renaming ----------------------------------------------------------------------------------------


def test_an_old_address_moves_readers_for_good(client):
    factories.tool("old").rename_slug("new-name")

    response = client.get("/tools/old/")

    assert (response.status_code, response.headers["Location"]) == (301, "/tools/new-name/")


def test_every_address_a_tool_has_had_leads_to_the_present_one(client):
    tool = factories.tool("one")
    for slug in ["two", "three"]:
        tool.rename_slug(slug)

    assert [client.get(f"/tools/{slug}/").headers["Location"] for slug in ("one", "two")] == ["/tools/three/"] * 2


def test_a_tool_that_takes_over_an_old_address_owns_it(client):
    first = factories.tool("shared")
    first.rename_slug("first")
    second = factories.tool("shared")

    assert client.get("/tools/shared/").context["tool"] == second
    assert client.get("/tools/first/").context["tool"] == first


def test_an_address_leads_to_the_tool_that_had_it_last(client):
    factories.tool("shared").rename_slug("first")
    factories.tool("shared").rename_slug("second")

    assert client.get("/tools/shared/").headers["Location"] == "/tools/second/"


def test_a_tool_can_be_renamed_back(client):
    tool = factories.tool("old")
    tool.rename_slug("young")
    tool.rename_slug("old")

    assert client.get("/tools/old/").context["tool"] == tool
    assert client.get("/tools/young/").headers["Location"] == "/tools/old/"
    assert list(FormerSlug.objects.values_list("slug", flat=True)) == ["young"]


def test_renaming_to_the_same_address_leaves_no_trace():
    factories.tool("a").rename_slug("a")

    assert not FormerSlug.objects.exists()


@pytest.mark.parametrize("slug", ["taken", "x-vs-y"])
def test_a_refused_renaming_changes_nothing(slug):
    tool = factories.tool("a")
    factories.tool("taken")
    FormerSlug.objects.create(slug="kept", tool=tool)

    with pytest.raises(IntegrityError):
        tool.rename_slug(slug)

    assert Tool.objects.named("a").get() == tool
    assert list(FormerSlug.objects.values_list("slug", flat=True)) == ["kept"]


# States and dates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"entry": "cheap"},
        {"state": "archived"},
        {"state": "draft"},
        {"published_at": None},
        {"state": "discontinued"},
        {"discontinued_on": DAY},
        {"released_on": DAY},
        {"homepage": "javascript:alert(1)"},
        {"homepage": "ftp://example.org/"},
        {"repository": "example.org"},
        {"documentation": "//example.org/"},
        {"source_url": "data:text/html,x"},
        {"check_method": "guessed", "checked_on": DAY},
        {"check_method": "alive"},
        {"checked_on": DAY},
        {"check_method": "read", "checked_on": DAY},
        {"check_method": "read", "source_url": "https://example.org/"},
    ],
    ids=lambda fields: " ".join(f"{name}={value or 'nothing'}" for name, value in fields.items()),
)
def test_the_database_refuses_a_tool_that_makes_no_sense(fields):
    tool = factories.tool("a")

    with pytest.raises(IntegrityError):
        force(tool, **fields)


def test_a_discontinued_tool_has_a_day_and_may_have_another_tool_as_successor():
    tool, successor = factories.tool("a"), factories.tool("b")

    with pytest.raises(IntegrityError):
        force(tool, successor=successor)
    with pytest.raises(IntegrityError):
        force(tool, state="discontinued", discontinued_on=DAY, successor=tool)

    force(tool, state="discontinued", discontinued_on=DAY, successor=successor)
    assert list(successor.predecessors.all()) == [tool]


def test_publishing_a_tool_twice_keeps_the_first_date():
    tool = factories.tool("a", state="draft")
    tool.publish()
    first = tool.published_at

    tool.publish()

    assert Tool.objects.get().published_at == first


@pytest.mark.parametrize(
    ("state", "dated", "ended", "succeeded"),
    [("draft", False, None, False), ("published", True, None, False), ("discontinued", True, DAY, True)],
)
def test_dates_follow_the_state(state, dated, ended, succeeded):
    tool = factories.tool("a", state="discontinued", discontinued_on=DAY, successor=factories.tool("b"))

    tool.state = state
    tool.settle_state()
    tool.save()

    assert (tool.published_at is not None, tool.discontinued_on, tool.successor is not None) == (
        dated,
        ended,
        succeeded,
    )


def test_readers_see_published_and_discontinued_tools_but_no_drafts():
    factories.tool("a")
    factories.tool("b", state="discontinued", discontinued_on=DAY)
    factories.tool("c", state="draft")

    assert [tool.slug for tool in Tool.objects.public()] == ["a", "b"]


def test_a_price_nobody_has_checked_is_not_called_free():
    assert [factories.tool(entry=entry).entry_label for entry in ("", "free", "contact")] == [
        "Not checked",
        "Free",
        "Contact sales",
    ]


# Facts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"answer": "maybe"},
        {"answer": ""},
        {"answer": "text", "text": ""},
        {"answer": "unknown", "text": "but"},
        {"answer": "unknown", "check_method": "read", "checked_on": DAY, "source_url": "https://example.org/"},
        {"check_method": "read", "checked_on": DAY},
        {"check_method": "read", "source_url": "https://example.org/"},
        {"check_method": "guessed", "checked_on": DAY},
        {"check_method": "claimed"},
        {"checked_on": DAY},
        {"source_url": "javascript:alert(1)"},
    ],
    ids=lambda fields: " ".join(f"{name}={value or 'nothing'}" for name, value in fields.items()),
)
def test_the_database_refuses_a_fact_that_claims_more_than_is_known(fields):
    fact = factories.fact(factories.tool("a"))

    with pytest.raises(IntegrityError):
        force(fact, **fields)


@pytest.mark.parametrize("method", ["unchecked", "claimed", "alive", "diffed", "read"])
def test_only_what_a_person_read_is_verified(method):
    checked_on = None if method == "unchecked" else DAY

    fact = factories.fact(
        factories.tool("a"), check_method=method, checked_on=checked_on, source_url="https://example.org/"
    )

    assert (fact.is_verified, fact.is_unchecked) == (method == "read", method == "unchecked")


def test_a_tool_answers_a_question_once():
    tool = factories.tool("a")
    fact = factories.fact(tool, "Open source", "yes")

    with pytest.raises(IntegrityError), transaction.atomic():
        Fact.objects.create(tool=tool, kind=fact.kind, answer="no")


@pytest.mark.parametrize(
    ("answer", "text", "words"),
    [
        ("yes", "", "Yes"),
        ("no", "", "No"),
        ("partial", "the core only", "Partly"),
        ("unknown", "", "Not checked"),
        ("text", "Linux and macOS", "Linux and macOS"),
    ],
)
def test_an_answer_reads_as_a_reader_would_say_it(answer, text, words):
    assert factories.fact(factories.tool("a"), answer=answer, text=text).words == words


def test_the_past_of_a_fact_is_kept():
    fact = factories.fact(factories.tool("a"), answer="no")

    fact.answer = "yes"
    fact.save()

    assert list(fact.history.values_list("answer", flat=True)) == ["yes", "no"]


# Prices ------------------------------------------------------------------------------------------


def days(number: int) -> datetime.date:
    return DAY + datetime.timedelta(days=number)


@pytest.mark.parametrize(
    ("day", "amounts"),
    [(-1, []), (0, [20]), (9, [20]), (10, [25]), (19, [25]), (20, []), (29, []), (30, [30]), (3_000, [30])],
)
def test_a_price_lasts_until_the_next_row_of_its_plan(day, amounts):
    tool = factories.tool("a")
    for start, amount in [(0, 20), (10, 25), (20, None), (30, 30)]:
        factories.price(tool, amount, starts_on=days(start))

    assert [price.amount for price in Price.objects.on(days(day))] == amounts


def test_plans_and_tools_have_prices_of_their_own():
    first, second = factories.tool("a"), factories.tool("b")
    factories.price(first, 20, "Pro", starts_on=days(0))
    factories.price(first, 40, "Team", starts_on=days(0))
    factories.price(first, None, "Team", starts_on=days(5))
    factories.price(second, 9, "Team", starts_on=days(1))

    prices = Price.objects.on(days(6)).order_by("tool", "plan")

    assert [(price.tool, price.plan, price.amount) for price in prices] == [(first, "Pro", 20), (second, "Team", 9)]


def test_a_plan_has_one_price_from_a_day():
    tool = factories.tool("a")
    factories.price(tool, 20, starts_on=DAY)

    with pytest.raises(IntegrityError), transaction.atomic():
        factories.price(tool, 25, starts_on=DAY)
    with pytest.raises(ValidationError, match="already has a price"):
        Price(tool=tool, plan="Pro", amount=25, starts_on=DAY).full_clean()


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": -1},
        {"amount": None},
        {"is_offered": False},
        {"currency": "usd"},
        {"currency": "$"},
        {"currency": "US"},
        {"period": "week"},
        {"starts_on": None},
        {"check_method": "read", "checked_on": DAY},
        {"source_url": "javascript:alert(1)"},
    ],
    ids=lambda fields: " ".join(f"{name}={value}" for name, value in fields.items()),
)
def test_the_database_refuses_a_price_that_makes_no_sense(fields):
    price = factories.price(factories.tool("a"))

    with pytest.raises(IntegrityError):
        force(price, **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "20"}, "$20 per month"),
        ({"amount": "0"}, "$0 per month"),
        ({"amount": "9.5", "currency": "EUR"}, "€9.50 per month"),
        ({"amount": "1234.56", "currency": "GBP", "period": "year"}, "£1,234.56 per year"),
        ({"amount": "0.0025", "period": "use", "unit": "image"}, "$0.0025 per image"),
        ({"amount": "100", "currency": "CHF", "period": "once"}, "CHF 100 once"),
        ({"amount": "30", "unit": "seat"}, "$30 per seat per month"),
        ({"amount": None}, "No longer offered"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_price_reads_as_on_a_price_tag(fields, words):
    price = factories.price(factories.tool("a"), **fields)
    price.refresh_from_db()

    assert (price.words, str(price)) == (words, f"Pro: {words}")


# What depends on a tool --------------------------------------------------------------------------


def test_a_shelf_with_tools_cannot_be_thrown_away():
    tool = factories.tool("a")

    with pytest.raises(IntegrityError):
        tool.category.delete()

    assert Category.objects.count() == 1
