"""Readers report wrong facts and ask for tools; editors answer in public."""

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.verdicts.reading import read
from tools.models import AskedState, Change, FactReport, ToolRequest
from verdicts import reporting, requesting
from verdicts.forms import ReportForm, RequestForm
from voting.guarding import Throttle

pytestmark = pytest.mark.django_db
CLAIM = "It is GPL since version 3"


@pytest.fixture(autouse=True)
def fresh_throttles(monkeypatch):
    """Each test counts from nothing."""
    name = f"test-{timezone.now().timestamp()}"
    for module in (reporting, requesting):
        for which, rate in (("OF_A_NETWORK", "40/h"), ("OF_A_FORM", "3/d"), ("OF_ALL", "600/h")):
            monkeypatch.setattr(module, which, Throttle(f"{name}-{module.__name__}-{which}", rate))


def stamped(form_class, **values):
    """What a browser sends that opened the form a minute ago."""
    return {"stamp": form_class().new_stamp(age=60), **values}


def send(client, address, **values):
    form_class = RequestForm if address.startswith("/requests/") else ReportForm
    return client.post(address, stamped(form_class) | values)


# Reports -----------------------------------------------------------------------------------------


def test_every_cell_of_a_page_leads_to_a_form_that_names_it(client):
    first = factories.reviewed_tool("a", "+-", licence="MIT", latest_version="2.0", check_method="unchecked")
    second = factories.reviewed_tool("b", "++")
    factories.fact(first, "Open source", "yes")
    factories.price(second, 20, plan="Pro & Co")
    cells = set()
    for page in ("/tools/a/", "/tools/b/", "/compare/a-vs-b/"):
        answer = client.get(page)
        cells |= {link for link in read(answer).links if "/report/?cell=" in link}
    comparison = answer.context["comparison"]

    assert {f"/tools/{tool.slug}/report/?cell={quote(row.key, safe='')}" for row in comparison.fact_rows for tool in (first, second)} <= cells  # fmt: skip
    assert {"/tools/a/report/?cell=verdict.builder", "/tools/b/report/?cell=plan.Pro%20%26%20Co"} <= cells
    for address in cells:
        page = client.get(address)
        assert page.status_code == 200
        cell = page.context["cell"]
        assert cell.label in read(page).text
        assert cell.words in read(page).text
        assert read(page).robots == ["noindex"]


def test_a_past_page_a_draft_and_a_cell_that_is_not_there_take_no_report(client, admin_client):
    factories.reviewed_tool("a")
    factories.reviewed_tool("b")
    factories.tool("draft", state="draft")

    past = client.get(f"/compare/a-vs-b/as-of/{timezone.localdate()}/")

    assert "/report/" not in past.content.decode()
    assert "/report/" not in admin_client.get("/tools/draft/").content.decode()
    assert client.get("/tools/draft/report/").status_code == 404
    choice = client.get("/tools/a/report/?cell=nonsense")
    assert {"?cell=entry", "?cell=verdict.builder", "?cell=about"} <= set(read(choice).links)
    assert client.post("/tools/a/report/?cell=nonsense", {"claim": "x"}).status_code == 400


def test_a_report_waits_unseen_until_an_editor_answers_it(client):
    factories.tool("a", licence="MIT")

    answer = send(client, "/tools/a/report/?cell=licence", claim=f" {CLAIM}\u202e ", source="example.org/licence")

    report = FactReport.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/reports/?sent")
    assert (report.label, report.said, report.claim) == ("Licence", "MIT", CLAIM)
    assert (report.source_url, report.state) == ("https://example.org/licence", "waiting")
    page = read(client.get("/reports/?sent"))
    assert "Thank you." in page.text
    assert "1 report waits for an editor" in page.text
    assert CLAIM not in page.text


def test_an_accepted_report_becomes_a_correction_once_the_page_is_right(client):
    tool = factories.tool("a", licence="MIT")
    send(client, "/tools/a/report/?cell=licence", claim=CLAIM)
    report = FactReport.objects.get()

    with pytest.raises(ValidationError, match="still says “MIT”"):
        report.accept("Right you are", now=reporting.says_now(report))
    tool.licence = "GPL-3.0"
    tool.save()
    report.tool.refresh_from_db()
    report.accept("Right <b>you</b> are", now=reporting.says_now(report))

    correction = Change.objects.get(kind="corrected")
    assert correction.text == "Corrected: Licence: GPL-3.0 (was MIT): Right <b>you</b> are"
    for page in ("/corrections/", "/tools/a/changes/", "/changes.atom"):
        assert "Corrected: Licence: GPL-3.0 (was MIT)" in client.get(page).content.decode()
    public = read(client.get("/reports/"))
    assert all(words in public.text for words in (CLAIM, "Right <b>you</b> are", "We said “MIT”", "Put right"))
    assert public.executable == []


def test_a_declined_report_is_answered_in_public_and_corrects_nothing(client):
    factories.tool("a", licence="MIT")
    send(client, "/tools/a/report/?cell=licence", claim=CLAIM)

    FactReport.objects.get().decline("The licence file says MIT.")

    page = read(client.get("/reports/")).text
    assert "Declined" in page
    assert "The licence file says MIT." in page
    assert not Change.objects.corrections().exists()


def test_what_is_answered_is_answered_once_and_what_is_set_aside_is_shown_to_nobody(client):
    tool = factories.tool("a")
    first, second = (factories.report(tool, claim=f"claim {n}") for n in range(2))
    first.decline("No.")
    second.drop()

    for again in (lambda: first.decline("Yes."), lambda: first.drop(), lambda: second.accept("x", now="y")):
        with pytest.raises(ValidationError):
            again()
    with pytest.raises(ValidationError):
        factories.report(tool, claim="claim 3").decline("")
    assert "claim 1" not in client.get("/reports/").content.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"state": "accepted"},
        {"state": "waiting", "answer": "x"},
        {"state": "listed"},
        {"state": "accepted", "answer": "x"},
        {"claim": ""},
        {"source_url": "javascript:alert(1)"},
    ],
)
def test_the_database_refuses_a_report_that_makes_no_sense(values):
    report = factories.report(factories.tool("a"))

    with pytest.raises(IntegrityError), transaction.atomic():
        FactReport.objects.filter(pk=report.pk).update(**values)


# Machines ----------------------------------------------------------------------------------------

ADDRESSES = [
    ("/tools/a/report/?cell=licence", {"claim": CLAIM}, FactReport),
    ("/requests/", {"name": "B"}, ToolRequest),
]


@pytest.mark.parametrize(("address", "values", "model"), ADDRESSES)
def test_a_form_without_a_stamp_or_with_a_filled_trap_is_refused_in_words(client, address, values, model):
    factories.tool("a")

    answers = [
        client.post(address, values),
        client.post(address, values | {"stamp": "1:x"}),
        send(client, address, subject_line="Buy", **values),
        client.post(address, values | {"stamp": ReportForm()._signer.sign(f"{timezone.now().timestamp():.1f}")}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert all('role="alert"' in answer.content.decode() for answer in answers)
    assert not model.objects.exists()


@pytest.mark.parametrize(("address", "values", "model"), ADDRESSES)
def test_a_stamp_is_good_for_three_and_a_network_for_forty_an_hour(client, monkeypatch, address, values, model):
    factories.tool("a")
    field = next(iter(values))
    form_class = RequestForm if address == "/requests/" else ReportForm
    same = stamped(form_class)
    answers = [client.post(address, same | {field: f"Text {n}"}).status_code for n in range(4)]
    module = requesting if address == "/requests/" else reporting
    monkeypatch.setattr(module, "OF_A_NETWORK", Throttle(f"network-{timezone.now().timestamp()}", "1/h"))
    networks = [
        client.post(address, stamped(form_class) | {field: f"More {n}", "x": n}, REMOTE_ADDR=f"203.0.113.{n}")
        for n in (1, 2)
    ]

    assert answers == [302, 302, 302, 429]
    assert [answer.status_code for answer in networks] == [302, 429]
    assert int(networks[1]["Retry-After"]) > 0
    assert "203.0.113" not in repr(list(model.objects.values()))


@pytest.mark.parametrize(("address", "values", "model"), ADDRESSES)
def test_a_queue_that_is_full_takes_no_more(client, monkeypatch, address, values, model):
    factories.tool("a")
    monkeypatch.setattr(requesting if address == "/requests/" else reporting, "MOST_WAITING", 1)
    field = next(iter(values))

    answers = [send(client, address, **{field: f"Text {n}"}) for n in range(2)]

    assert [answer.status_code for answer in answers] == [302, 429]
    assert model.objects.count() == 1


def test_the_same_report_twice_is_one(client):
    factories.tool("a")

    for _ in range(2):
        send(client, "/tools/a/report/?cell=licence", claim=CLAIM)

    assert FactReport.objects.count() == 1


@pytest.mark.parametrize(
    "values", [{"claim": ""}, {"claim": "x" * 501}, {"claim": "x\x00"}, {"claim": "x", "source": "javascript:alert(1)"}]
)
def test_what_is_wrong_with_a_report_is_said_at_its_field(client, values):
    factories.tool("a")

    answer = send(client, "/tools/a/report/?cell=licence", **values)

    assert answer.status_code == 400
    assert "form-error" in answer.content.decode()
    assert not FactReport.objects.exists()


def test_forms_set_no_cookie_and_are_kept_by_nobody(client):
    factories.tool("a")

    for address in ("/requests/", "/tools/a/report/?cell=licence", "/reports/"):
        answer = client.get(address)
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]


# Requests ----------------------------------------------------------------------------------------


def test_a_search_that_finds_nothing_leads_to_the_request_with_its_words(client):
    [link] = [link for link in read(client.get("/tools/?q=Nothing+like+it")).links if link.startswith("/requests/?")]

    form = read(client.get(link))

    assert [field["value"] for field in form.all("input", name="name")] == ["Nothing like it"]


def test_a_request_is_listed_once_an_editor_has_looked_and_answered_in_public(client):
    for name in ("New Tool", "new-tool"):
        send(client, "/requests/", name=name, homepage="https://example.org/new", why="All my friends use it")
    unseen = read(client.get("/requests/")).text
    asked = ToolRequest.objects.get()

    asked.show()
    listed = read(client.get("/requests/")).text
    asked.accept("The panel looks at it next week.")
    tool = factories.tool("New Tool", state="draft")
    ToolRequest.objects.update(tool=tool)
    accepted = read(client.get("/requests/"))
    tool.publish()
    on_the_site = read(client.get("/requests/"))

    assert ToolRequest.objects.get().times == 2
    assert "New Tool" not in unseen
    assert "1 request waits for an editor" in unseen
    assert all(words in listed for words in ("New Tool", "Being considered", "asked for 2 times", "All my friends"))
    assert "Accepted" in accepted.text
    assert "The panel looks at it next week." in accepted.text
    assert accepted.all("a", href="https://example.org/new")[0]["rel"] == "nofollow ugc noopener"
    assert "On the site" in on_the_site.text
    assert "/tools/new-tool/" in on_the_site.links


def test_a_tool_that_is_here_is_not_asked_for(client):
    factories.tool("Cursor <b>", slug="cursor")

    answer = read(send(client, "/requests/", name="cursor <b>"))

    assert "/tools/cursor/" in answer.links
    assert "Cursor <b> is on the site" in answer.text
    assert answer.executable == []
    assert not ToolRequest.objects.exists()


def test_a_name_that_was_set_aside_may_be_asked_for_again(client):
    ToolRequest.objects.ask("Pills").drop()

    assert ToolRequest.objects.ask("pills!").state == AskedState.WAITING
    assert ToolRequest.objects.count() == 2


def test_the_lists_cost_the_same_however_long(client):
    tool = factories.tool("a")

    def cost(size):
        for n in range(size):
            factories.report(tool, claim=f"{size} {n}").decline("No.")
            ToolRequest.objects.ask(f"{size} {n}").show()
        found = []
        for address in ("/reports/", "/requests/"):
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            found.append(len(queries))
        return found

    assert cost(1) == cost(60)


# The admin ---------------------------------------------------------------------------------------


def act(client, url, action, *rows, **answers):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(url, data | ({"answered": "yes", **answers} if answers else {}), follow=True)


REPORTS, REQUESTS = "/admin/tools/factreport/", "/admin/tools/toolrequest/"


def test_an_editor_answers_reports_and_requests(client):
    account = factories.user(is_staff=True)
    account.groups.add(Group.objects.get(name="Editors"))
    client.force_login(account)
    tool = factories.tool("a", licence="MIT")
    report, other = factories.report(tool, said="GPL"), factories.report(tool, claim="other")
    asked = ToolRequest.objects.ask("B")

    question = act(client, REPORTS, "accept", report)
    act(client, REPORTS, "accept", report, answer="Thank you")
    refused = act(client, REPORTS, "accept", other, answer="Thank you")
    act(client, REPORTS, "decline", other, answer="No, it is MIT")
    act(client, REQUESTS, "show", asked)
    act(client, REQUESTS, "decline", asked, answer="Not for developers")

    assert "What do you tell the reader?" in question.content.decode()
    assert "Put it right first" in refused.content.decode()
    states = {row.claim: row.state for row in FactReport.objects.all()}
    assert states == {report.claim: "accepted", "other": "declined"}
    assert (ToolRequest.objects.get().state, ToolRequest.objects.get().answer) == ("declined", "Not for developers")
    assert re.search("MIT", client.get(f"{REPORTS}{report.pk}/change/").content.decode())


@pytest.mark.parametrize("many", [1, 60])
def test_a_queue_in_the_admin_costs_the_same_however_long(client, many, django_assert_num_queries):
    client.force_login(factories.staff())
    tool = factories.tool("a")
    for n in range(many):
        factories.report(tool, claim=str(n))
        ToolRequest.objects.ask(f"T {n}")
    client.get("/admin/")

    for url in (REPORTS, REQUESTS):
        with django_assert_num_queries(5):
            client.get(url)
