"""The dump holds everything but voters, and proves every shown number by itself."""

import csv
import datetime
import json
import shutil
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import factories
from verdicts.dump import files
from verdicts.dump.exporting import export
from verdicts.dump.files import cell
from verdicts.dump.verifying import verify
from verdicts.sample.loading import SampleSite
from voting.models import TallyDay


@pytest.fixture
def site(db):
    """Two judged tools with every kind of row, a former address, a flip, a withdrawal, a draft and days of votes."""
    editor = factories.editor()
    first, second = factories.reviewed_tool("a", "+-++", entry="paid"), factories.reviewed_tool("b", "+++-")
    first.rename_slug("aa")
    flipped = second.verdicts.get(reviewer__slug="builder")
    draft = flipped.revise(seen_edits=flipped.edits, decision="skip", revision_note="It broke.")
    draft.publish()
    second.verdicts.get(reviewer__slug="founder").withdraw(by=editor, reason="Wrong tool.")
    factories.verdict(factories.tool("draft", state="draft"), "founder", reason="Nobody may read this.")
    factories.verdict(factories.tool("c"), published=False, reason="Nobody may read that.")
    factories.votes(first, 70, 30, held=2)
    factories.votes(second, 9, 4)
    today = timezone.localdate()
    for age, ships in ((3, 20), (1, 60)):
        TallyDay.objects.create(tool=first, day=today - datetime.timedelta(days=age), ships=ships, skips=10)
    factories.price(first)
    factories.price(first, 5, plan="Basic")
    factories.price(first, 9, plan="Basic", starts_on=today + datetime.timedelta(days=5))
    factories.fact(first)
    factories.comparison(first, second)


@pytest.fixture
def dump(site, tmp_path):
    export(tmp_path / "dump")
    return tmp_path / "dump"


def rows(folder, name):
    return list(files.read(folder, name))


def test_a_dump_proves_itself_without_a_database(dump, django_assert_num_queries, capsys):
    with django_assert_num_queries(0):
        call_command("verify_export", dump)

    assert "Every shown number follows" in capsys.readouterr().out


def test_the_sample_site_proves_itself(db, tmp_path):
    SampleSite(timezone.localdate()).load(factories.editor())

    call_command("export_data", tmp_path / "dump")

    assert list(verify(tmp_path / "dump")) == []
    assert len(rows(tmp_path / "dump", "shown_tools")) > 70


def test_a_dump_states_the_figures_of_the_pages(dump, client):
    shown = {row["tool"]: row for row in rows(dump, "shown_tools")}
    [pair] = rows(dump, "shown_comparisons")

    assert set(shown) == {"aa", "b", "c"}
    for slug, row in shown.items():
        tool = client.get(f"/tools/{slug}/").context["tool"]
        assert (row["panel_words"], row["panel_percent"]) == (tool.panel.words, tool.panel.percent)
        assert (row["readers_words"], row["readers_low"]) == (tool.community.words, tool.community.low)
    page = client.get("/compare/aa-vs-b/").context["comparison"]
    assert (pair["result"], pair["lead"]) == (page.standfirst, page.lead)
    assert shown["aa"]["plans"] == ["Basic: $5 per month", "Pro: $20 per month"]
    assert {row["reviewer"]: row["flip_count"] for row in rows(dump, "shown_reviewers")}["builder"] == 1


def test_a_dump_names_no_voter_no_draft_and_no_address_of_an_editor(dump):
    everything = "".join(path.read_text(encoding="utf-8") for path in dump.iterdir())

    assert "Nobody may read" not in everything
    assert '"draft"' not in everything
    assert "@example.org" not in everything
    assert [(row["tool"], row["ships"]) for row in rows(dump, "votes")] == [
        ("aa", 20),
        ("aa", 60),
        ("aa", 70),
        ("b", 9),
    ]
    assert not {"voter", "account", "email"} & {column for columns in files.COLUMNS.values() for column in columns}


def test_a_dump_says_under_which_licence_it_is(dump, settings, tmp_path):
    assert "CC BY 4.0: https://creativecommons.org/licenses/by/4.0/" in (dump / "LICENCE.txt").read_text()

    settings.DATA_LICENCE = "CC0 1.0"
    export(tmp_path / "other")

    assert "CC0 1.0" in (tmp_path / "other" / "LICENCE.txt").read_text()
    assert json.loads((tmp_path / "other" / "manifest.json").read_text())["licence"]["name"] == "CC0 1.0"


def sign_again(folder):
    """What someone who tampers would do next."""
    sums = [f"{files.checksum(path)}  {path.name}" for path in sorted(folder.iterdir()) if path.name != files.SUMS]
    (folder / files.SUMS).write_text("\n".join(sums) + "\n")


def rewrite(folder, name, change):
    found = rows(folder, name)
    change(found)
    files.write(folder, name, found)
    sign_again(folder)


TAMPERING = {
    "votes": lambda found: found[-1].update(ships=90),
    "verdicts": lambda found: found[0].update(decision="skip"),
    "reviewers": lambda found: found[0].update(is_active=False),
    "tools": lambda found: found[0].update(latest_version="9", entry="free"),
    "prices": lambda found: found[0].update(amount="7"),
    "shown_tools": lambda found: found[0].update(panel_percent=100),
    "shown_reviewers": lambda found: found[0].update(flip_count=7),
    "shown_comparisons": lambda found: found[0].update(lead="aa leads"),
    "shown_categories": lambda found: found[0].update(published_count=1),
    "categories": lambda found: found.clear(),
    "comparisons": lambda found: found[0].update(first="nobody"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_tampered_row_is_found_even_when_its_checksum_is_made_to_fit(dump, name, capsys):
    rewrite(dump, name, TAMPERING[name])

    with pytest.raises(CommandError, match="follow from this dump"):
        call_command("verify_export", dump)
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", ["facts.jsonl", "facts.csv", "LICENCE.txt", "manifest.json"])
def test_a_tampered_file_is_found_by_its_checksum(dump, name):
    with (dump / name).open("a") as file:
        file.write("\n")

    assert f"{name} is not the file that was written: its checksum differs." in list(verify(dump))


def test_what_is_missing_added_or_broken_is_said_and_never_a_failure(dump, tmp_path):
    (dump / "extra.csv").write_text("x")
    (dump / "facts.csv").unlink()
    (dump / "votes.jsonl").write_text('{"tool": 1}\n')

    found = "\n".join(verify(dump))

    assert "extra.csv is not in SHA256SUMS" in found
    assert "facts.csv is missing" in found
    assert "cannot be read on" in found
    assert "not a dump" in next(verify(tmp_path))
    (dump / "manifest.json").write_text("{}")
    assert "cannot be read on" in "\n".join(verify(dump))


def test_two_forms_that_differ_are_found(dump):
    text = (dump / "tools.csv").read_text().replace("What a does", "What a did")
    (dump / "tools.csv").write_text(text)
    sign_again(dump)

    assert list(verify(dump)) == ["tools, row 1: the two forms differ."]


def test_a_folder_that_holds_something_is_left_alone(dump):
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_data", dump)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", " =x", "<script>", 'a"b,c\nd', "שלום", "</script>"])
def test_no_cell_is_a_formula_and_every_text_survives(db, tmp_path, text):
    tool = factories.tool("a", tagline=text, vendor=text)

    export(tmp_path / "dump")

    with (tmp_path / "dump" / "tools.csv").open(newline="") as table:
        [row] = csv.DictReader(table)
    assert not row["tagline"].startswith(("=", "+", "-", "@", "\t"))
    assert row["tagline"].removeprefix("'") == text
    assert rows(tmp_path / "dump", "tools")[0]["vendor"] == tool.vendor
    assert list(verify(tmp_path / "dump")) == []


@pytest.mark.parametrize(
    ("value", "written"), [(None, ""), (True, "true"), (-3, "-3"), (["a", "b"], "a | b"), (["=a"], "'=a"), ("x", "x")]
)
def test_cells(value, written):
    assert cell(value) == written


def test_a_dump_costs_the_same_number_of_queries_for_few_and_for_many(db, tmp_path, django_assert_max_num_queries):
    for number in range(3):
        factories.reviewed_tool(f"t{number}")
    with django_assert_max_num_queries(30):
        export(tmp_path / "few")
    made = [factories.reviewed_tool(f"t{number}") for number in range(3, 30)]
    for first, second in pairwise(made):
        factories.comparison(first, second)
    with django_assert_max_num_queries(30):
        export(tmp_path / "many")
    shutil.rmtree(tmp_path / "few")
