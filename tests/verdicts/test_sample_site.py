"""The site that one command makes: complete, labelled, and left alone once it is there."""

import datetime
import re
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.verdicts.reading import read
from tests.verdicts.surfaces import SLUGS, plain, surfaces
from tools.models import Category, Fact, FactKind, Price, Tool
from tools.text import plain_text
from verdicts import made_pages
from verdicts.models import Comparison, Reviewer, Verdict
from verdicts.sample import loading
from voting.models import Tally, User, Vote, VoteEvent

MODELS = [
    Category,
    FactKind,
    Tool,
    Fact,
    Price,
    Reviewer,
    Verdict,
    Comparison,
    User,
    Vote,
    VoteEvent,
    Tally,
    Tool.history.model,
]
CLOCKED = [Tool, Verdict, Comparison]
ADDRESSES = ["/", "/tools/", "/tools/cursor/", "/panel/", "/compare/claude-files-api-vs-smolvlm2-turbo/", "/nowhere/"]
LATER = datetime.datetime(2028, 3, 1, 7, 30, tzinfo=datetime.UTC)


def run(capsys=None) -> str:
    call_command("sample_site")
    return capsys.readouterr().out if capsys else ""


def contents() -> dict[str, object]:
    """How many rows there are, and when each was last saved."""
    counts = {model.__name__: model.objects.count() for model in MODELS}
    return counts | {
        f"{model.__name__} saved": list(model.objects.order_by("pk").values_list("pk", "updated_at"))
        for model in CLOCKED
    }


def snapshot() -> SimpleNamespace:
    client = Client()
    made_pages.pages.traces.clear()
    pages = {address: client.get(address) for address in ADDRESSES}
    return SimpleNamespace(
        tools=list(Tool.objects.all()),
        verdicts=list(Verdict.objects.select_related("tool", "reviewer").order_by("tool__slug", "reviewer__position")),
        comparisons=list(Comparison.objects.select_related("first", "second")),
        reviewers=list(Reviewer.objects.all()),
        facts=list(Fact.objects.select_related("tool", "kind")),
        pages=pages,
        home=pages["/"].context,
        founding=pages[ADDRESSES[4]].context["comparison"],
        categories=Category.objects.count(),
        moments=[
            *Tool.history.values_list("history_date", flat=True),
            *Fact.history.values_list("history_date", flat=True),
        ],
        now=timezone.now(),
        surfaces=surfaces(client),
    )


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, tmp_path_factory):
    """The sample site as rows in memory: made once, twice in a row, and thrown away."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(settings, "VAR_DIR", tmp_path_factory.mktemp("var"))
        call_command("sample_site")
        found = snapshot()
        found.once = contents()
        call_command("sample_site")
        found.twice = contents()
        [note] = settings.VAR_DIR.glob("staff-password*")
        found.password_mode = note.stat().st_mode & 0o777
        transaction.set_rollback(True)
    return found


def published(site) -> list[Verdict]:
    return [verdict for verdict in site.verdicts if verdict.is_published]


def panels(site) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in published(site):
        found.setdefault(verdict.tool.slug, []).append(verdict)
    return found


def words(verdict: Verdict) -> list[str]:
    return re.findall(r"[\w'’./-]+", plain_text(verdict.reason))


# What is there -----------------------------------------------------------------------------------


def test_running_it_again_changes_nothing(site):
    assert site.twice == site.once


def test_at_least_two_dozen_tools_have_a_full_panel(site):
    full = [slug for slug, verdicts in panels(site).items() if len(verdicts) == 4]

    assert len(full) >= 24
    assert {len(verdicts) for verdicts in panels(site).values()} == {4}
    assert all({verdict.reviewer.slug for verdict in panels(site)[slug]} == set(factories.PERSONAS) for slug in full)


def test_the_panel_splits_in_every_way(site):
    splits = Counter(sum(verdict.is_ship for verdict in verdicts) for verdicts in panels(site).values())

    assert set(splits) == {0, 1, 2, 3, 4}


def test_every_persona_says_both(site):
    said = {(verdict.reviewer.slug, verdict.decision) for verdict in published(site)}

    assert len(said) == 8


def test_every_reason_is_a_paragraph_of_its_own(site):
    lengths = {(v.tool.slug, v.reviewer.slug): len(plain_text(v.reason).split()) for v in published(site)}

    assert {key: count for key, count in lengths.items() if not 55 <= count <= 130} == {}
    assert len({verdict.reason for verdict in site.verdicts}) == len(site.verdicts)


def test_no_two_reasons_open_with_the_same_three_words(site):
    openings: dict[str, list[str]] = {}
    for verdict in published(site):
        opening = " ".join(words(verdict)[:3]).lower()
        openings.setdefault(opening, []).append(f"{verdict.tool.slug}/{verdict.reviewer.slug}")

    assert {opening: where for opening, where in openings.items() if len(where) > 1} == {}


def test_no_sentence_is_used_twice(site):
    sentences = Counter(
        sentence.strip()
        for verdict in published(site)
        for sentence in re.split(r"(?<=[.!?])\s", plain_text(verdict.reason))
        if len(sentence.split()) > 4
    )

    assert [sentence for sentence, times in sentences.items() if times > 1] == []


def test_the_founding_pair_is_as_it_was_promised(site):
    files, turbo = site.founding.columns

    assert [tool.name for tool in site.founding.columns] == ["Claude Files API", "SmolVLM2 Turbo"]
    assert [tool.category.name for tool in site.founding.columns] == ["Developer Tools"] * 2
    assert [tool.panel.words for tool in (files, turbo)] == ["4 of 4 ship", "4 of 4 ship"]
    assert [tool.community.figure for tool in (files, turbo)] == ["—", "—"]
    assert [tool.entry_label for tool in (files, turbo)] == ["Paid", "Free"]
    assert [len(row.cells) for row in site.founding.scorecard] == [2] * 4
    assert all(all(row.cells) for row in site.founding.scorecard)


def test_the_founding_pair_leads_the_home_page(site):
    assert site.home["lead"].title == "Claude Files API vs SmolVLM2 Turbo"


def test_at_least_six_comparisons_are_written_about(site):
    headlines = [row.headline for row in site.comparisons if row.is_published]

    assert len(headlines) >= 6
    assert len(set(headlines)) == len(headlines)
    assert all(row.standfirst for row in site.comparisons)
    assert {row.first.slug for row in site.comparisons} | {row.second.slug for row in site.comparisons} <= set(
        panels(site)
    )


def test_some_verdict_has_been_revised_and_says_why(site):
    revised = [verdict for verdict in site.verdicts if verdict.number > 1]

    assert revised
    assert all(verdict.revision_note for verdict in revised)
    assert {verdict.state for verdict in site.verdicts} == {"published", "superseded"}


# What is claimed ---------------------------------------------------------------------------------


def test_the_site_is_labelled_as_a_sample_on_every_page(site):
    assert all(tool.is_sample for tool in site.tools)
    for address, response in site.pages.items():
        assert "Sample site." in read(response).text, address


def test_nothing_is_said_to_have_been_verified_or_tested(site):
    assert {tool.check_method for tool in site.tools} <= {"unchecked", "claimed"}
    assert not any(fact.is_verified for fact in site.facts)
    assert {verdict.evidence for verdict in site.verdicts} == {"documents"}


def test_no_persona_is_passed_off_as_a_person(site):
    for persona in site.reviewers:
        assert "not a person" in persona.disclosure
        assert "language model" in persona.disclosure
        assert persona.responsible_editor_id


@pytest.mark.parametrize("claim", [r"\bI tested\b", r"\bwe tested\b", r"\bmy (team|company|startup)\b", r"\bwhen I\b"])
def test_no_reason_pretends_that_someone_was_there(site, claim):
    assert [str(verdict) for verdict in site.verdicts if re.search(claim, verdict.reason, re.I)] == []


def test_nothing_lies_in_the_future_and_dates_follow_each_other(site):
    today = site.now.date()

    assert max(verdict.tested_on for verdict in site.verdicts) <= today
    assert max(tool.published_at for tool in site.tools) <= site.now
    assert max(site.moments) <= site.now
    assert all(fact.checked_on is None or fact.checked_on <= today for fact in site.facts)
    for verdict in site.verdicts:
        assert verdict.tool.published_at <= verdict.published_at <= site.now
        assert verdict.tested_on <= verdict.published_at.date()
    for before, after in pairwise(site.verdicts):
        if (before.tool_id, before.reviewer_id) == (after.tool_id, after.reviewer_id):
            assert {before.retired_at, after.retired_at} - {None} == {max(before.published_at, after.published_at)}


def test_only_the_owner_can_read_the_staff_password(site):
    assert site.password_mode == 0o600


# One number everywhere ---------------------------------------------------------------------------


def test_the_surfaces_are_asked_about_tools_in_every_state(site):
    assert set(site.surfaces) == set(SLUGS)
    receipts = [shown.receipt for shown in site.surfaces.values()]
    assert {receipt["community"]["state"] for receipt in receipts} >= {"none", "few", "shown"}
    assert {receipt["panel"]["total"] for receipt in receipts} >= {0, 4}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_surface_prints_the_figures_of_the_receipt(site, slug):
    shown = site.surfaces[slug]
    panel, readers = shown.receipt["panel"], shown.receipt["community"]

    for surface in (shown.page, shown.markdown):
        for words in (panel["figure"], panel["words"], readers["words"]):
            assert plain(words) in surface
    for words, badge in zip((panel["words"], readers["words"]), shown.badges, strict=True):
        assert plain(words) in badge
    assert shown.card[:2] == ((panel["figure"], shown.card[0][1]), (readers["figure"], readers["words"]))
    assert shown.card[0][1].split(" · ")[0] == panel["words"]
    assert shown.feed == f"Panel: {panel['words']}. Readers: {readers['words']}."
    digest = shown.digest
    assert (digest["panel_figure"], digest["panel_words"]) == (panel["figure"], panel["words"])
    assert (digest["community_figure"], digest["community_words"]) == (readers["figure"], readers["words"])
    low, high = readers["interval_percent"] or (None, None)
    for data in (shown.data, shown.api):
        assert [data["panel"][name] for name in ("ships", "total", "percent", "words")] == [
            panel[name] for name in ("ships", "total", "percent", "words")
        ]
        for name in ("ships", "skips", "percent", "words"):
            assert data["community"][name] == readers[name]
        assert (data["community"]["low"], data["community"]["high"]) == (low, high)
    assert (shown.api["community"]["kind"], shown.api["community"]["total"]) == (readers["state"], readers["n"])
    assert shown.ld.get("review", {}).get("reviewRating", {}).get("ratingValue") == panel["percent"]
    assert shown.ld.get("review", {"reviewBody": panel["words"]})["reviewBody"] == panel["words"]
    assert shown.ld.get("aggregateRating", {}).get("ratingValue") == readers["percent"]
    assert shown.ld.get("aggregateRating", {"ratingCount": readers["n"]})["ratingCount"] == readers["n"]


# Running it --------------------------------------------------------------------------------------


@pytest.fixture
def few(tmp_path, monkeypatch):
    """The sample folder, cut down to the founding pair, so that it loads at once."""
    pair = ["claude-files-api", "smolvlm2-turbo"]
    for name in [
        "site.toml",
        *[f"tools/{slug}.toml" for slug in pair],
        "comparisons/claude-files-api-vs-smolvlm2-turbo.toml",
    ]:
        target = tmp_path / "sample" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((Path(loading.__file__).parent / name).read_bytes())
    monkeypatch.setattr(loading, "FOLDER", tmp_path / "sample")
    return tmp_path / "sample"


@pytest.mark.django_db
def test_it_says_what_it_made_and_how_to_sign_in(few, client, capsys):
    first, again = run(capsys), run(capsys)

    assert "2 tools, 9 verdicts, 1 comparisons, 0 votes, 3 issues made" in first
    assert "nothing was missing" in again
    password = re.search(r"staff@example\.org / (\S+) at", again).group(1)
    assert client.login(email="staff@example.org", password=password)
    assert User.objects.get().is_superuser


@pytest.mark.django_db
def test_what_staff_have_edited_is_kept(few):
    run()
    Tool.objects.filter(slug="smolvlm2-turbo").update(tagline="Edited by hand")
    Category.objects.filter(slug="developer-tools").update(name="Renamed shelf")
    Comparison.objects.update(headline="Edited headline")
    verdict = Verdict.objects.get(tool__slug="smolvlm2-turbo", reviewer__slug="skeptic")
    verdict.revise(seen_edits=verdict.edits, decision="skip", revision_note="It broke").publish()
    Verdict.objects.published().get(tool__slug="claude-files-api", reviewer__slug="builder").withdraw(
        by=factories.editor(), reason="Wrong"
    )
    before = contents()

    run()

    assert contents() == before
    assert Tool.objects.get(slug="smolvlm2-turbo").tagline == "Edited by hand"
    assert Verdict.objects.published().count() == 7


@pytest.mark.django_db
def test_a_sample_tool_that_staff_have_renamed_is_not_made_again(few):
    run()
    Tool.objects.get(slug="smolvlm2-turbo").rename_slug("smolvlm2")
    before = contents()

    run()

    assert contents() == before


@pytest.mark.django_db
def test_a_password_that_staff_have_changed_is_not_told(few, capsys):
    told = re.search(r"staff@example\.org / (\S+) at", run(capsys)).group(1)
    staff = User.objects.get()
    staff.set_password("another one")
    staff.save()

    assert told not in run(capsys)


@pytest.mark.django_db
def test_the_site_looks_the_same_on_another_day(few, client, time_machine):
    time_machine.move_to(LATER)

    run()

    verdicts = Verdict.objects.published()
    written = tomllib.loads((few / "site.toml").read_text())["written_on"]
    shift = LATER.date() - written
    files = [tomllib.loads(path.read_text()) for path in sorted((few / "tools").glob("*.toml"))]
    expected = sorted(row["tested_on"] + shift for file in files for row in file["verdicts"].values())
    assert sorted(verdict.tested_on for verdict in verdicts) == expected
    assert max(verdict.published_at for verdict in verdicts) <= LATER
    assert not any(verdict.staleness for verdict in verdicts)
    assert client.get("/").context["lead"].title == "Claude Files API vs SmolVLM2 Turbo"


@pytest.mark.django_db
@pytest.mark.parametrize("hour", [0, 8, 23])
def test_nothing_lies_in_the_future_at_any_hour(few, time_machine, hour):
    now = LATER.replace(hour=hour, minute=0)
    time_machine.move_to(now, tick=False)

    run()

    assert max(Verdict.objects.values_list("published_at", flat=True)) <= now
    assert max(Comparison.objects.values_list("published_at", flat=True)) <= now


@pytest.mark.django_db
def test_a_sample_file_that_cannot_be_read_is_named_and_nothing_is_kept(few):
    (few / "tools" / "smolvlm2-turbo.toml").write_text("name = ")

    with pytest.raises(CommandError, match=r"smolvlm2-turbo\.toml"):
        run()

    assert (Tool.objects.count(), Category.objects.count()) == (0, 0)
