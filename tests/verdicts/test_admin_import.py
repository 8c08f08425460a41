import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories
from tests.verdicts.admin_page import fields_of, member_of_editors
from verdicts.models import Verdict

pytestmark = pytest.mark.django_db
IMPORT, CONFIRM = "/admin/verdicts/verdict/import/", "/admin/verdicts/verdict/process_import/"
HEAD = "tool,reviewer,decision,reason,evidence,tool_version,tested_on,editor,revision_note\n"
ROW = "cursor,builder,ship,It works,trial,1.0,2026-11-01,EDITH@example.org,\n"


@pytest.fixture(autouse=True)
def editor(client):
    member = member_of_editors(email="edith@example.org", name="Edith")
    client.force_login(member)
    factories.panel()
    return member


@pytest.fixture
def tool():
    return factories.tool("Cursor")


def upload(client, text, kind="0"):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(IMPORT, {"resource": "0", "format": kind, "import_file": SimpleUploadedFile("v.csv", content)})


def confirm(client, dry_run):
    return client.post(CONFIRM, fields_of(dry_run), follow=True)


def test_an_import_is_first_tried_and_then_lands_as_a_draft(client, tool, editor):
    dry_run = upload(client, HEAD + ROW)
    nothing_yet = Verdict.objects.count()
    confirm(client, dry_run)

    draft = Verdict.objects.get()
    assert nothing_yet == 0
    assert (draft.state, draft.reason, draft.editor, draft.number) == ("draft", "It works", editor, 1)


def test_an_import_never_overwrites_what_is_published(client, tool):
    published = factories.verdict(tool, "builder", "skip", reason="As published.")

    confirm(client, upload(client, HEAD + ROW))

    published.refresh_from_db()
    revision = Verdict.objects.drafts().get()
    assert (published.reason, published.state) == ("As published.", "published")
    assert (revision.number, revision.reason) == (2, "It works")


def test_an_import_revises_a_draft_and_skips_what_is_the_same(client, tool):
    draft = factories.verdict(tool, "builder", published=False)

    confirm(client, upload(client, HEAD + ROW))
    again = confirm(client, upload(client, HEAD + ROW))

    draft.refresh_from_db()
    assert (draft.reason, draft.edits, Verdict.objects.count()) == ("It works", 1, 1)
    assert "1 skipped" in again.content.decode()


@pytest.mark.parametrize(
    "row",
    [
        ROW.replace("cursor", "nothing"),
        ROW.replace("builder", "nobody"),
        ROW.replace("2026-11-01", "2026-02-31"),
        ROW.replace("2026-11-01", "2999-01-01"),
        ROW.replace("EDITH", "nobody"),
        ROW.replace("ship", "maybe"),
        ROW.replace("It works", ""),
        ROW.replace("It works", "a\x00b"),
        ROW.replace("1.0", "x" * 300),
        ROW + ROW.replace("cursor", "<script>alert(1)</script>"),
    ],
)
def test_a_bad_row_stops_the_import_in_words(client, tool, row):
    dry_run = upload(client, HEAD + row)

    assert dry_run.status_code == 200
    assert "confirm_form" not in dry_run.context
    assert b"<script>alert" not in dry_run.content
    assert not Verdict.objects.exists()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"\xff\xfe\x00", "0"), (b"{", "1"), (b"[1, 2]", "1"), (b"", "0"), (b"a,b\n1\n", "0"), (b"x", "9")],
)
def test_a_file_that_is_none_is_refused_in_words(client, content, kind):
    assert upload(client, content, kind).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [{"import_file_name": "tmpgone00"}, {"import_file_name": "../etc/passwd"}, {"format": "x"}, {"format": "9"}],
)
def test_a_forged_second_step_imports_nothing(client, tool, typed):
    page = fields_of(upload(client, HEAD + ROW))

    response = client.post(CONFIRM, page | typed)

    assert response.status_code in {200, 302}
    assert not Verdict.objects.exists()


def test_what_is_exported_can_be_imported(client, tool, editor):
    factories.verdict(tool, "builder", published=False, reason="=Sum of it", editor=editor)

    exported = client.post("/admin/verdicts/verdict/export/", {"resource": "0", "format": "0"}).content
    again = confirm(client, upload(client, exported))

    assert b"'=Sum of it" in exported
    assert Verdict.objects.get().reason == "=Sum of it"
    assert "1 skipped" in again.content.decode()


def test_who_may_only_look_may_not_import(client):
    client.force_login(factories.user(is_staff=True))

    assert client.get(IMPORT).status_code == 403
