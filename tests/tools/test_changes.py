"""The log of changes: written by the verbs themselves, never rewritten."""

import datetime

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from tests import factories
from tools.importing import import_tools
from tools.models import Change

pytestmark = pytest.mark.django_db


def told(tool):
    return [change.text for change in Change.objects.of([tool]).order_by("pk")]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"name": "Beta"}, "Now called Beta (was Alpha)"),
        ({"latest_version": "2.0"}, "Version 2.0 is out"),
        ({"entry": "paid"}, "Entry price is now paid (was free)"),
        ({"entry": ""}, "Entry price is now not checked (was free)"),
        ({"licence": "MIT"}, "Licence: MIT (was not checked)"),
        ({"state": "discontinued", "discontinued_on": datetime.date(2026, 1, 1)}, "Discontinued"),
        ({"state": "draft", "published_at": None}, "Taken off the site"),
    ],
)
def test_saving_a_tool_writes_down_what_readers_are_told(columns, words):
    tool = factories.tool("Alpha")
    for column, value in columns.items():
        setattr(tool, column, value)

    tool.save()

    assert told(tool) == ["Listed", words]


def test_a_change_that_readers_do_not_see_is_not_written_down():
    tool = factories.tool("Alpha")
    tool.logo = "logos/new.png"
    tool.save()
    draft = factories.tool("Draft", state="draft")
    draft.name = "Drafted"
    draft.save()

    assert told(tool) == ["Listed"]
    assert told(draft) == []


def test_a_draft_is_listed_when_it_is_published_and_moves_with_its_address():
    tool = factories.tool("Alpha", state="draft")

    tool.publish()
    tool.rename_slug("beta")

    assert told(tool) == ["Listed", "Moved to the address beta (was alpha)"]


def test_a_price_says_what_it_was_before():
    tool = factories.tool("Alpha")
    factories.price(tool, 20)
    later = factories.price(tool, 25, starts_on=timezone.localdate())
    later.amount = 24
    later.save()
    later.save()
    later.delete()

    assert told(tool)[1:] == [
        "Pro: $20 per month",
        "Pro: $25 per month (was $20 per month)",
        "Pro: $24 per month (was $25 per month)",
        "Pro: taken off the list (was $24 per month)",
    ]


def test_an_announced_price_is_told_on_its_day(time_machine):
    time_machine.move_to("2026-05-04 12:00Z", tick=False)
    tool = factories.tool("Alpha")
    factories.price(tool, 30, starts_on=datetime.date(2026, 5, 6))

    assert Change.objects.public().filter(kind="price").count() == 0
    time_machine.move_to("2026-05-06 00:00Z", tick=False)
    assert Change.objects.public().filter(kind="price").count() == 1


def test_a_fact_is_told_when_its_answer_becomes_another():
    tool = factories.tool("Alpha")
    fact = factories.fact(tool, "Open source", "unknown")
    fact.answer, fact.text = "partial", "the client only"
    fact.save()
    fact.save()
    fact.delete()

    assert told(tool)[1:] == [
        "Open source: Partly (the client only) (was Not checked)",
        "Open source: Not checked (was Partly (the client only))",
    ]


def test_nothing_is_written_down_when_the_change_itself_fails():
    tool = factories.tool("Alpha")
    tool.entry = "gold"

    with pytest.raises(DatabaseError), transaction.atomic():
        tool.save()

    assert told(tool) == ["Listed"]


@pytest.mark.parametrize("verb", [lambda rows: rows.update(kind="fact"), lambda rows: rows.delete()])
def test_the_database_refuses_to_change_or_delete_the_log(verb):
    tool = factories.tool("Alpha")

    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        verb(Change.objects.all())

    assert told(tool) == ["Listed"]


def test_an_unknown_kind_is_refused():
    with pytest.raises(DatabaseError), transaction.atomic():
        Change.objects.create(tool=factories.tool(), kind="gossip")


def test_an_import_writes_all_its_changes_at_once(tmp_path, django_assert_max_num_queries):
    known = factories.tool("Known", latest_version="1.0")
    file = tmp_path / "tools.csv"
    rows = [f"New {n},Tools,3.1" for n in range(200)]
    file.write_text("\n".join(["name,category,latest_version", "Known,,2.0", *rows]))

    with django_assert_max_num_queries(25):
        import_tools(file, publish=True)

    assert told(known) == ["Listed", "Version 2.0 is out"]
    assert Change.objects.filter(kind="listed").count() == 201
