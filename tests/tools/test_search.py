"""Tools are found by what a reader remembers of them; the index is in step with every change."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tools.models import FormerSlug, State, Tool
from tools.search import find, fold, out_of_step, rebuild, schema, suggest
from tools.search.folding import fold_table, stem, typing_errors, words_of

pytestmark = pytest.mark.django_db
NAMES = {
    "Cursor": "An editor that writes code with you",
    "Claude Code": "An agent in your terminal",
    "LangChain": "A framework for applications with language models",
    "llama.cpp": "Inference of models in plain C++",
    "vLLM": "A quick server for language models",
    "SmolVLM2 Turbo": "A small model that sees",
    "Café Résumé": "Kept with accents",
    "通义千问": "A model from Alibaba",
    "v0": "Draws interfaces",
}


@pytest.fixture
def catalogue():
    return {
        name: factories.tool(name, slug=f"t{n}", tagline=line, description="")
        for n, (name, line) in enumerate(NAMES.items())
    }


def named(text):
    tools = Tool.objects.in_bulk(find(text).keys)
    return [tools[key].name for key in find(text).keys]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Cursor", "Cursor"),
        ("cursr", "Cursor"),
        ("curosr", "Cursor"),
        ("crusor", "Cursor"),
        ("kursor", "Cursor"),
        ("cur", "Cursor"),
        ("claude cdoe", "Claude Code"),
        ("claudecode", "Claude Code"),
        ("claudcode", "Claude Code"),
        ("lang chain", "LangChain"),
        ("langchian", "LangChain"),
        ("LLAMA CPP", "llama.cpp"),
        ("llamacpp", "llama.cpp"),
        ("vlm", "vLLM"),
        ("cafe resume", "Café Résumé"),
        ("CAFÉ", "Café Résumé"),
        ("通义", "通义千问"),
        ("v0", "v0"),
        ("the editors that write code", "Cursor"),
        ("olm", None),
        ("v1", None),
        ("qqqq", None),
    ],
)
def test_a_name_is_found_as_it_is_remembered_on_either_database(catalogue, typed, first):
    assert (named(typed) or [None])[0] == first


def test_part_of_a_word_is_enough_when_nothing_else_fits(catalogue):
    found = find("mol")

    assert (found.kind, found.keys) == ("part", [catalogue["SmolVLM2 Turbo"].pk])


def test_a_guess_says_what_it_took_the_words_for(catalogue):
    assert (find("claude cdoe").kind, find("claude cdoe").meant) == ("alike", "claude code")
    assert (find("claude code").kind, find("claude code").meant) == ("exact", "")


def test_the_name_counts_before_everything_else():
    described = factories.tool("Zed", tagline="Unlike Cursor, quick")
    longer, exact = factories.tool("Cursor Tab"), factories.tool("Cursor")

    assert find("cursor").keys == [exact.pk, longer.pk, described.pk]


@pytest.mark.parametrize(
    "fields",
    [{"tagline": "quaint"}, {"vendor": "Quaint Ltd"}, {"description": "Much that is **quaint**."}, {"slug": "quaint"}],
)
def test_every_text_of_a_tool_is_searched(fields):
    tool = factories.tool("a", **fields)

    assert find("quaint").keys == [tool.pk]


def test_words_may_stand_in_different_fields():
    tool = factories.tool("Cursor", vendor="Anysphere")

    assert find("anysphere cursor").keys == [tool.pk]
    assert find("cursor somewhere").kind == "any"


def test_former_addresses_and_names_lead_to_a_tool():
    tool = factories.tool("Codeium")
    tool.rename_slug("windsurf")
    Tool.objects.filter(pk=tool.pk).update(name="Windsurf")

    assert find("codeium").keys == [tool.pk]
    FormerSlug.objects.all().delete()
    assert find("codeium").keys == [tool.pk]
    rebuild()
    assert find("windsurf").keys == [tool.pk]


def test_the_name_of_a_draft_is_not_given_away():
    tool = factories.tool("Secretive", slug="x", tagline="", description="", state=State.DRAFT)
    tool.name = "Mysterious"
    tool.save()

    assert (find("secretive").keys, find("mysterious").keys, find("mysteriuos").keys) == ([], [], [])
    tool.publish()
    assert find("mysteriuos").keys == [tool.pk]
    assert find("secretive").keys == []


def test_a_suggestion_ends_after_a_few():
    for number in range(20):
        factories.tool(f"Agent {number:02}")

    assert len(suggest("agen").keys) == 8


def test_suggestions_are_names_where_any_fits():
    cursor, other = factories.tool("Cursor"), factories.tool("Zed", tagline="Unlike Cursor, in Rust")

    assert suggest("curs").keys == [cursor.pk]
    assert suggest("rust").keys == [other.pk]


def test_a_word_that_everything_has_is_cut():
    shelf = factories.category()
    values = {"category": shelf, "state": "published", "published_at": factories.timezone.now()}
    Tool.objects.bulk_create([Tool(name=f"Common {n}", slug=f"c{n}", **values) for n in range(1_100)])

    found = find("common")

    assert (len(found.keys), found.is_cut) == (1_000, True)
    assert find("common 77").keys[0] == Tool.objects.get(name="Common 77").pk


# In step ----------------------------------------------------------------------------------------


def changes():
    shelf = factories.category()
    values = {"category": shelf, "state": "published", "published_at": factories.timezone.now()}
    [bulk] = Tool.objects.bulk_create([Tool(name="Bulk", slug="bulk", **values)])
    yield "bulk"
    Tool.objects.filter(pk=bulk.pk).update(tagline="rewritten")
    yield "rewritten"
    FormerSlug.objects.bulk_create([FormerSlug(tool=bulk, slug="earlier")], ignore_conflicts=True)
    yield "earlier"
    FormerSlug.objects.filter(tool=bulk).update(slug="still-earlier")
    yield "still"
    bulk.rename_slug("moved")
    yield "moved"


def test_every_kind_of_write_is_in_the_index_at_once():
    for word in changes():
        assert (len(find(word).keys), find(word).kind) == (1, "exact"), word
        assert out_of_step() == [], word
    assert find("earlier").kind == "exact"

    Tool.objects.all().delete()

    assert (find("bulk").keys, out_of_step()) == ([], [])


def test_a_change_that_is_taken_back_leaves_no_trace_in_the_index():
    with transaction.atomic():
        factories.tool("Fleeting")
        transaction.set_rollback(True)

    assert (find("fleeting").keys, out_of_step()) == ([], [])


def test_verifying_notices_and_rebuilding_mends(capsys):
    tool = factories.tool("Cursor")
    factories.tool("Other")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_searchentry SET folded = 'x' WHERE tool_id = %s", [tool.pk])

    with pytest.raises(CommandError, match="out of step"):
        call_command("search_index", "verify")
    call_command("search_index", "rebuild")
    call_command("search_index", "verify")

    assert "holds 2 tools" in capsys.readouterr().out
    assert find("cursor").keys == [tool.pk]


def test_verifying_notices_a_trigger_that_a_later_migration_lost():
    with connection.cursor() as cursor:
        table = " ON tools_tool" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER tools_search_written{table}")

    assert out_of_step() == ["The trigger tools_search_written is missing."]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="pg_trgm is PostgreSQL's")
def test_without_the_right_to_create_pg_trgm_the_index_stands_and_says_what_is_missing():
    factories.tool("Cursor")
    said = []
    with connection.cursor() as cursor:
        schema.uninstall(connection)
        cursor.execute("DROP EXTENSION pg_trgm; SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CREATE ROLE tools_guest; GRANT ALL ON ALL TABLES IN SCHEMA public TO tools_guest")
        cursor.execute(
            "GRANT CREATE, USAGE ON SCHEMA public TO tools_guest; ALTER TABLE tools_tool OWNER TO tools_guest"
        )
        cursor.execute("ALTER TABLE tools_formerslug OWNER TO tools_guest; SET LOCAL ROLE tools_guest")

    schema.install(connection, said.append)

    assert "CREATE EXTENSION pg_trgm" in said[0]
    assert (len(find("cursr").keys), len(find("cursor").keys)) == (1, 1)


# Hostile words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\0", "a\0b", "'", '"', "'''", "a:*", "& | !", "a & b", "NEAR(a b)", "names:x", "{names} : x", "* AND", "NOT", "OR",
     "^a", "a-b", "(", "))", "\\", "%", "_", "-- ", "x" * 10_000, "a " * 5_000, "\u202eabc", "שלום", "💥", "\ufffe", "\ud7ff",
     "ﷺ" * 50, "e\u0301" * 200, "1e5", "0x1F", "1.5.3", "٣", "http://a.b/c?d=e", "a@b.c", "İ", "ß", "ﬁ"],
)  # fmt: skip
def test_nothing_that_is_typed_breaks_a_search(catalogue, typed):
    assert isinstance(find(typed).keys, list)
    assert isinstance(suggest(typed).keys, list)


@given(st.text(max_size=40))
def test_folding_a_folded_text_changes_nothing_and_words_are_few(text):
    assert fold(fold(text)) == fold(text)
    assert len(words_of(text * 20)) <= 8


@pytest.mark.parametrize(
    "text", ["Ångström & Søn — “quoted”…", "ΑΒΓ абв АБВ", "İstanbul ﬁne ①②", "a\tb\u3000c\ufe0f🚀d", "Größe x²"]
)
def test_the_database_folds_as_we_do(text):
    tool = factories.tool("a")
    Tool.objects.filter(pk=tool.pk).update(name=text)

    with connection.cursor() as cursor:
        cursor.execute("SELECT folded FROM tools_searchentry")
        [(stored,)] = cursor.fetchall()

    assert stored == fold(text)


def test_the_table_of_folds_says_what_folding_does():
    assert all(plain.strip() == fold(letter) for letter, plain in fold_table())
    assert dict(fold_table())["É"] == "e"


@pytest.mark.parametrize(
    ("typed", "word", "errors"),
    [
        ("cursr", "cursor", 1),
        ("curosr", "cursor", 1),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "xyz", 3),
        ("ca", "abc", 3),
    ],
)
def test_typing_errors_are_counted(typed, word, errors):
    assert typing_errors(typed, word)[0] == errors


@pytest.mark.parametrize(
    ("word", "kept"), [("coding", "cod"), ("agents", "agent"), ("is", "is"), ("ring", "ring"), ("models", "model")]
)
def test_an_ending_is_left_out_where_enough_is_left(word, kept):
    assert stem(word) == kept
