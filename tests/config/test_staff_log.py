"""What staff have done is written down, and nobody writes it anew."""

import logging

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied
from django.http import Http404

from tests import factories

LIST = "/admin/admin/logentry/"


@pytest.fixture
def boss(client, db):
    client.force_login(factories.staff())
    return client


def test_what_is_sent_to_the_admin_is_logged_with_who_and_what_came_of_it(boss, caplog):
    caplog.set_level(logging.INFO)

    boss.post("/admin/tools/tool/", {"action": "nothing", "_selected_action": ["1"]})

    [line] = [it.getMessage() for it in caplog.records if "staff_action" in it.getMessage()]
    assert "admin:tools_tool_changelist" in line


REFUSED = {PermissionDenied: 403, DisallowedHost: 400, BadRequest: 400, Http404: 404, RuntimeError: 500}


@pytest.mark.parametrize(("error", "code"), REFUSED.items(), ids=[it.__name__ for it in REFUSED])
def test_what_is_refused_by_raising_is_logged_too(boss, caplog, monkeypatch, error, code):
    caplog.set_level(logging.INFO)
    boss.raise_request_exception = False
    tool = factories.tool()

    def raising(*given, **named):
        raise error("no")

    monkeypatch.setattr(site.get_model_admin(type(tool)), "changeform_view", raising)
    response = boss.post(f"/admin/tools/tool/{tool.pk}/change/", {"name": "Other"})

    assert response.status_code == code
    [line] = [it.getMessage() for it in caplog.records if "staff_action" in it.getMessage()]
    assert "admin:tools_tool_change" in line
    assert str(code) in line


def test_an_editor_who_sends_what_is_not_theirs_leaves_a_line(client, db, caplog):
    caplog.set_level(logging.INFO)
    editor = factories.user(is_staff=True)
    client.force_login(editor)

    assert client.post("/admin/tools/tool/add/", {"name": "Mine"}).status_code == 403

    [line] = [it.getMessage() for it in caplog.records if "staff_action" in it.getMessage()]
    assert "403" in line


def test_looking_is_not_logged(boss, caplog):
    caplog.set_level(logging.INFO)

    boss.get("/admin/tools/tool/")

    assert "staff_action" not in caplog.text


@pytest.mark.parametrize("number", [1, 60])
def test_superusers_read_the_entries_at_the_same_cost_however_many(boss, number, django_assert_max_num_queries):
    me = factories.user(is_staff=True)
    tool = factories.tool()
    for _ in range(number):
        LogEntry.objects.log_actions(me.pk, [tool], 2, change_message="Changed.", single_object=True)

    with django_assert_max_num_queries(8):
        assert tool.name in boss.get(LIST).text


def test_nobody_changes_or_deletes_an_entry(boss):
    entry = LogEntry.objects.log_actions(
        factories.user().pk, [factories.tool()], 2, change_message="x", single_object=True
    )
    pk = entry.pk if hasattr(entry, "pk") else LogEntry.objects.get().pk

    assert boss.get(f"{LIST}{pk}/change/").status_code == 200
    assert boss.post(f"{LIST}{pk}/change/", {"object_repr": "other"}).status_code == 403
    assert boss.post(f"{LIST}{pk}/delete/", {"post": "yes"}).status_code == 403
    assert boss.post(LIST, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}).status_code != 500
    assert LogEntry.objects.get(pk=pk).change_message == "x"


def test_editors_do_not_read_it(client, db):
    client.force_login(factories.user(is_staff=True))

    assert client.get(LIST).status_code == 403
