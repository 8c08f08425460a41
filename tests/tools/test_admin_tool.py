from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from tests import factories
from tests.verdicts.admin_page import errors, fields_of, member_of_editors, opened, save
from tools.models import Fact, FactKind, FormerSlug, Price, Tool

pytestmark = pytest.mark.django_db
ADD = "/admin/tools/tool/add/"


@pytest.fixture
def editor(client):
    member = member_of_editors(email="edith@example.org", name="Edith")
    client.force_login(member)
    return member


@pytest.fixture
def tool(editor):
    return factories.tool("Cursor")


@pytest.fixture
def kind():
    return FactKind.objects.create(slug="open-source", label="Open source")


def picture(kind="JPEG", size=(600, 300)):
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def test_an_editor_adds_a_tool_with_its_address_made_from_the_name(client, editor):
    page = fields_of(client.get(ADD))

    client.post(ADD, page | {"name": "VS Code", "category": factories.category().pk})

    tool = Tool.objects.get()
    assert (tool.slug, tool.state, tool.history.first().history_user) == ("vscode", "draft", editor)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 300),
        ("name", "a\x00b"),
        ("name", "\u200b"),
        ("slug", "a-vs-b"),
        ("slug", "taken"),
        ("slug", "<script>"),
        ("homepage", "javascript:alert(1)"),
        ("homepage", "https://me@example.org/"),
        ("category", "x"),
        ("category", "9" * 30),
        ("released_on", "2026-02-30"),
        ("released_on", "2026-02-20"),
        ("check_method", "read"),
        ("description", "x" * 6_001),
    ],
)
def test_a_bad_value_is_refused_in_words(client, tool, field, value):
    factories.tool("Taken")

    response = save(client, tool, opened(client, tool), **{field: value})

    assert response.status_code == 200
    assert errors(response)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("🚢" * 120, "🚢" * 120), ("<script>x</script>", "<script>x</script>"), ("a\u202eb  c", "ab c"), ("אבג", "אבג")],
)
def test_a_strange_name_is_kept_as_text(client, tool, typed, kept):
    save(client, tool, opened(client, tool), name=typed)

    tool.refresh_from_db()
    assert tool.name == kept
    assert b"<script>x" not in client.get("/admin/tools/tool/").content


def test_a_new_address_leaves_the_old_one_leading_here(client, tool):
    save(client, tool, opened(client, tool), slug="cursor-ide", tagline="New line")

    tool.refresh_from_db()
    assert (tool.slug, tool.tagline, FormerSlug.objects.get().slug) == ("cursor-ide", "New line", "cursor")
    assert b"Former addresses" in client.get(f"/admin/tools/tool/{tool.pk}/change/").content


def test_a_logo_is_drawn_afresh(client, tool):
    upload = SimpleUploadedFile("holiday.jpg", picture(), "image/jpeg")

    save(client, tool, opened(client, tool), logo=upload)

    tool.refresh_from_db()
    assert tool.logo.name.startswith("logos/cursor")
    with Image.open(tool.logo) as image:
        assert (image.format, image.size) == ("PNG", (256, 128))


@pytest.mark.parametrize(
    "content",
    [b"<svg onload=alert(1)>", b"", b"\x89PNG\r\n", picture()[:900], picture("PNG", (2100, 2100)), picture("GIF")],
)
def test_what_is_no_logo_is_refused(client, tool, content):
    upload = SimpleUploadedFile("logo.png", content, "image/png")

    response = save(client, tool, opened(client, tool), logo=upload)

    tool.refresh_from_db()
    assert response.status_code == 200
    assert not tool.logo


def test_a_fact_is_answered_and_counts_as_a_change_of_the_page(client, tool, kind):
    typed = {f"facts__{kind.pk}__answer": "yes", f"facts__{kind.pk}__check_method": "claimed"}

    refused = save(client, tool, opened(client, tool), **typed)
    save(client, tool, opened(client, tool), **typed, **{f"facts__{kind.pk}__checked_on": "2026-11-01"})

    before = tool.updated_at
    tool.refresh_from_db()
    assert "needs its date" in errors(refused)
    assert Fact.objects.get().answer == "yes"
    assert tool.updated_at > before


def test_an_unanswered_fact_has_no_row(client, tool, kind):
    save(client, tool, opened(client, tool), tagline="x")

    assert not Fact.objects.exists()


def test_a_price_is_added_and_one_day_has_one_price(client, tool):
    typed = {"prices-0-amount": "20", "prices-0-starts_on": "2026-01-01"}
    save(client, tool, opened(client, tool) | typed)

    again = save(
        client, tool, opened(client, tool) | {key.replace("-0-", "-1-"): value for key, value in typed.items()}
    )

    assert Price.objects.count() == 1
    assert "already has a price from that day" in errors(again)


def test_the_state_is_not_a_field_to_type_in(client, tool):
    save(client, tool, opened(client, tool), state="draft", published_at="", tagline="x")

    tool.refresh_from_db()
    assert (tool.state, tool.tagline) == ("published", "x")


def test_a_tool_is_published_from_its_own_page(client, editor):
    tool = factories.tool(state="draft")

    client.post(
        f"/admin/tools/tool/{tool.pk}/change/",
        {"CHANGE_FORM-action": "publish", "_selected_action": tool.pk, "index": "0"},
    )

    tool.refresh_from_db()
    assert tool.is_public


# Preview, lists to take away, accounts -------------------------------------------------------------


def test_a_preview_is_what_readers_would_get(client, editor):
    answer = client.post("/admin/markdown/", {"text": "**Bold** <script>x</script> [a](javascript:x)"})

    assert "<strong>Bold</strong> &lt;script&gt;" in answer.content.decode()
    assert "<a href" not in answer.content.decode()


def test_a_preview_is_for_staff_who_post_a_sane_length(client, editor):
    assert client.get("/admin/markdown/").status_code == 405
    assert client.post("/admin/markdown/", {"text": "x" * 20_001}).status_code == 400
    client.force_login(factories.user())
    assert client.post("/admin/markdown/", {"text": "x"}).status_code == 302


def test_a_preview_needs_the_page_s_token(editor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)

    assert strict.post("/admin/markdown/", {"text": "x"}).status_code == 403


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_an_exported_cell_is_never_a_formula(client, editor, start):
    factories.tool("Cursor", tagline=f"{start}HYPERLINK(1)", latest_version="1", released_on=timezone.localdate())

    answer = client.post("/admin/tools/tool/export/", {"resource": "0", "format": "0"})

    assert f"'{start}HYPERLINK(1)" in answer.content.decode()


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("", "x", "required"),
        ("EDITH@example.org", "correct-horse-9", "There is an account"),
        ("new@example.org", "1", "too short"),
    ],
)
def test_an_account_is_known_by_a_unique_address(client, editor, email, password, words):
    client.force_login(factories.staff())

    page = {"email": email, "password1": password, "password2": password, "usable_password": "true"}
    response = client.post("/admin/voting/user/add/", page)

    assert words in errors(response)


def test_an_account_is_made_for_an_editor(client):
    client.force_login(factories.staff())

    page = {"email": "ed@example.org", "name": "Ed", "password1": "correct-horse-9", "password2": "correct-horse-9"}
    response = client.post("/admin/voting/user/add/", page | {"usable_password": "true", "is_staff": "on"})

    made = factories.User.objects.get(email="ed@example.org")
    assert response.status_code == 302
    assert (made.is_staff, made.check_password("correct-horse-9")) == (True, True)


def test_votes_and_voters_have_no_page(client):
    client.force_login(factories.staff())

    assert client.get("/admin/voting/vote/").status_code == 404
    assert client.get("/admin/voting/voter/").status_code == 404
