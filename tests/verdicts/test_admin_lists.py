import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.verdicts.admin_page import fields_of, member_of_editors
from tools.models import Tool, ToolRequest
from verdicts.models import Comparison, Verdict
from voting.models import Vote, Voter

pytestmark = pytest.mark.django_db
TOOLS, VERDICTS, PAIRS = "/admin/tools/tool/", "/admin/verdicts/verdict/", "/admin/verdicts/comparison/"


@pytest.fixture
def editor(client):
    member = member_of_editors(email="edith@example.org", name="Edith")
    client.force_login(member)
    return member


def act(client, url, action, *rows, **answers):
    answered = {"answered": "yes"} | answers if answers else {}
    return client.post(url, {"action": action, "_selected_action": [row.pk for row in rows]} | answered, follow=True)


def names(response):
    return [str(row) for row in response.context["cl"].result_list]


# Publishing and withdrawing ----------------------------------------------------------------------


def test_an_editor_publishes_selected_drafts(client, editor):
    drafts = [factories.verdict(factories.tool(), "builder", published=False) for _ in range(2)]

    page = act(client, VERDICTS, "publish", *drafts)

    assert "2 published." in page.content.decode()
    assert Verdict.objects.published().count() == 2


def test_what_cannot_be_published_says_why_and_the_rest_is(client, editor):
    tool = factories.tool()
    factories.verdict(tool, "builder")
    revision = factories.verdict(tool, "builder", "skip", published=False)
    draft = factories.verdict(tool, "skeptic", published=False)

    page = act(client, VERDICTS, "publish", revision, draft).content.decode()

    assert "What changed" not in page
    assert "Say in a few words what changed" in page
    assert "1 published." in page


def test_withdrawing_asks_why(client, editor):
    verdict = factories.verdict(factories.tool(), "builder")

    asked = act(client, VERDICTS, "withdraw", verdict)
    empty = act(client, VERDICTS, "withdraw", verdict, reason="  ")
    verdict.refresh_from_db()

    assert "Why?" in asked.content.decode()
    assert "This field is required." in empty.content.decode()
    assert verdict.is_published


def test_a_withdrawn_verdict_keeps_the_reason_and_the_editor(client, editor):
    verdict = factories.verdict(factories.tool(), "builder")

    act(client, VERDICTS, "withdraw", verdict, reason="We had tested the wrong version.")

    verdict.refresh_from_db()
    assert (verdict.state, verdict.withdrawal_reason, verdict.withdrawn_by) == (
        "withdrawn",
        "We had tested the wrong version.",
        editor,
    )


def test_a_verdict_can_be_withdrawn_from_its_own_page(client, editor):
    verdict = factories.verdict(factories.tool(), "builder")
    url = f"{VERDICTS}{verdict.pk}/change/"

    asked = client.post(url, {"CHANGE_FORM-action": "withdraw", "_selected_action": verdict.pk, "index": "0"})
    client.post(
        url, fields_of(asked) | {"CHANGE_FORM-action": "withdraw", "_selected_action": verdict.pk, "reason": "Wrong."}
    )

    verdict.refresh_from_db()
    assert verdict.state == "withdrawn"


def test_who_may_not_withdraw_is_not_offered_it(client, editor):
    editor.groups.clear()
    permissions = Verdict._meta.apps.get_model("auth", "Permission")
    editor.user_permissions.set(permissions.objects.filter(codename="view_verdict"))
    verdict = factories.verdict(factories.tool(), "builder")

    act(client, VERDICTS, "withdraw", verdict, reason="Because.")

    verdict.refresh_from_db()
    assert verdict.is_published


@pytest.mark.parametrize(
    ("action", "answers", "state"),
    [
        ("return_to_draft", {"reason": "Too early."}, "draft"),
        ("discontinue", {"reason": "Too early.", "discontinued_on": "2026-03-01"}, "discontinued"),
    ],
)
def test_a_tool_leaves_for_a_reason_that_its_history_keeps(client, editor, action, answers, state):
    tool = factories.tool()

    asked = act(client, TOOLS, action, tool)
    act(client, TOOLS, action, tool, **answers)

    tool.refresh_from_db()
    assert "Why" in asked.content.decode() or "why" in asked.content.decode()
    assert (tool.state, tool.history.first().history_change_reason) == (state, "Too early.")
    assert tool.history.first().history_user == editor


@pytest.mark.parametrize(
    "answers",
    [
        {"reason": ""},
        {"reason": "x" * 101},
        {"reason": "Ended.", "discontinued_on": "2026-02-31"},
        {"reason": "Ended.", "discontinued_on": "2999-01-01"},
        {"reason": "a\x00b", "discontinued_on": "2026-02-01"},
        {"reason": "Ended.", "discontinued_on": "2026-02-01", "successor": "x"},
    ],
)
def test_bad_answers_are_asked_again(client, editor, answers):
    tool = factories.tool()

    page = act(client, TOOLS, "discontinue", tool, **answers)

    tool.refresh_from_db()
    assert page.context["form"].errors
    assert tool.state == "published"


def test_a_tool_cannot_be_its_own_successor(client, editor):
    tool = factories.tool()

    page = act(client, TOOLS, "discontinue", tool, reason="Ended.", discontinued_on="2026-02-01", successor=tool.pk)

    assert "A tool cannot succeed itself." in page.content.decode()


def test_a_comparison_says_what_it_lacks_before_it_is_published(client, editor):
    pair = factories.comparison(factories.tool(), factories.tool(), published=False, headline="")

    page = act(client, PAIRS, "publish", pair).content.decode()

    assert "Headline: Needed before the comparison can be published." in page


def test_a_comparison_is_taken_down_for_a_reason(client, editor):
    pair = factories.comparison(factories.tool(), factories.tool())

    act(client, PAIRS, "unpublish", pair, reason="Outdated.")

    pair.refresh_from_db()
    assert (pair.published_at, pair.history.first().history_change_reason) == (None, "Outdated.")


def test_a_pair_may_be_given_in_either_order(client, editor):
    first, second = factories.tool(), factories.tool()
    page = fields_of(client.get(f"{PAIRS}add/"))

    client.post(
        f"{PAIRS}add/", page | {"first": second.pk, "second": first.pk, "ship_first_if": "you like the second."}
    )

    pair = Comparison.objects.get()
    assert (pair.first, pair.second, pair.ship_second_if) == (first, second, "you like the second.")


@pytest.mark.parametrize("same", [True, False])
def test_a_pair_of_one_or_a_pair_that_exists_is_refused_in_words(client, editor, same):
    first, second = factories.tool(), factories.tool()
    factories.comparison(first, second)
    page = fields_of(client.get(f"{PAIRS}add/"))

    response = client.post(f"{PAIRS}add/", page | {"first": first.pk, "second": first.pk if same else second.pk})

    words = "two different tools" if same else "already has a comparison"
    assert words in str(response.context["errors"])


# Deleting --------------------------------------------------------------------------------------


def test_nothing_published_can_be_deleted_even_by_a_superuser(client):
    client.force_login(factories.staff())
    tool = factories.reviewed_tool()
    verdict = tool.verdicts.first()
    pair = factories.comparison(tool, factories.tool())

    for url in (f"{TOOLS}{tool.pk}", f"{VERDICTS}{verdict.pk}", f"{PAIRS}{pair.pk}"):
        assert client.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    act(client, TOOLS, "delete_selected", tool)
    client.post(TOOLS, {"action": "delete_selected", "_selected_action": tool.pk, "post": "yes"})
    assert Tool.objects.filter(pk=tool.pk).exists()


def test_a_draft_tool_with_a_withdrawn_verdict_stays(client):
    client.force_login(factories.staff())
    tool = factories.tool(state="draft")
    factories.verdict(tool, "builder").withdraw(by=factories.editor(), reason="Wrong.")

    client.post(TOOLS, {"action": "delete_selected", "_selected_action": tool.pk, "post": "yes"})

    assert Tool.objects.filter(pk=tool.pk).exists()


def test_editors_are_not_offered_deletion(client, editor):
    factories.tool(state="draft")

    assert b"delete_selected" not in client.get(TOOLS).content


# Filters and the front page ----------------------------------------------------------------------


def some_work():
    """Return tools by what they lack."""
    panel = factories.panel()
    old = timezone.localdate() - datetime.timedelta(days=91)
    full = factories.reviewed_tool("Full", "++++")
    aged = factories.tool("Aged")
    factories.verdict(aged, "builder", tested_on=old)
    outdated = factories.tool("Outdated", latest_version="2.0")
    factories.verdict(outdated, "builder", tool_version="1.0")
    unheard = factories.tool("Unheard", description="")
    factories.verdict(unheard, "builder", published=False)
    return panel, full, aged, outdated, unheard


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("panel=none", ["Unheard"]),
        ("panel=incomplete", ["Aged", "Outdated", "Unheard"]),
        ("panel=stale", ["Aged", "Outdated"]),
        ("missing=builder", ["Unheard"]),
        ("missing=skeptic", ["Aged", "Outdated", "Unheard"]),
        ("missing=nobody", ["Aged", "Full", "Outdated", "Unheard"]),
        ("work=undescribed", ["Unheard"]),
        ("work=unchecked", ["Aged", "Full", "Outdated", "Unheard"]),
        ("work=nonsense", ["Aged", "Full", "Outdated", "Unheard"]),
        ("q=outd", ["Outdated"]),
    ],
)
def test_tools_are_found_by_what_they_need(client, editor, query, expected):
    some_work()

    assert names(client.get(f"{TOOLS}?{query}")) == expected


def test_verdicts_are_found_by_state_and_staleness(client, editor):
    some_work()

    stale = {verdict.tool.name for verdict in client.get(f"{VERDICTS}?stale=yes").context["cl"].result_list}
    drafts = {verdict.tool.name for verdict in client.get(f"{VERDICTS}?state__exact=draft").context["cl"].result_list}

    assert (stale, drafts) == ({"Aged", "Outdated"}, {"Unheard"})


def test_a_stale_verdict_is_the_same_in_the_query_and_in_words(client, editor):
    some_work()
    listed = set(client.get(f"{VERDICTS}?stale=yes").context["cl"].queryset)

    assert listed == {verdict for verdict in Verdict.objects.published() if verdict.staleness}


def test_a_former_address_finds_its_tool(client, editor):
    tool = factories.tool("Windsurf")
    tool.rename_slug("devin")

    assert names(client.get(f"{TOOLS}?q=windsurf")) == ["Windsurf"]


@pytest.mark.parametrize("query", ["q=%00", "state__exact=%00", "%00=1"])
def test_a_null_character_in_an_address_is_refused(client, editor, query):
    response = client.get(f"{TOOLS}?{query}")

    assert response.status_code == 400


@pytest.mark.parametrize(
    "query",
    ["p=9999", "p=x", "o=99", "reviewer__id__exact=x", "state__exact=zzz", "week=zzz", "published_at__year=zzz", "e=1"],
)
def test_an_odd_address_is_never_an_error_of_ours(client, editor, query):
    assert client.get(f"{VERDICTS}?{query}").status_code in {200, 302, 400}


def test_the_front_page_counts_what_its_links_list(client, editor):
    some_work()
    flipped = factories.reviewed_tool("Flipped", "+")
    factories.verdict(flipped, "builder", "skip", revision_note="It broke.")
    gone = factories.verdict(factories.tool("Gone"), "builder")
    gone.withdraw(by=editor, reason="Wrong.")
    Vote.objects.create(voter=Voter.objects.create(), tool=flipped, value=1, changed_at=timezone.now())
    factories.report(flipped)
    ToolRequest.objects.ask("Something else")

    groups = client.get("/admin/").context["figures"]

    figures = {figure.label: figure for _, group in groups for figure in group}
    assert {label: figure.count for label, figure in figures.items()} == {
        "verdicts published": 9,
        "flips": 1,
        "withdrawals": 1,
        "votes cast or changed": 1,
        "verdicts in draft": 1,
        "stale verdicts": 2,
        "tools with an incomplete panel": 5,
        "crowds of votes": 0,
        "reports of wrong facts": 1,
        "requests for tools": 1,
        "tools never checked": 6,
        "tools published": 6,
        "tools in draft": 0,
    }
    for figure in figures.values():
        listed = client.get(figure.url).context
        assert (len(listed["queue"]) if "queue" in listed else listed["cl"].result_count) == figure.count


@pytest.mark.parametrize("many", [1, 30])
def test_the_front_page_costs_the_same_however_much_there_is(client, editor, many, django_assert_num_queries):
    factories.panel()
    for _ in range(many):
        factories.verdict(factories.tool(), "builder")
    client.get("/admin/")

    with django_assert_num_queries(16):
        client.get("/admin/")


@pytest.mark.parametrize("many", [1, 300])
@pytest.mark.parametrize(("url", "cost"), [(TOOLS, 8), (VERDICTS, 9), (PAIRS, 6)])
def test_a_list_costs_the_same_however_long(client, editor, url, cost, many, django_assert_num_queries):
    factories.panel()
    tools = [Tool(name=f"T{i}", slug=f"t{i}", category=factories.category()) for i in range(many + 1)]
    tools = Tool.objects.bulk_create(tools)
    content = {"decision": "ship", "reason": "Why", "tested_on": timezone.localdate(), "editor": factories.editor()}
    Verdict.objects.bulk_create(Verdict(tool=t, reviewer=factories.reviewer(), **content) for t in tools[:many])
    Comparison.objects.bulk_create(Comparison(first=tools[0], second=t) for t in tools[1:])
    client.get("/admin/")

    with django_assert_num_queries(cost):
        client.get(url)


# History -----------------------------------------------------------------------------------------


def test_the_history_of_a_verdict_shows_words_that_changed(client, editor):
    tool = factories.tool("Cursor")
    factories.verdict(tool, "builder", reason="It is <b>fast</b>.")
    second = factories.verdict(tool, "builder", "skip", reason="It is slow.", revision_note="Version 2.")
    second.withdraw(by=editor, reason="Measured wrongly.")

    page = client.get(reverse("admin:verdicts_verdict_history", args=[second.pk])).content.decode()

    assert "<del>&lt;b&gt;fast&lt;/b&gt;.</del><ins>slow.</ins>" in page
    assert "<del>Ship</del><ins>Skip</ins>" in page
    assert re.search("Measured wrongly.*Version 2.", page, re.DOTALL)


@pytest.mark.parametrize(
    "kind", ["tools_tool", "tools_fact", "tools_price", "verdicts_comparison", "verdicts_reviewer", "verdicts_verdict"]
)
@pytest.mark.parametrize("pk", ["x", "0", "9" * 30, "٣"])
def test_the_history_of_nothing_is_not_found(client, editor, kind, pk):
    assert client.get(reverse(f"admin:{kind}_history", args=[pk])).status_code == 404


def test_an_editor_reads_what_changed_in_a_tool(client, editor):
    tool = factories.tool("Cursor", tagline="Writes code")
    tool.tagline, tool._change_reason = "Writes <i>more</i> code", "They said so."
    tool.save()

    page = client.get(reverse("admin:tools_tool_history", args=[tool.pk])).content.decode()

    assert "<ins>&lt;i&gt;more&lt;/i&gt;" in page
    assert "They said so." in page
    assert "<i>more" not in page
