"""Lists of the admin stop counting: a table may hold millions of rows."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config import admin_site
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(factories.staff())


def test_no_list_of_any_app_counts_to_the_end():
    for page in admin.site._registry.values():
        assert issubclass(page.paginator, admin_site.BoundedPaginator), page
        assert page.show_full_result_count is False, page


def test_a_long_list_says_that_there_is_more(client, editor, monkeypatch):
    monkeypatch.setattr(admin_site, "MOST_COUNTED", 3)
    for name in "abcde":
        factories.tool(name)

    page = client.get(reverse("admin:tools_tool_changelist"))

    assert "more than 3 tools" in page.text


def test_a_short_list_says_how_much_there_is(client, editor):
    for name in "abc":
        factories.tool(name)

    assert "3 tools" in client.get(reverse("admin:tools_tool_changelist")).text


def test_every_list_bounds_its_count_in_the_database(client, editor):
    for model, page in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        if answer.status_code != 200 or "cl" not in (answer.context or {}):
            continue
        counts = [query["sql"] for query in queries if query["sql"].startswith("SELECT COUNT(*)")]
        assert all("LIMIT" in sql for sql in counts), (page, counts)
