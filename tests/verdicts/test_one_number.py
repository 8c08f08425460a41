"""One number everywhere: for every tool of the sample site, each surface prints the figures of the receipt."""

import json
import re
from html import unescape
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from newsletter.choosing import tool_snapshot
from tests import factories
from tools.models import Tool
from verdicts import cards, queries
from verdicts.sample.loading import SampleSite
from verdicts.tool_page import tool_page

SLUGS = sorted(path.stem for path in (settings.BASE_DIR / "verdicts" / "sample" / "tools").glob("*.toml"))
NBSP = "\u202f"


def ld_of(page):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S).group(1))


def plain(text):
    """Text without markup, entities, Markdown's backslashes and runs of space."""
    return " ".join(re.sub(r"\\(.)", r"\1", unescape(re.sub(r"<[^>]+>", " ", text))).split())


def surfaces_of(client, found, api):
    """Everything the site says of one tool, as a reader or a program gets it."""
    slug = found.slug

    def text(address):
        return client.get(address).content.decode()

    page, feed = text(f"/tools/{slug}/"), ElementTree.fromstring(text(f"/tools/{slug}/changes.atom"))
    [column] = cards.card_of_tool(tool_page(found)).columns
    return SimpleNamespace(
        receipt=json.loads(text(f"/tools/{slug}/score.json")),
        page=plain(page),
        markdown=plain(text(f"/tools/{slug}.md")),
        data=json.loads(text(f"/tools/{slug}.json"))["tools"][0],
        ld=ld_of(page),
        badges=[plain(text(f"/badge/{slug}.svg?show={show}")) for show in ("panel", "community")],
        card=column.figures,
        feed=feed.find("{http://www.w3.org/2005/Atom}subtitle").text,
        api=api[slug],
        digest=tool_snapshot(queries.scored([found])[0]),
    )


def all_of(client, address):
    """Return every row of a list of the API, page after page."""
    rows = []
    while address:
        answer = client.get(address).json()
        rows += answer["results"]
        address = answer["next"]
    return rows


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, tmp_path_factory):
    """What every surface says of every tool: asked once, of a sample site that is thrown away."""
    client = Client()
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(settings, "VAR_DIR", tmp_path_factory.mktemp("var"))
        SampleSite(timezone.localdate()).load(factories.editor())
        api = {row["slug"]: row for row in all_of(client, "/api/v1/tools/")}
        tools = queries.with_figures(Tool.objects.public())
        found = {tool.slug: surfaces_of(client, tool, api) for tool in tools}
        transaction.set_rollback(True)
    return found


def test_the_sample_site_has_tools_in_every_state(site):
    assert set(site) == set(SLUGS)
    assert {shown.receipt["community"]["state"] for shown in site.values()} >= {"none", "few", "shown"}
    assert {shown.receipt["panel"]["total"] for shown in site.values()} >= {0, 4}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_surface_prints_the_figures_of_the_receipt(site, slug):
    shown = site[slug]
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
