"""Importing a file of tools."""

import csv
import datetime
import json
import random
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tools import slugs
from tools.importing import UnreadableFile, import_tools
from tools.importing.licences import spdx
from tools.importing.matching import address_key, name_key
from tools.importing.values import read_address, read_day, read_entry, read_licence
from tools.models import Category, Check, Entry, FormerSlug, State, Tool

DATA = Path(__file__).parent / "data"
NAMES = list(csv.DictReader((DATA / "messy_names.csv").open(encoding="utf-8-sig", newline="")))
VALUES = list(csv.DictReader((DATA / "messy_values.csv").open(encoding="utf-8-sig", newline="")))
JUNK = [row["name"] for row in NAMES if "scraper junk" in row["issues"]]
ORIGINALS = [
    ("Langfuse", "https://langfuse.com/"),
    ("Pezzo", "https://github.com/pezzolabs/pezzo/"),
    ("fastai", "http://fast.ai"),
    ("PlayHT", "https://www.play.ht"),
    ("Phoenix", "https://phoenix.arize.com/"),
    ("neon", "https://neon.tech"),
    ("Command R", "https://huggingface.co/CohereLabs/c4ai-command-r-08-2024"),
    ("AX", "https://ax.example.org"),
    ("Azure", "https://azure.com"),
    ("OpenClaw", "https://openclaw.ai"),
    ("CodeT5", "https://github.com/salesforce/CodeT5"),
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path):
    """Return a function that writes rows, a text or bytes to a file and returns its path."""

    def write_file(content, name="tools.csv"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        else:
            columns = list(dict.fromkeys(column for row in content for column in row))
            with path.open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, columns)
                table.writeheader()
                table.writerows(content)
        return path

    return write_file


@pytest.fixture
def take(write):
    """Return a function that imports rows, a text or bytes and returns the report."""

    def take_rows(content, name="tools.csv", **options):
        return import_tools(write(content, name), **{"default_category": "Shelf"} | options)

    return take_rows


def counts(report):
    return tuple(report.count(outcome) for outcome in ("created", "changed", "unchanged", "refused"))


def snapshot():
    return sorted(map(str, Tool.objects.values_list())), Tool.history.count(), Category.objects.count()


def notes(report):
    return [note for _, note in report.notes]


# Every row as a good importer takes it -------------------------------------------------------


def test_a_row_becomes_a_draft_that_nobody_checked(take):
    row = {
        "name": "Beam",
        "tagline": "Runs pipelines",
        "description": "One\n\n**two** 🚀 <b>x</b>",
        "vendor": "Apache",
        "homepage": "https://Beam.apache.org/?utm_source=x&ref=y&a=1",
        "repo_url": "https://github.com/apache/beam",
        "suggested_category": "Pipelines",
        "licence": "apache-2.0",
        "entry": "Free",
        "latest_version": "2.60",
        "release_date": "2024-10-17",
    }

    report = take([row])

    tool = Tool.objects.get()
    assert counts(report) == (1, 0, 0, 0)
    assert (tool.name, tool.slug, tool.vendor, tool.tagline) == ("Beam", "beam", "Apache", "Runs pipelines")
    assert tool.description == "One\n\n**two** 🚀 <b>x</b>"
    assert (tool.homepage, tool.repository) == ("https://beam.apache.org/?a=1", "https://github.com/apache/beam")
    assert (tool.category.name, tool.licence, tool.entry) == ("Pipelines", "Apache-2.0", Entry.FREE)
    assert (tool.latest_version, tool.released_on) == ("2.60", datetime.date(2024, 10, 17))
    assert (tool.state, tool.published_at, tool.check_method) == (State.DRAFT, None, Check.UNCHECKED)
    assert [record.history_type for record in tool.history.all()] == ["+"]
    tool.full_clean()


@pytest.mark.parametrize("row", NAMES, ids=lambda row: row["name"][:20])
def test_a_messy_name_has_a_valid_slug_beside_its_namesakes_and_keeps_it(take, row):
    take([{"name": name, "homepage": homepage} for name, homepage in ORIGINALS])

    report = take([row])
    before = snapshot()
    again = take([row])

    assert snapshot() == before
    assert (again.count("created"), again.count("changed")) == (0, 0)
    if row["name"] in JUNK:
        assert (counts(report), Tool.objects.count()) == ((0, 0, 0, 1), len(ORIGINALS))
    else:
        tool = Tool.objects.filter(name=" ".join(row["name"].split())).latest("pk")
        assert slugs.is_valid(tool.slug)
        tool.full_clean()


def test_the_file_of_messy_names_gives_one_tool_a_row_but_for_junk(take):
    report = take(NAMES, publish=True)

    found = dict(Tool.objects.values_list("homepage", "slug"))
    assert counts(report) == (len(NAMES) - len(JUNK), 0, 0, len(JUNK))
    assert [row.line for row in report.refused] == sorted(row.line for row in report.refused)
    assert {row.problems["name"][0].split("”")[-1] for row in report.refused} == {
        " is no name: it has no letters and there is no homepage",
        " looks like a country label, and there is no homepage",
    }
    assert Tool.objects.values("slug").distinct().count() == Tool.objects.count()
    assert all(slugs.is_valid(slug) for slug in Tool.objects.values_list("slug", flat=True))
    assert found["https://www.doubao.com/"] == "doubao-com"
    assert found["https://huggingface.co/CohereLabs/c4ai-command-r-plus-08-2024"] == "command-r-plus"


def test_the_file_of_messy_names_changes_nothing_the_second_time(take):
    take(NAMES)
    before = snapshot()

    again = take(NAMES)

    assert counts(again) == (0, 0, len(NAMES) - len(JUNK), len(JUNK))
    assert snapshot() == before


def test_names_that_share_a_base_slug_stay_apart(take):
    rows = [row for row in NAMES if "nine different products" in row["expected"]]

    take(rows)

    found = sorted(Tool.objects.values_list("slug", flat=True))
    assert len(found) == len(rows)
    assert "ai" in found
    assert "ai-2" in found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Langfuse", "https://langfuse.com"), ("Langfuse 🪢", "http://www.langfuse.com/?utm_source=x")),
        (("CrewAI", "https://www.crewai.com/"), ("Crew AI", "https://crewai.com")),
        (("fastai", "https://fast.ai"), ("fast.ai", "https://www.fast.ai/")),
        (("Z.ai: GLM 4", "https://openrouter.ai/glm"), ("  Z.ai:  GLM 4 ", "https://openrouter.ai/glm")),
    ],
)
def test_near_spellings_with_one_homepage_are_one_tool(take, first, second):
    take([dict(zip(("name", "homepage"), first, strict=True))])
    slug = Tool.objects.get().slug

    take([dict(zip(("name", "homepage"), second, strict=True))])

    tool = Tool.objects.get()
    assert (tool.slug, tool.name) == (slug, " ".join(second[0].split()))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Phoenix", "https://sanctuary.ai/"), ("Phoenix", "https://phoenix.arize.com/")),
        (("ax", "https://github.com/Necmttn/ax"), ("Ax", "https://github.com/facebook/Ax")),
        (("AWS API", "https://github.com/awslabs/mcp"), ("AWS CDK", "https://github.com/awslabs/mcp")),
        (("Command R", "https://cohere.com"), ("Command R+", "https://cohere.com")),
        (("Opus 4.6", "https://claude.ai"), ("Opus 46", "https://claude.ai")),
        (("Gemma 4", "https://openrouter.ai/g/gemma-4"), ("Gemma 4", "https://openrouter.ai/g/gemma-4:free")),
        (("ax", ""), ("AX", "")),
    ],
)
def test_different_products_stay_two_and_find_themselves_again(take, first, second):
    rows = [dict(zip(("name", "homepage"), product, strict=True)) for product in (first, second)]

    report = take(rows)
    again = take([*reversed(rows)])

    assert (counts(report), counts(again)) == ((2, 0, 0, 0), (0, 0, 2, 0))
    assert Tool.objects.values("slug").distinct().count() == 2


def test_a_listing_of_the_repository_is_the_product_and_does_not_move_its_site(take):
    take([{"name": "CrewAI", "homepage": "https://crewai.com", "repository": "https://github.com/crewAIInc/crewAI"}])

    report = take([{"name": "Crew.AI", "homepage": "https://github.com/crewaiinc/crewai/", "licence": "MIT"}])

    tool = Tool.objects.get()
    assert (counts(report), tool.homepage, tool.licence) == ((0, 1, 0, 0), "https://crewai.com", "MIT")
    assert "kept aside" in notes(report)[0]


def test_rows_about_one_product_fill_each_others_gaps_and_the_first_wins(take):
    rows = [
        {"name": "Langfuse", "homepage": "https://langfuse.com", "vendor": "", "tagline": "First"},
        {"name": "Langfuse 🪢", "homepage": "https://langfuse.com/", "vendor": "Langfuse", "tagline": "Second"},
    ]

    report = take(rows)
    before = snapshot()
    again = take(rows)

    tool = Tool.objects.get()
    assert (tool.name, tool.tagline, tool.vendor) == ("Langfuse", "First", "Langfuse")
    assert notes(report) == ["is the same product as line 2 (“Langfuse”); kept from there: name, tagline"]
    assert (counts(report), counts(again)) == ((1, 1, 0, 0), (0, 0, 2, 0))
    assert snapshot() == before


def test_an_explicit_slug_finds_its_tool_whatever_else_changed(take):
    take([{"name": "Beam", "slug": "beam-cloud", "homepage": "https://beam.cloud"}])

    report = take([{"name": "Beam Cloud", "slug": "beam-cloud", "homepage": "https://beam.dev"}])

    assert counts(report) == (0, 1, 0, 0)
    assert list(Tool.objects.values_list("slug", "name", "homepage")) == [
        ("beam-cloud", "Beam Cloud", "https://beam.dev")
    ]


def test_a_former_slug_finds_its_tool_and_is_never_given_away(take):
    take([{"name": "Beam", "homepage": "https://beam.cloud"}])
    Tool.objects.get().rename_slug("beam-cloud")

    take([{"name": "Beam", "homepage": "https://beam.apache.org"}])
    report = take([{"name": "Beam", "slug": "beam", "vendor": "Beam Inc"}])

    assert (counts(report), FormerSlug.objects.get().slug) == ((0, 1, 0, 0), "beam")
    assert set(Tool.objects.values_list("slug", "vendor")) == {("beam-cloud", "Beam Inc"), ("beam-2", "")}


def test_two_slugs_in_a_file_are_two_tools_and_an_unmarked_row_is_not_guessed(take):
    row = {"name": "Beam", "homepage": "https://beam.cloud"}

    report = take([row | {"slug": "one"}, row | {"slug": "two"}, row | {"slug": ""}])

    assert counts(report) == (2, 0, 0, 1)
    assert report.refused[0].problems == {"name": ["“Beam” could be any of one, two: give its slug"]}


@pytest.mark.parametrize("slug", ["Beam", "a-vs-b", "new", "a--b", "x" * 61, "../etc"])
def test_a_slug_the_database_would_refuse_is_refused(take, slug):
    report = take([{"name": "Beam", "slug": slug}])

    assert (counts(report), list(report.refused[0].problems)) == ((0, 0, 0, 1), ["slug"])


# Importing again -----------------------------------------------------------------------------


def test_a_filled_cell_updates_and_an_empty_one_erases_nothing(take):
    take([{"name": "Beam", "homepage": "https://beam.cloud", "vendor": "Old", "licence": "MIT"}])
    before = Tool.objects.get()

    report = take([{"name": "Beam", "homepage": "https://beam.cloud", "vendor": "New", "licence": ""}])

    tool = Tool.objects.get()
    assert (counts(report), tool.vendor, tool.licence) == ((0, 1, 0, 0), "New", "MIT")
    assert tool.updated_at > before.updated_at
    assert [record.history_type for record in tool.history.all()] == ["~", "+"]


def test_a_changed_fact_has_to_be_checked_again(take):
    take([{"name": "Beam", "homepage": "https://beam.cloud", "licence": "MIT"}])
    Tool.objects.update(check_method=Check.READ, checked_on="2026-01-02", source_url="https://beam.cloud/licence")

    report = take([{"name": "Beam", "homepage": "https://beam.cloud", "licence": "ISC"}])

    tool = Tool.objects.get()
    assert (tool.licence, tool.check_method, tool.checked_on) == ("ISC", Check.UNCHECKED, None)
    assert notes(report) == ["beam had been checked (Read by a person): check it again"]


def test_publishing_is_for_new_tools_and_leaves_the_others_as_they_are(take):
    take([{"name": "Draft"}])

    take([{"name": "Draft", "vendor": "X"}, {"name": "Fresh", "vendor": "Y"}], publish=True)

    assert dict(Tool.objects.values_list("name", "state")) == {"Draft": State.DRAFT, "Fresh": State.PUBLISHED}
    assert Tool.objects.get(name="Fresh").published_at is not None


def test_a_dry_run_reports_the_same_and_writes_nothing(take):
    rows = [{"name": "Beam", "category": "Fresh"}, {"name": "", "category": "Fresh"}]
    before = snapshot()

    dry = take(rows, dry_run=True)
    nothing = snapshot()
    real = take(rows)

    assert nothing == before
    assert list(dry.lines()) == list(real.lines())


def test_categories_are_found_in_any_case_and_made_when_unknown(take):
    Category.objects.create(name="AI Agents", slug="agents")

    report = take(
        [{"name": "A", "category": "ai agents"}, {"name": "B", "category": "C++"}, {"name": "D", "category": ""}]
    )

    assert dict(Tool.objects.values_list("name", "category__slug")) == {"A": "agents", "B": "c-plus-plus", "D": "shelf"}
    assert report.categories == ["C++", "Shelf"]


def test_a_refused_row_leaves_no_category_behind(take):
    report = take([{"name": "A", "category": "Fresh", "homepage": "{}"}], default_category="")

    assert (counts(report), Category.objects.count()) == ((0, 0, 0, 1), 0)


def test_a_new_tool_needs_a_category(take):
    report = take([{"name": "A"}], default_category="")

    assert report.refused[0].problems == {"category": ["is missing, and there is no default"]}


@pytest.mark.parametrize("seed", range(40))
def test_no_mixture_of_names_slugs_and_addresses_changes_anything_the_second_time(take, seed):
    cells = {
        "name": ["Crew AI", "CrewAI", "Beam", "beam", "Crew.AI 🚣"],
        "slug": ["", "", "", "crewai", "old", "x"],
        "homepage": ["", "https://a.com", "http://www.a.com/", "https://b.com", "https://github.com/a/b"],
        "repository": ["", "", "https://github.com/a/b", "https://github.com/c/d"],
        "latest_version": ["", "1.0", "2.0"],
        "released_on": ["", "2024-01-01", "2024-02-02"],
        "category": ["", "A", "B"],
    }
    dice = random.Random(seed)
    take([{column: dice.choice(choices) for column, choices in cells.items()} for _ in range(4)])
    if (tool := Tool.objects.first()) and not Tool.objects.filter(slug="old").exists():
        tool.rename_slug("old")
        tool.rename_slug("renamed")
    rows = [{column: dice.choice(choices) for column, choices in cells.items()} for _ in range(5)]

    first = take(rows)
    before = snapshot()
    again = take(rows)

    assert snapshot() == before
    assert counts(again) == (0, 0, len(rows) - first.count("refused"), first.count("refused"))


def queries_of(take, size, vendor):
    rows = [{"name": f"T{size}x{n}", "homepage": f"https://x.org/{size}/{n}", "vendor": vendor} for n in range(size)]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        take(rows)
    return len(captured)


def test_importing_costs_the_same_queries_for_10_rows_as_for_300(take):
    take([{"name": "First"}])

    created = queries_of(take, 10, "A"), queries_of(take, 300, "A")
    changed = queries_of(take, 10, "B"), queries_of(take, 300, "B")
    unchanged = queries_of(take, 10, "B"), queries_of(take, 300, "B")

    assert created[0] == created[1] <= 8
    assert changed[0] == changed[1] <= 8
    assert unchanged[0] == unchanged[1] <= 5


# Cells as people fill them -------------------------------------------------------------------


@pytest.mark.parametrize("row", [row for row in VALUES if row["field"] == "pricing"], ids=lambda row: row["raw"][:20])
def test_every_spelling_of_a_price_is_an_entry(row):
    expected = {"paid_with_trial": "paid"}.get(row["normalised"], row["normalised"])

    assert read_entry(row["raw"]) == (expected, "")


@pytest.mark.parametrize(
    ("spelling", "entry"),
    [
        ("freemium", "freemium"),
        ("Free / Paid", "freemium"),
        ('{"model": "usage-based", "has_free_tier": true}', "freemium"),
        ("Contact Sales", "contact"),
        ("联系销售", "contact"),
        ("Free trial", "paid"),
    ],
)
def test_other_spellings_of_a_price_are_understood(spelling, entry):
    assert read_entry(spelling) == (entry, "")


@pytest.mark.parametrize("spelling", ["maybe", "{", '{"model": ["a"]}', "{}", "Free-ish / who knows", "€€"])
def test_a_price_nobody_understands_is_left_empty_with_a_note(spelling):
    assert read_entry(spelling) == ("", "was not understood: left empty")


@pytest.mark.parametrize("row", [row for row in VALUES if row["field"] == "licence"], ids=lambda row: row["raw"][:20])
def test_a_licence_is_spelled_as_spdx_does_or_left_to_a_person(row):
    expected = row["normalised"].replace("needs a person", "")

    value, note = read_licence(row["raw"])

    assert (value, "needs a person" in note) == (expected, not expected)


def test_licences_may_be_joined_but_not_ambiguously():
    assert spdx("mit OR apache-2.0") == "MIT OR Apache-2.0"
    assert spdx("MIT OR ISC AND Zlib") == ""


@pytest.mark.parametrize("row", [row for row in VALUES if row["field"] == "partial_dates"], ids=lambda row: row["raw"])
def test_a_partial_date_is_left_empty_with_a_note(row):
    assert read_day(row["raw"]) == (None, "is not a whole date: left empty")


@pytest.mark.parametrize("day", ["2023-02-30", "2023-13", "0000-01-01", "5/3/2023", "2023-5-1", "٢٠٢٣-٠١-٠١", "soon"])
def test_a_day_that_does_not_exist_refuses_its_row(take, day):
    report = take([{"name": "Beam", "latest_version": "1", "released_on": day}])

    assert counts(report) == (0, 0, 0, 1)
    assert f"“{day}”" in report.refused[0].problems["released_on"][0]


def test_a_release_day_counts_only_beside_its_version(take):
    report = take([{"name": "Beam", "released_on": "2024-01-01", "latest_version": ""}])

    assert Tool.objects.get().released_on is None
    assert notes(report) == ["released_on “2024-01-01” kept aside: its version is not given"]


@pytest.mark.parametrize(
    "row", [row for row in VALUES if row["field"] == "malformed_urls"], ids=lambda row: row["raw"][:20]
)
def test_a_malformed_address_refuses_its_row_unless_it_can_be_mended(take, row):
    report = take([{"name": "Beam", "homepage": row["raw"]}])

    mended = {
        "opencompass.org.cn": "https://opencompass.org.cn",
        "https://www.wenxiaobai.com/?forceLogin=true&amp;source=ainav&amp;ad_source=ainav": "https://www.wenxiaobai.com/?forceLogin=true&source=ainav",
    }
    if row["raw"] in mended:
        assert Tool.objects.get().homepage == mended[row["raw"]]
    else:
        assert (counts(report), list(report.refused[0].problems)) == ((0, 0, 0, 1), ["homepage"])


def test_an_address_without_a_scheme_is_noted(take):
    report = take([{"name": "Beam", "homepage": "opencompass.org.cn"}])

    assert notes(report) == ["homepage “opencompass.org.cn” has no scheme: https:// was added"]


@pytest.mark.parametrize(
    "row", [row for row in VALUES if row["field"] == "urls_with_tracking_parameters"], ids=lambda row: row["raw"][8:40]
)
def test_tracking_is_taken_off_an_address(row):
    assert read_address(row["raw"]) == (row["raw"].split("?")[0], "")


def test_an_address_keeps_the_parameters_that_are_its_own():
    assert read_address("HTTPS://X.org/A?id=7&gclid=1&utm_medium=x&copy=2#f")[0] == "https://x.org/A?id=7&copy=2#f"


def test_addresses_and_names_have_keys():
    assert address_key("http://www.Github.com/A/b.git") == address_key("https://github.com/a/b/#readme")
    assert name_key("Pezzo 🕹️") == name_key("pezzo")
    assert name_key("Naïve Bayes") == name_key("naive-bayes")
    assert name_key("की") != name_key("का")


# Hostile input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("name", "x" * 300, "has 300 characters; 120 is the most"),
        ("name", "a\0b", "holds a NUL byte"),
        ("name", "\u202e\u2066", "is missing"),
        ("name", "???", "is no name: it has no letters and there is no homepage"),
        ("description", "x" * 6001, "has 6,001 characters; 6,000 is the most"),
        ("description", "x" * 200_000, "has 200,000 characters; 6,000 is the most"),
        ("homepage", "javascript:alert(1)", "does not start with http:// or https://"),
        ("homepage", "data:text/html,x", "does not start with http:// or https://"),
        ("homepage", "https://me:secret@x.org", "is not a web address"),
        ("homepage", "https://[", "is not a web address"),
        ("homepage", "https://x.org/" + "a" * 500, "has 514 characters; 500 is the most"),
        ("repository", "https://x y.org", "is not a web address"),
        ("category", "x" * 61, "has 61 characters; 60 is the most"),
        ("category", "…", "is no name"),
    ],
)
def test_what_cannot_be_kept_refuses_its_row_and_no_other(take, column, cell, reason):
    report = take([{"name": "Before"}, {"name": "Bad", column: cell}, {"name": "After"}])

    assert (counts(report), report.refused[0].line) == ((2, 0, 0, 1), 3)
    assert reason in report.refused[0].problems[column][0]
    assert set(Tool.objects.values_list("name", flat=True)) == {"Before", "After"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("</style><b>", "</style><b>"),
        ("rtl \u202ecod.exe", "rtl cod.exe"),
        ("עברית", "עברית"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("\x1b[31mred", "[31mred"),
    ],
)
def test_hostile_names_are_kept_as_plain_text(take, given, kept):
    take([{"name": given}])

    tool = Tool.objects.get()
    assert (tool.name, slugs.is_valid(tool.slug)) == (kept, True)


def test_all_faults_of_a_row_are_told_at_once(take):
    report = take([{"name": "x" * 121, "homepage": "{}", "released_on": "2023-02-30"}])

    assert set(report.refused[0].problems) == {"name", "homepage", "released_on"}


# Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_any_line_ending_and_a_byte_order_mark_are_read(take, newline, mark):
    report = take(mark + newline.join(["name,tagline", 'A,"one', 'two"', "", ",x", "B,y"]))

    assert counts(report) == (2, 0, 0, 1)
    assert [(row.line, row.problems) for row in report.refused] == [(5, {"name": ["is missing"]})]


def test_columns_nobody_asked_for_are_reported(take):
    report = take([{"name": "A", "open_source": "True", "source_repo": "x"}])

    assert report.ignored == ["open_source", "source_repo"]


def test_a_broken_line_of_csv_is_refused_alone(take):
    report = take('name,vendor\nA,x\n"B"b,x\nC,x,y\nD\n"E,x\nF,x\n')

    assert [row.line for row in report.refused] == [3, 4, 6]
    assert report.refused[-1].problems == {"line": ["opens a quote that is never closed"]}
    assert set(Tool.objects.values_list("name", flat=True)) == {"A", "D", "F"}


@pytest.mark.parametrize("name", ["tools.jsonl", "tools.ndjson", "tools"])
def test_json_lines_are_read_by_extension_or_by_sight(take, name):
    records = [
        {"name": "A", "homepage": None, "entry": {"model": "free"}, "latest_version": 2},
        ["no"],
        {"vendor": "x"},
    ]
    broken = ['{"name": ', "[" * 100_000, '{"name": "\\ud800"}', '{"name": {"a": 1}}', '{"name": ' + "9" * 5000 + "}"]

    report = take("\n".join([*map(json.dumps, records), *broken]), name)

    tool = Tool.objects.get()
    assert (tool.name, tool.entry, tool.latest_version) == ("A", "free", "2")
    assert [(row.line, *row.problems) for row in report.refused] == [
        (2, "line"),
        (3, "name"),
        (4, "line"),
        (5, "line"),
        (6, "name"),
        (7, "name"),
        (8, "line"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("title,homepage\nA,https://x.org\n", "no column “name”"),
        ("name,name\nA,B\n", "appears twice"),
        ("name\nCafé\n".encode("latin-1"), "is not UTF-8 (line 2)"),
        ("name\nA\n".encode("utf-16"), "is not UTF-8 (line 1)"),
        ("name\nA\n".encode("utf-16-le"), "NUL bytes"),
        ('"name\nA\n', "header"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(write, content, message):
    with pytest.raises(UnreadableFile) as refusal:
        import_tools(write(content))

    assert message in str(refusal.value)


def test_a_missing_file_and_a_directory_say_so(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_tools", tmp_path / "none.csv")
    with pytest.raises(CommandError, match="is a directory"):
        call_command("import_tools", tmp_path)


# The command ---------------------------------------------------------------------------------


def test_the_command_reports_and_succeeds_when_every_row_was_taken(write):
    out = StringIO()

    call_command("import_tools", write([{"name": "A", "x": "1"}]), "--publish", "--category", "Shelf", stdout=out)

    assert out.getvalue() == (
        "1 created, 0 changed, 0 unchanged, 0 refused\nIgnored columns: x\nNew categories: Shelf\n"
    )
    assert Tool.objects.get().state == State.PUBLISHED


def test_the_command_fails_after_taking_the_rest_when_a_row_was_refused(write):
    out = StringIO()
    path = write([{"name": "A", "homepage": "https://x.org"}, {"name": "B", "homepage": "{}"}])

    with pytest.raises(CommandError, match=r"^1 row was refused\.$") as failure:
        call_command("import_tools", path, "--category", "Shelf", stdout=out)

    assert failure.value.returncode == 1
    assert "  line 3: homepage: “{}” is not a web address\n" in out.getvalue()
    assert Tool.objects.get().name == "A"


def test_the_command_writes_nothing_in_a_dry_run(write):
    out = StringIO()

    call_command("import_tools", write([{"name": "A"}]), "--category", "Shelf", "--dry-run", stdout=out)

    assert out.getvalue().endswith("Dry run: nothing was written.\n")
    assert Tool.objects.count() == Category.objects.count() == 0


def test_the_command_refuses_a_default_category_that_is_too_long(write):
    with pytest.raises(CommandError, match="--category"):
        call_command("import_tools", write([{"name": "A"}]), "--category", "x" * 61)
