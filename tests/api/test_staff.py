"""What staff write over the API: who may, by which rules, and what is kept of it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from tests import factories
from tools.models import FormerSlug, Tool
from verdicts.models import Verdict
from voting.models import ApiToken

pytestmark = pytest.mark.django_db
STAFF = "/api/v1/staff"
SEAT = f"{STAFF}/verdicts/alpha/builder"
TEXT = {"decision": "ship", "reason": "It held.", "evidence": "trial", "tested_on": "2026-01-01"}


@pytest.fixture(autouse=True)
def calm():
    cache.clear()


@pytest.fixture
def editor(db):
    account = factories.user(is_staff=True, name="Ed")
    account.groups.add(Group.objects.get(name="Editors"))
    return account


@pytest.fixture
def ask(client, editor):
    """Ask as an editor's program: returns the status and the answer."""
    token = ApiToken.make(editor, "catalogue", "write")[1]

    def asking(method, path, body=None, token=token):
        headers = {"Authorization": f"Bearer {token}"}
        send = getattr(client, method)
        answer = (
            send(path, body, content_type="application/json", headers=headers) if body else send(path, headers=headers)
        )
        return answer.status_code, answer.json()

    return asking


def names(answer):
    return {error["attr"] for error in answer["errors"]}


@pytest.fixture
def alpha():
    factories.reviewer("builder")
    return factories.tool("Alpha")


def test_a_tool_is_made_changed_published_and_discontinued(ask, editor):
    factories.category("agents")

    status, made = ask("post", f"{STAFF}/tools/", {"name": " New\u202e  tool ", "category": "agents"})
    assert (status, made["slug"], made["name"], made["state"]) == (201, "new-tool", "New tool", "draft")
    path = f"{STAFF}/tools/new-tool/"
    status, changed = ask("patch", path, {"version": made["version"], "tagline": "It does.", "slug": "newer-tool"})
    assert (status, changed["slug"], changed["tagline"]) == (200, "newer-tool", "It does.")
    path = f"{STAFF}/tools/newer-tool/"
    status, public = ask("put", f"{path}state/", {"version": changed["version"], "state": "published"})
    assert (status, public["state"]) == (200, "published")
    ended = {"state": "discontinued", "reason": "It ended.", "discontinued_on": "2026-01-01"}
    status, gone = ask("put", f"{path}state/", {"version": public["version"]} | ended)
    assert (status, gone["state"], gone["discontinued_on"]) == (200, "discontinued", "2026-01-01")

    tool = Tool.objects.get()
    assert FormerSlug.objects.get().slug == "new-tool"
    assert {row.history_user for row in tool.history.all()} == {editor}
    assert tool.history.first().history_change_reason == "It ended."
    assert list(tool.changes.order_by("pk").values_list("kind", flat=True)) == ["listed", "discontinued"]
    assert {entry.user for entry in LogEntry.objects.all()} == {editor}
    assert LogEntry.objects.count() == 4


def test_a_second_editors_stale_write_is_refused_and_changes_nothing(ask, alpha):
    _, read = ask("get", f"{STAFF}/tools/alpha/")
    assert ask("patch", f"{STAFF}/tools/alpha/", {"version": read["version"], "vendor": "First"})[0] == 200

    for method, path, body in [("patch", "alpha/", {"vendor": "Second"}), ("put", "alpha/state/", {"state": "draft"})]:
        status, answer = ask(method, f"{STAFF}/tools/{path}", {"version": read["version"]} | body)
        assert (status, answer["errors"][0]["code"]) == (409, "conflict")
    status, answer = ask("patch", f"{STAFF}/tools/alpha/", {"vendor": "Second"})
    assert (status, names(answer)) == (400, {"version"})
    assert Tool.objects.get().vendor == "First"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"homepage": "ftp://example.org/"}, (422, {"homepage"})),
        ({"category": "nothing"}, (422, {"category"})),
        ({"check_method": "read"}, (422, {"non_field_errors"})),
        ({"slug": "beta"}, (422, {"slug"})),
        ({"entry": "cheap"}, (400, {"entry"})),
        ({"name": ""}, (400, {"name"})),
        ({"state": "draft"}, (400, {"state"})),
        ({"nmae": "x"}, (400, {"nmae"})),
    ],
)
def test_what_the_admin_refuses_is_refused_field_by_field(ask, alpha, body, expected):
    factories.tool("Beta")
    _, read = ask("get", f"{STAFF}/tools/alpha/")

    status, answer = ask("patch", f"{STAFF}/tools/alpha/", {"version": read["version"]} | body)

    assert (status, names(answer)) == expected


def test_leaving_the_site_needs_a_reason(ask, alpha):
    _, read = ask("get", f"{STAFF}/tools/alpha/")

    answers = [
        ask("put", f"{STAFF}/tools/alpha/state/", {"version": read["version"]} | body)
        for body in (
            {"state": "draft"},
            {"state": "discontinued", "reason": "x", "discontinued_on": "2999-01-01", "successor": "nothing"},
        )
    ]

    assert [(status, names(answer)) for status, answer in answers] == [
        (422, {"reason"}),
        (422, {"discontinued_on", "successor"}),
    ]
    assert Tool.objects.get().state == "published"


def test_a_verdict_is_written_published_revised_and_withdrawn(ask, alpha, editor):
    status, draft = ask("put", f"{SEAT}/", {"version": None} | TEXT)
    assert (status, draft["state"], draft["number"], draft["editor"]) == (200, "draft", 1, "Ed")
    status, said = ask("put", f"{SEAT}/publication/", {"version": draft["version"]})
    assert (status, said["state"]) == (200, "published")
    flip = TEXT | {"decision": "skip", "version": said["version"]}
    status, revision = ask("put", f"{SEAT}/", flip)
    assert (status, revision["number"], revision["state"]) == (200, 2, "draft")
    status, answer = ask("put", f"{SEAT}/publication/", {"version": revision["version"]})
    assert (status, names(answer)) == (422, {"revision_note"})
    _, revision = ask("put", f"{SEAT}/", flip | {"version": revision["version"], "revision_note": "It broke."})
    _, said = ask("put", f"{SEAT}/publication/", {"version": revision["version"]})
    status, taken = ask("put", f"{SEAT}/withdrawal/", {"version": said["version"], "reason": "Wrong tool."})
    assert (status, taken["state"], taken["withdrawal_reason"]) == (200, "withdrawn", "Wrong tool.")

    rows = Verdict.objects.order_by("number").values_list("number", "state", "decision")
    assert list(rows) == [(1, "superseded", "ship"), (2, "withdrawn", "skip")]
    assert Verdict.objects.get(number=2).withdrawn_by == editor
    kinds = alpha.changes.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["listed", "verdict", "flipped", "withdrawn"]
    assert {entry.user for entry in LogEntry.objects.all()} == {editor}


def test_writing_what_is_published_already_makes_no_revision(ask, alpha):
    _, draft = ask("put", f"{SEAT}/", {"version": None} | TEXT)
    _, said = ask("put", f"{SEAT}/publication/", {"version": draft["version"]})

    status, again = ask("put", f"{SEAT}/", {"version": said["version"]} | TEXT)

    assert (status, again) == (200, said)
    assert ask("put", f"{SEAT}/publication/", {"version": said["version"]}) == (200, said)
    assert Verdict.objects.count() == 1


def test_a_verdict_that_somebody_else_has_saved_is_not_overwritten(ask, alpha):
    _, draft = ask("put", f"{SEAT}/", {"version": None} | TEXT)
    ask("put", f"{SEAT}/", TEXT | {"version": draft["version"], "reason": "Theirs."})

    stale = [
        ask("put", f"{SEAT}/", TEXT | {"version": draft["version"]}),
        ask("put", f"{SEAT}/", TEXT | {"version": None}),
        ask("put", f"{SEAT}/publication/", {"version": draft["version"]}),
    ]

    assert [status for status, _ in stale] == [409, 409, 409]
    assert Verdict.objects.get().reason == "Theirs."


def test_a_test_of_tomorrow_and_an_unknown_persona_are_refused(ask, alpha):
    assert ask("put", f"{SEAT}/", TEXT | {"version": None, "tested_on": "2999-01-01"})[0] == 422
    assert ask("put", f"{STAFF}/verdicts/alpha/nobody/", TEXT | {"version": None})[0] == 404
    assert ask("put", f"{STAFF}/verdicts/nothing/builder/", TEXT | {"version": None})[0] == 404
    assert ask("put", f"{SEAT}/withdrawal/", {"version": "1.0", "reason": "x"})[0] == 404


WRITES = [
    ("post", "/tools/", "tools.add_tool"),
    ("patch", "/tools/alpha/", "tools.change_tool"),
    ("put", "/tools/alpha/state/", "tools.change_tool"),
    ("put", "/verdicts/alpha/builder/", "verdicts.change_verdict"),
    ("put", "/verdicts/alpha/builder/publication/", "verdicts.publish_verdict"),
    ("put", "/verdicts/alpha/builder/withdrawal/", "verdicts.withdraw_verdict"),
]


@pytest.mark.parametrize(("method", "path", "permission"), WRITES)
def test_nobody_writes_without_the_permission_of_the_admin_and_a_token_that_may(ask, alpha, method, path, permission):
    reader, helper = factories.user(), factories.user(is_staff=True)
    vote_only = ApiToken.make(factories.staff(), "votes", "vote")[1]
    of_reader, of_helper = (ApiToken.make(who, "write", "write")[1] for who in (reader, helper))

    assert Client().generic(method, STAFF + path, "{}", content_type="application/json").status_code == 401
    for token in (vote_only, of_reader, of_helper):
        assert ask(method, STAFF + path, {"x": 1}, token)[0] == 403
    assert ask(method, STAFF + path, {"x": 1})[0] == 400


def test_staff_who_need_a_second_factor_need_it_here_too(ask, alpha, settings):
    settings.STAFF_SECOND_FACTOR = True

    status, answer = ask("get", f"{STAFF}/tools/")

    assert (status, "passkey" in answer["errors"][0]["detail"]) == (403, True)


def test_a_session_writes_with_its_csrf_token_and_not_without(alpha, editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    version = client.get(f"{STAFF}/tools/alpha/").json()["version"]
    token = client.get("/api/v1/votes/")["X-CSRFToken"]

    def patch(**headers):
        body = {"version": version, "vendor": "Us"}
        return client.patch(f"{STAFF}/tools/alpha/", body, content_type="application/json", headers=headers).status_code

    assert (patch(), patch(**{"X-CSRFToken": token})) == (403, 200)


def test_drafts_are_there_for_staff(ask, alpha):
    factories.tool("Secret", state="draft")
    factories.verdict(alpha, published=False)

    assert {tool["slug"] for tool in ask("get", f"{STAFF}/tools/")[1]["results"]} == {"alpha", "secret"}
    assert [tool["slug"] for tool in ask("get", f"{STAFF}/tools/?state=draft")[1]["results"]] == ["secret"]
    assert [row["state"] for row in ask("get", f"{STAFF}/verdicts/?tool=alpha")[1]["results"]] == ["draft"]
    assert ask("get", f"{SEAT}/")[1]["state"] == "draft"


def test_only_staff_are_offered_a_token_that_writes(client, editor):
    for account, offered in ((factories.user(), False), (editor, True)):
        client.force_login(account)
        assert ('value="write"' in client.get("/accounts/tokens/").text) == offered
        client.post("/accounts/tokens/", {"name": "x", "scope": "write"})
        assert ApiToken.objects.filter(owner=account).exists() == offered


@pytest.mark.parametrize("size", [1, 30])
def test_lists_cost_the_same_however_much_there_is(client, editor, size, django_assert_num_queries):
    for _ in range(size):
        factories.verdict(factories.tool())
    client.force_login(editor)
    for path in ("tools", "verdicts"):
        with django_assert_num_queries(5):
            assert len(client.get(f"{STAFF}/{path}/?limit=100").json()["results"]) == size
