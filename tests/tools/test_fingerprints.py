"""Rows that are looked at as a digest of them: on PostgreSQL, where a page that has been asked for twice has one."""

import datetime
import decimal
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.config.test_services import marked, needs_postgres
from tests.tools.test_tracing import Page, amounts_of, tool_at
from tools.fingerprints import rows_and_fingerprint
from tools.models import Tool
from tools.statements import rows_of, statement


@statement
def names_of(slugs: list[str]):
    return Tool.objects.filter(slug__in=slugs).order_by("slug").values_list("name", flat=True)


def queries_of(show):
    with CaptureQueriesContext(connection) as captured:
        show()
    return len([it for it in captured if not it["sql"].startswith(("BEGIN", "COMMIT", "SET TRANSACTION"))])


@marked(needs_postgres)
@pytest.mark.django_db(transaction=True)
def test_from_the_third_time_on_a_page_that_has_not_changed_asks_one_question():
    tool, page = factories.tool("Anchor", tagline="Holds"), Page()
    assert [queries_of(page.show) for _ in range(5)] == [2, 3, 1, 1, 1]
    assert page.times == 1

    Tool.objects.filter(pk=tool.pk).update(tagline="Drags %s; 'on'")
    assert page.show() == "Drags %s; 'on': "
    tool.prices.create(amount=decimal.Decimal("5"), starts_on=datetime.date(2026, 1, 1))
    assert page.show() == "Drags %s; 'on': 5.00"
    assert page.times == 3
    assert [queries_of(page.show) for _ in range(3)] == [3, 1, 1]
    assert page.times == 3


@marked(needs_postgres)
@pytest.mark.django_db(transaction=True)
def test_any_other_row_is_another_fingerprint():
    tool = factories.tool("Anchor")
    calls = [(tool_at, ("anchor",)), (amounts_of, (tool.pk,)), (names_of, (["anchor", "buoy"],)), (names_of, ([],))]

    def fingerprint():
        rows, found = rows_and_fingerprint(calls)
        assert rows == rows_of(calls)
        assert found.holds()
        return found

    seen = [fingerprint()]
    for change in (
        lambda: tool.prices.create(amount=decimal.Decimal("5"), starts_on=datetime.date(2026, 1, 1)),
        lambda: tool.prices.create(amount=decimal.Decimal("5"), starts_on=datetime.date(2026, 2, 1)),
        lambda: factories.tool("Buoy"),
        lambda: Tool.objects.filter(slug="buoy").update(name='",")'),
        lambda: Tool.objects.filter(slug="buoy").update(name='"),("'),
    ):
        change()
        assert not seen[-1].holds()
        seen.append(fingerprint())
    assert max(Counter(it.digest for it in seen).values()) == 1


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_which_sees_several_moments_there_are_rows_only():
    tool = factories.tool("Anchor")
    calls = [(tool_at, ("anchor",))]
    with transaction.atomic():
        rows, found = rows_and_fingerprint(calls)
    assert [[row[0] for row in it] for it in rows.values()] == [[tool.pk]]
    assert found is None
    assert rows_and_fingerprint([]) == ({}, None)
