"""The editors' pages of an issue: looked at, tried, approved, and nothing left behind by looking."""

import datetime
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from newsletter.freezing import freeze
from newsletter.models import Delivery, Issue, IssueItem, SendBatch, SendControl
from tests import factories

pytestmark = pytest.mark.django_db
CUTOFF = datetime.datetime(2026, 11, 29, 18, tzinfo=datetime.UTC)
LOCMEM = {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}


@pytest.fixture(autouse=True)
def monday_is_near(settings):
    settings.MAILERS = {"default": LOCMEM, "bulk": LOCMEM}
    with time_machine.travel(CUTOFF - datetime.timedelta(days=2), tick=False):
        yield


@pytest.fixture
def editor(client):
    client.force_login(factories.staff())
    return client


@pytest.fixture
def issue():
    factories.reviewed_tool("Cursor")
    factories.subscriber()
    return factories.issue()


def marks():
    return (IssueItem.objects.count(), Delivery.objects.count(), SendBatch.objects.count(), SendControl.objects.count())


def page(issue, what="change"):
    return f"/admin/newsletter/issue/{issue.pk}/{what}/"


def act(editor, issue, action, **answers):
    data = {"action": action, "_selected_action": [issue.pk]} | ({"answered": "1"} | answers if answers else {})
    return editor.post("/admin/newsletter/issue/", data, follow=True)


def test_the_preview_shows_the_mail_its_text_its_source_and_its_size(editor, issue):
    preview = editor.get(page(issue, "preview")).text
    framed = editor.get(page(issue, "preview/mail"))

    assert "Ship or skip: Cursor" in preview
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in preview
    assert "% of what may be sent" in preview
    assert "Headers, links and size are fine." in preview
    assert "Cursor" in framed.text
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert "script" not in framed["Content-Security-Policy"]
    assert marks() == (0, 0, 0, 0)


def test_a_test_goes_to_one_address_and_leaves_no_mark(editor, issue):
    act(editor, issue, "send_test", address="me@example.org")

    assert [(m.to, m.subject) for m in mail.outbox] == [(["me@example.org"], "[Test] Ship or skip: Cursor")]
    assert marks() == (0, 0, 0, 0)
    issue.refresh_from_db()
    assert issue.state == "draft"


def test_an_editor_writes_the_words_until_the_issue_is_frozen(editor, issue):
    words = {"subject": "All about Cursor", "preheader": "And why", "intro": "Dear *reader*."}
    pins = {f"{name}-{kind}_FORMS": "0" for name in ("pins", "subject_test") for kind in ("TOTAL", "INITIAL")}
    editor.post(page(issue), words | pins)
    issue.refresh_from_db()
    assert (issue.subject, issue.intro) == ("All about Cursor", "Dear *reader*.")

    with time_machine.travel(CUTOFF, tick=False):
        freeze(issue.pk)
        shown = editor.get(page(issue))
        editor.post(page(issue), words | pins | {"subject": "Too late"})
    issue.refresh_from_db()
    assert 'name="subject"' not in shown.text
    assert issue.subject == "All about Cursor"


def test_approving_pausing_resuming_and_what_is_refused(editor, issue):
    act(editor, issue, "approve")
    issue.refresh_from_db()
    assert issue.state == "ready"
    assert issue.approved_by is not None
    assert "Only an issue that goes out can be paused" in act(editor, issue, "pause", reason="Why not").text

    with time_machine.travel(CUTOFF, tick=False):
        freeze(issue.pk)
        act(editor, issue, "pause", reason="A wrong figure")
    issue.refresh_from_db()
    assert (issue.state, issue.paused_reason) == ("paused", "A wrong figure")
    act(editor, issue, "resume")
    issue.refresh_from_db()
    assert issue.state == "sending"
    with pytest.raises(ValidationError):
        issue.cancel()


def test_only_who_may_send_can_approve(client, issue):
    from django.contrib.auth.models import Permission

    clerk = factories.user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(clerk)

    act(client, issue, "approve")

    issue.refresh_from_db()
    assert issue.state == "draft"
    assert client.get(page(issue, "preview")).status_code == 200
    client.force_login(factories.user(is_staff=True))
    assert client.get(page(issue, "preview")).status_code == 403


def test_the_report_reads_counters_and_never_the_ledger(editor, issue, django_assert_max_num_queries):
    with time_machine.travel(CUTOFF, tick=False):
        freeze(issue.pk)
    SendBatch.objects.update(sent=1, state="done")

    with django_assert_max_num_queries(10) as queries:
        report = editor.get(page(issue, "report")).text

    assert "1 of 1 handed over" in report
    assert not any("newsletter_delivery" in query["sql"] for query in queries.captured_queries)


# Commands -----------------------------------------------------------------------------------------


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_a_dry_run_prints_the_next_issue_and_writes_nothing(issue):
    said = run("send_digest", "--dry-run")

    assert "Subject: Ship or skip: Cursor" in said
    assert marks() == (0, 0, 0, 0)
    assert mail.outbox == []


def test_to_sends_to_one_address_only(issue):
    run("send_digest", "--to", "me@example.org")

    assert [m.to for m in mail.outbox] == [["me@example.org"]]
    assert marks() == (0, 0, 0, 0)
    with pytest.raises(CommandError):
        run("send_digest", "--to", "nobody")


def test_without_options_it_does_all_that_is_due_in_this_process(issue):
    assert "Nothing is due" in run("send_digest")
    with time_machine.travel(CUTOFF, tick=False):
        run("send_digest")
        assert mail.outbox == []
    with time_machine.travel(CUTOFF + datetime.timedelta(hours=15), tick=False):
        run("send_digest")
        run("send_digest")

    assert len(mail.outbox) == 1
    issue.refresh_from_db()
    assert issue.state == "done"


def test_status_says_how_it_stands_and_ends_with_1_when_somebody_has_to_look(issue):
    assert "Taking shape" in run("newsletter_status")

    Issue.objects.filter(pk=issue.pk).update(state="missed")
    with pytest.raises(SystemExit):
        run("newsletter_status")
