"""Queries that are written once."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tools.models import Change, Price, Tool
from tools.statements import statement

pytestmark = pytest.mark.django_db


@statement
def tools_at(slugs: list[str]):
    return Tool.objects.filter(slug__in=slugs).select_related("category").order_by("slug")


def test_a_statement_answers_as_its_queryset_does():
    made = [factories.tool(name) for name in ("Anchor", "Buoy", "Cleat")]
    for slugs in (["anchor"], ["buoy", "anchor"], ["anchor", "cleat", "none"], [], ["it's %s \\ \""]):
        found = tools_at(slugs)
        assert found == list(Tool.objects.filter(slug__in=slugs).order_by("slug"))
        with CaptureQueriesContext(connection) as captured:
            assert all(tool.category.name for tool in found)
        assert len(captured) == 0
    [row] = tools_at(["anchor"])
    assert {name: getattr(row, name) for name in row.__dict__ if name[0] != "_"} == {
        field.attname: getattr(Tool.objects.get(pk=made[0].pk), field.attname) for field in Tool._meta.concrete_fields
    }


def test_a_statement_is_written_once_for_each_number_of_values():
    calls = []

    @statement
    def counted(tools: list[int]):
        calls.append(tools)
        return Tool.objects.filter(pk__in=tools)

    for pks in ([1], [2], [3, 4], [5, 6], [7]):
        counted(pks)
    assert len(calls) == 2


def test_every_call_of_a_statement_asks_the_database():
    @statement
    def tagline_of(tool: int):
        return Tool.objects.filter(pk=tool).values_list("tagline", flat=True)

    tool = factories.tool("Anchor", tagline="Holds")
    for said in ("Holds", "Drags", "Holds again"):
        Tool.objects.filter(pk=tool.pk).update(tagline=said)
        with CaptureQueriesContext(connection) as captured:
            assert tagline_of(tool.pk) == [said]
        assert len(captured) == 1


def test_days_moments_and_what_the_database_keeps_in_its_own_way_come_back_as_they_are():
    day, now = datetime.date(2026, 5, 4), timezone.now()
    tool = factories.tool("Anchor")
    Price.objects.create(tool=tool, plan="Solo", amount="12.5", starts_on=day)

    @statement
    def prices(day: datetime.date):
        return Price.objects.filter(starts_on__gte=day).on(day)

    @statement
    def changes(tool: int, until: datetime.datetime):
        return Change.objects.filter(tool=tool, at__lte=until).values_list("at", "payload")

    assert [(it.amount, it.starts_on) for it in prices(day)] == [
        (it.amount, it.starts_on) for it in Price.objects.all()
    ]
    assert prices(day + datetime.timedelta(days=1)) == []
    later = now + datetime.timedelta(days=1)
    assert changes(tool.pk, later) == list(Change.objects.filter(at__lte=later).values_list("at", "payload"))
    assert changes(tool.pk, now - datetime.timedelta(days=900)) == []


def test_a_statement_refuses_what_it_could_not_fill_in():
    @statement
    def looks_at_it(slug: str):
        return Tool.objects.filter(slug__startswith=slug)

    @statement
    def nobody_uses_it(tool: int):
        return Tool.objects.all()

    for asked, value in ((looks_at_it, "anchor"), (nobody_uses_it, 1)):
        with pytest.raises(ValueError, match="not a value"):
            asked(value)
    for value in (None, True, 1.5, (1, 2)):
        with pytest.raises(TypeError, match="takes no"):
            tools_at(value)


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_statement_must_not_hold_the_time_at_which_it_was_written():
    @statement
    def until_now(tool: int):
        return Change.objects.filter(tool=tool).public()

    with pytest.raises(ValueError, match="time"):
        until_now(1)
