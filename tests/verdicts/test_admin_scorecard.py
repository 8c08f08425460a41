import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.verdicts.admin_page import errors, fields_of, member_of_editors, opened, save
from verdicts.models import Verdict

pytestmark = pytest.mark.django_db
TYPED = {
    "panel__builder__decision": "ship",
    "panel__builder__reason": "It **works**.",
    "panel__builder__evidence": "trial",
    "panel__builder__tested_on": "2026-11-01",
}


@pytest.fixture
def panel():
    return factories.panel()


@pytest.fixture
def tool(panel):
    return factories.tool("Cursor")


@pytest.fixture
def edith():
    return member_of_editors(email="edith@example.org", name="Edith")


@pytest.fixture
def edda():
    return member_of_editors(email="edda@example.org", name="Edda")


@pytest.fixture
def ediths(edith):
    client = Client()
    client.force_login(edith)
    return client


@pytest.fixture
def eddas(edda):
    client = Client()
    client.force_login(edda)
    return client


def test_a_row_for_every_active_persona_awaits_its_text(ediths, tool):
    factories.reviewer("futurist").__class__.objects.filter(slug="futurist").update(is_active=False)

    page = opened(ediths, tool)

    rows = {name.split("-")[1] for name in page if name.startswith("panel-")}
    assert rows == {"builder", "skeptic", "founder"}


def test_an_untouched_page_saves_nothing(ediths, tool):
    factories.verdict(tool, "builder")
    factories.verdict(tool, "skeptic", published=False)
    before = (tool.updated_at, tool.history.count(), list(Verdict.objects.values()))

    response = save(ediths, tool, opened(ediths, tool))

    tool.refresh_from_db()
    assert errors(response) == "(saved)"
    assert (tool.updated_at, tool.history.count(), list(Verdict.objects.values())) == before


def test_new_text_becomes_a_draft_of_the_signed_in_editor(ediths, edith, tool):
    response = save(ediths, tool, opened(ediths, tool), **TYPED)

    assert errors(response) == "(saved)"
    draft = Verdict.objects.get()
    assert (draft.state, draft.number, draft.editor, draft.reason) == ("draft", 1, edith, "It **works**.")


def test_new_text_can_be_published_at_once(ediths, tool):
    save(ediths, tool, opened(ediths, tool), **TYPED, panel__builder__action="publish")

    assert Verdict.objects.get().is_published


def test_who_may_not_publish_is_not_offered_it(tool, edda):
    edda.groups.clear()
    names = ["view_tool", "change_tool", "view_verdict", "add_verdict", "change_verdict"]
    permissions = factories.user()._meta.apps.get_model("auth", "Permission")
    edda.user_permissions.set(permissions.objects.filter(codename__in=names))
    client = Client()
    client.force_login(edda)

    response = save(client, tool, opened(client, tool), **TYPED, panel__builder__action="publish")

    assert "not one of the available choices" in errors(response)
    assert not Verdict.objects.exists()


def test_who_may_only_look_cannot_write(tool, edda):
    edda.groups.clear()
    permissions = factories.user()._meta.apps.get_model("auth", "Permission")
    edda.user_permissions.set(permissions.objects.filter(codename__in=["change_tool", "view_tool", "view_verdict"]))
    factories.verdict(tool, "builder", reason="Plain to see.")
    client = Client()
    client.force_login(edda)

    page = client.get(f"/admin/tools/tool/{tool.pk}/change/")
    save(client, tool, opened(client, tool), **TYPED)

    assert b"Plain to see." in page.content
    assert Verdict.objects.get().reason == "Plain to see."


def test_a_draft_is_changed_in_place(ediths, tool):
    draft = factories.verdict(tool, "builder", published=False)

    save(ediths, tool, opened(ediths, tool), panel__builder__reason="Better.")

    draft.refresh_from_db()
    assert (draft.reason, draft.edits, Verdict.objects.count()) == ("Better.", 1, 1)


def test_a_draft_can_be_published_as_it_is(ediths, tool):
    draft = factories.verdict(tool, "builder", published=False)

    save(ediths, tool, opened(ediths, tool), panel__builder__action="publish")

    draft.refresh_from_db()
    assert draft.is_published


def test_changing_a_published_verdict_makes_a_draft_revision_beside_it(ediths, tool):
    published = factories.verdict(tool, "builder", reason="As published.")

    save(ediths, tool, opened(ediths, tool), panel__builder__reason="On second thoughts.")
    page = ediths.get(f"/admin/tools/tool/{tool.pk}/change/")

    published.refresh_from_db()
    revision = Verdict.objects.drafts().get()
    assert (published.reason, published.state) == ("As published.", "published")
    assert (revision.reason, revision.number) == ("On second thoughts.", 2)
    assert b"Published now" in page.content
    assert b"As published." in page.content


def test_replacing_a_published_verdict_needs_a_word_on_what_changed(ediths, tool):
    factories.verdict(tool, "builder")
    typed = {"panel__builder__decision": "skip", "panel__builder__action": "publish"}

    refused = save(ediths, tool, opened(ediths, tool), **typed)
    save(ediths, tool, opened(ediths, tool), **typed, panel__builder__revision_note="It broke.")

    assert "Say in a few words what changed" in errors(refused)
    assert [(v.number, v.state) for v in Verdict.objects.order_by("number")] == [(1, "superseded"), (2, "published")]


def test_wishing_to_publish_what_is_published_does_nothing(ediths, tool):
    factories.verdict(tool, "builder")

    response = save(ediths, tool, opened(ediths, tool), panel__builder__action="publish")

    assert errors(response) == "(saved)"
    assert Verdict.objects.count() == 1


def test_after_a_withdrawal_the_next_text_takes_the_next_number(ediths, edith, tool):
    factories.verdict(tool, "builder").withdraw(by=edith, reason="Wrong.")

    save(ediths, tool, opened(ediths, tool), **TYPED)

    assert Verdict.objects.drafts().get().number == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tested_on", "2026-02-31"),
        ("tested_on", str(timezone.localdate().replace(year=2099, day=1))),
        ("reason", ""),
        ("reason", "a\x00b"),
        ("reason", "x" * 6_001),
        ("decision", "maybe"),
        ("editor", "999999"),
        ("editor", "x"),
        ("tool_version", "x" * 300),
        ("seen_pk", "x"),
        ("seen_edits", "9" * 300),
        ("action", "delete"),
    ],
)
def test_a_bad_value_is_refused_in_words_and_the_whole_page_waits(ediths, tool, field, value):
    page = opened(ediths, tool)

    response = save(ediths, tool, page, name="Renamed", **TYPED | {f"panel__builder__{field}": value})

    tool.refresh_from_db()
    assert response.status_code == 200
    assert errors(response)
    assert (tool.name, Verdict.objects.count()) == ("Cursor", 0)


def test_strange_text_is_kept_and_shown_as_text(ediths, tool):
    odd = "<script>alert(1)</script> [x](javascript:alert(1)) 🚢 \u202eevil"

    save(ediths, tool, opened(ediths, tool), **TYPED | {"panel__builder__reason": odd})
    page = ediths.get(f"/admin/tools/tool/{tool.pk}/change/").content

    assert Verdict.objects.get().reason == "<script>alert(1)</script> [x](javascript:alert(1)) 🚢 evil"
    assert b"<script>alert" not in page


# Two editors ------------------------------------------------------------------------------------


def test_two_editors_of_one_verdict_both_keep_their_words(ediths, eddas, tool):
    draft = factories.verdict(tool, "builder", published=False, reason="First words.")
    first, second = opened(ediths, tool), opened(eddas, tool)

    save(ediths, tool, first, panel__builder__reason="What Edith wrote.")
    conflict = save(eddas, tool, second, panel__builder__reason="What Edda wrote.", tagline="Edda's line")

    tool.refresh_from_db()
    draft.refresh_from_db()
    shown = conflict.content.decode()
    assert "Somebody else has saved this verdict" in errors(conflict)
    assert "What Edith wrote." in shown
    assert "What Edda wrote.</textarea>" in shown
    assert (draft.reason, tool.tagline) == ("What Edith wrote.", "What Cursor does")


def test_after_a_conflict_saving_again_is_a_decision(ediths, eddas, tool):
    draft = factories.verdict(tool, "builder", published=False)
    second = opened(eddas, tool)
    save(ediths, tool, opened(ediths, tool), panel__builder__reason="What Edith wrote.")
    conflict = save(eddas, tool, second, panel__builder__reason="What Edda wrote.")

    response = save(eddas, tool, fields_of(conflict))

    draft.refresh_from_db()
    assert errors(response) == "(saved)"
    assert draft.reason == "What Edda wrote."


def test_two_editors_creating_the_first_verdict_get_a_conflict_not_a_crash(ediths, eddas, tool):
    first, second = opened(ediths, tool), opened(eddas, tool)

    save(ediths, tool, first, **TYPED)
    conflict = save(eddas, tool, second, **TYPED | {"panel__builder__reason": "Edda was second."})

    assert "Somebody else has saved this verdict" in errors(conflict)
    assert "Edda was second.</textarea>" in conflict.content.decode()
    assert Verdict.objects.get().reason == "It **works**."


def test_a_clash_between_check_and_write_is_a_conflict_too(ediths, edda, tool, monkeypatch):
    """Somebody outside the page (an import, say) writes the first verdict in the blink after our check."""
    number = Verdict.next_number

    def late(self):
        if not Verdict.objects.exists():
            monkeypatch.setattr(Verdict, "next_number", number)
            raise_after_commit.append(True)
            raise IntegrityError("one_draft_verdict_per_persona")
        return number(self)

    raise_after_commit = []
    page = opened(ediths, tool)
    monkeypatch.setattr(Verdict, "next_number", late)

    response = save(ediths, tool, page, **TYPED, name="Renamed")

    tool.refresh_from_db()
    assert raise_after_commit
    assert "nothing was saved" in errors(response)
    assert "It **works**.</textarea>" in response.content.decode()
    assert tool.name == "Cursor"


def test_what_an_editor_did_not_touch_is_no_conflict(ediths, eddas, tool):
    factories.verdict(tool, "builder", published=False, reason="First words.")
    second = opened(eddas, tool)

    save(ediths, tool, opened(ediths, tool), panel__builder__reason="What Edith wrote.")
    response = save(eddas, tool, second, **{k.replace("builder", "skeptic"): v for k, v in TYPED.items()})

    assert errors(response) == "(saved)"
    assert set(Verdict.objects.values_list("reason", flat=True)) == {"What Edith wrote.", "It **works**."}


def test_publication_meanwhile_is_a_conflict(ediths, tool):
    draft = factories.verdict(tool, "builder", published=False)
    page = opened(ediths, tool)
    draft.publish()

    response = save(ediths, tool, page, panel__builder__reason="Too late.")

    assert "Somebody else has saved this verdict" in errors(response)


def test_two_editors_of_the_tool_itself_merge_and_see_each_other(ediths, eddas, tool):
    first, second = opened(ediths, tool), opened(eddas, tool)

    save(ediths, tool, first, tagline="Edith's line", vendor="Edith's vendor")
    conflict = save(eddas, tool, second, tagline="Edda's line")

    page = fields_of(conflict)
    assert "Somebody else has saved this page" in errors(conflict)
    assert "Edith" in errors(conflict)
    assert (page["tagline"], page["vendor"]) == ("Edda's line", "Edith's vendor")
    assert errors(save(eddas, tool, page)) == "(saved)"
    tool.refresh_from_db()
    assert (tool.tagline, tool.vendor) == ("Edda's line", "Edith's vendor")


@pytest.mark.parametrize("many", [1, 4])
def test_the_page_costs_the_same_however_many_verdicts(ediths, tool, many, django_assert_num_queries):
    for persona in factories.PERSONAS[:many]:
        factories.verdict(tool, persona)
    ediths.get(f"/admin/tools/tool/{tool.pk}/change/")  # what a process asks once

    with django_assert_num_queries(13):
        ediths.get(f"/admin/tools/tool/{tool.pk}/change/")
