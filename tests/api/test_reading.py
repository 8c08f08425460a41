"""What programs read: each resource, and the conventions they share."""

import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from tests import factories
from tools.models import FormerSlug, Tool
from verdicts.models import Verdict

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


@pytest.fixture
def site():
    """Two judged tools with facts, prices, votes, a written comparison, a draft, a flip and a withdrawal."""
    a, b = factories.reviewed_tool("Alpha"), factories.reviewed_tool("Beta", "+-+-")
    factories.fact(a), factories.price(a), factories.votes(a, 70, 30), factories.comparison(a, b)
    FormerSlug.objects.create(tool=a, slug="old-alpha")
    draft = factories.tool("Secret draft", state="draft")
    factories.verdict(draft, published=False)
    flip = Verdict.objects.get(tool=b, reviewer__slug="skeptic").revise(
        seen_edits=1, decision="ship", reason="Mended since.", revision_note="It was mended."
    )
    flip.publish()
    taken = Verdict.objects.get(tool=b, reviewer__slug="founder", state="published")
    taken.withdraw(by=factories.editor(), reason="Wrong product.")
    return a, b


def get(client, path, status=200, **headers):
    response = client.get(V1 + path, headers=headers)
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def errors(client, path, status=400):
    return [(error["attr"], error["detail"]) for error in get(client, path, status)["errors"]]


def test_the_root_names_every_resource(client):
    resources = get(client, "/")["resources"]

    assert {"tools", "categories", "reviewers", "verdicts", "comparisons", "methodology"} <= set(resources)
    for address in resources.values():
        assert client.get(address).status_code in {200, 401, 403}


def test_a_tool_comes_with_facts_prices_and_the_figures_of_its_page(client, site):
    tool = get(client, "/tools/alpha/")

    assert tool["panel"] == {
        "ships": 4,
        "skips": 0,
        "total": 4,
        "percent": 100,
        "figure": "100\u202f%",
        "words": "4 of 4 ship",
    }
    assert (tool["community"]["percent"], tool["community"]["low"], tool["community"]["high"]) == (70, 60, 78)
    assert tool["facts"][0]["answer"] == "yes"
    assert tool["prices"][0]["words"] == "$20 per month"
    assert tool["page_url"] == "http://testserver/tools/alpha/"
    assert "verdicts" not in tool


def test_parts_come_with_expand_and_fields_make_an_answer_small(client, site):
    [alpha, beta] = get(client, "/tools/?fields=name&expand=verdicts,facts")["results"]

    assert set(alpha) == {"slug", "name", "verdicts", "facts"}
    assert [verdict["reviewer"] for verdict in beta["verdicts"]] == ["builder", "skeptic", "futurist"]
    assert get(client, "/tools/beta/?fields=panel") == {"slug": "beta", "panel": get(client, "/tools/beta/")["panel"]}


def test_a_former_address_leads_to_the_present_one(client, site):
    assert client.get(f"{V1}/tools/old-alpha/").headers["Location"] == f"{V1}/tools/alpha/"
    assert client.get(f"{V1}/verdicts/old-alpha/builder/").headers["Location"] == f"{V1}/verdicts/alpha/builder/"
    moved = client.get(f"{V1}/comparisons/beta-vs-old-alpha/?as_of=2026-01-01")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"{V1}/comparisons/alpha-vs-beta/?as_of=2026-01-01")
    assert client.get(f"{V1}/comparisons/alpha-vs-alpha/").headers["Location"] == f"{V1}/tools/alpha/"


def test_a_comparison_has_every_cell_of_its_page(client, site):
    page = get(client, "/comparisons/alpha-vs-beta/")

    assert [tool["slug"] for tool in page["tools"]] == ["alpha", "beta"]
    assert page["tools"][0]["ship_if"] == "<p>you like the first.</p>\n"
    assert [[cell and cell["decision"] for cell in row["cells"]] for row in page["scorecard"]] == [
        ["ship", "ship"],
        ["ship", "ship"],
        ["ship", None],
        ["ship", "skip"],
    ]
    assert page["facts"][0]["cells"][0]["kind"] in {"yes", "text"}
    assert (
        page["standfirst"]
        == "The panel gives Alpha 4–0 and Beta 2–1; too few votes to say who leads among readers; both are free."
    )


def test_a_comparison_of_a_past_day_is_that_of_its_page(client):
    day = timezone.now() - datetime.timedelta(days=3)
    a, b = (factories.tool(name) for name in ("Alpha", "Beta"))
    factories.verdict(a, at=day)
    factories.verdict(b)

    page = get(client, f"/comparisons/alpha-vs-beta/?as_of={day:%Y-%m-%d}")

    assert page["as_of"] == f"{day:%Y-%m-%d}"
    assert [cell and cell["decision"] for cell in page["scorecard"][0]["cells"]] == ["ship", None]
    get(client, "/comparisons/alpha-vs-beta/?as_of=2001-01-01", 404)
    get(client, "/comparisons/alpha-vs-beta/?as_of=2999-01-01", 404)


@pytest.mark.parametrize(
    "path",
    [
        "/tools/secret-draft/",
        "/verdicts/secret-draft/builder/",
        "/verdicts/secret-draft/builder/revisions/",
        "/comparisons/alpha-vs-secret-draft/",
        "/comparisons/alpha/",
        "/comparisons/a-vs-b-vs-c-vs-d-vs-e/",
        "/verdicts/beta/founder/",
        "/tools/nothing/",
        "/nowhere/",
    ],
)
def test_what_readers_cannot_see_is_not_there(client, site, path):
    assert get(client, path, 404)["errors"][0]["code"] == "not_found"


def test_the_past_of_a_verdict_is_its_revisions_without_words_taken_back(client, site):
    revisions = get(client, "/verdicts/beta/skeptic/revisions/")["results"]
    [taken] = get(client, "/verdicts/beta/founder/revisions/")["results"]

    assert [(row["number"], row["state"], row["decision"]) for row in revisions] == [
        (2, "published", "ship"),
        (1, "superseded", "skip"),
    ]
    assert (taken["state"], taken["withdrawal_reason"], taken["reason"]) == ("withdrawn", "Wrong product.", "")


def test_lists_are_filtered_and_ordered_by_what_they_declare(client, site):
    later = (timezone.now() + datetime.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert [row["slug"] for row in get(client, "/tools/?ordering=-slug")["results"]] == ["beta", "alpha"]
    assert get(client, f"/tools/?updated_since={later}")["results"] == []
    assert {row["tool"] for row in get(client, "/verdicts/?decision=skip")["results"]} == {"beta"}
    assert [row["slug"] for row in get(client, "/comparisons/?tool=alpha")["results"]] == ["alpha-vs-beta"]
    assert get(client, "/tools/?category=nothing")["results"] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/tools/?categroy=x", [("categroy", "No such parameter. Did you mean category?")]),
        ("/tools/?fields=nmae", [("fields", "Unknown: 'nmae'. Did you mean name?")]),
        ("/tools/?limit=0", [("limit", "Ensure this value is greater than or equal to 1.")]),
        ("/tools/?entry=cheap", [("entry", '"cheap" is not a valid choice.')]),
        ("/tools/?limit=1&limit=2", [("limit", "Give it once.")]),
        ("/methodology/?x=1", [("x", "No such parameter. There are none here.")]),
    ],
)
def test_a_parameter_that_is_not_declared_is_refused_with_a_hint(client, site, path, expected):
    assert errors(client, path) == expected


def test_pages_by_cursor_neither_repeat_nor_hide_rows_of_one_instant(client):
    for _ in range(7):
        factories.tool()
    Tool.objects.update(updated_at=timezone.now())
    seen, address = [], f"{V1}/tools/?ordering=-updated_at&limit=3&fields=slug"
    pages = []
    while address:
        page = client.get(address).json()
        pages.append([row["slug"] for row in page["results"]])
        last, address = page, page["next"]
    back = client.get(last["previous"]).json()

    seen = [slug for page in pages for slug in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len(set(seen)) == 7
    assert [row["slug"] for row in back["results"]] == pages[1]
    assert client.get(back["previous"]).json()["previous"] is None
    [cursor] = parse_qs(urlsplit(last["previous"]).query)["cursor"]
    words = "This cursor does not belong here. Start again without one."
    for elsewhere in (f"/verdicts/?cursor={cursor}", "/tools/?cursor=made-up"):
        assert errors(client, elsewhere, 422) == [("cursor", words)]


def test_dates_are_iso_in_utc(client, site):
    assert get(client, "/tools/alpha/")["published_at"].endswith("Z")


def test_the_method_is_told_from_the_constants(client):
    assert get(client, "/methodology/")["constants"]["quorum"] == 3


def test_a_persona_has_its_base_rates(client, site):
    assert get(client, "/reviewers/skeptic/")["flip_count"] == 1
    assert {row["slug"] for row in get(client, "/reviewers/?is_active=true")["results"]} == set(factories.PERSONAS)


def test_changes_come_from_the_log_newest_first_without_drafts(client, site):
    changes = get(client, "/changes/?tool=beta")["results"]

    assert [change["kind"] for change in changes[:2]] == ["withdrawn", "flipped"]
    assert changes == sorted(changes, key=lambda change: change["at"], reverse=True)
    assert "Secret" not in str(get(client, "/changes/"))
