"""What robots and browsers read: sitemaps, robots.txt, llms.txt, security.txt, the search description."""

import datetime
from xml.etree import ElementTree

import pytest
import time_machine
from django.utils import timezone

from config import sitemaps
from tests import factories
from tests.verdicts.reading import read
from tests.verdicts.test_query_counts import fill
from tools.models import Category, Tool

pytestmark = pytest.mark.django_db
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def located(response):
    """Return the addresses of a sitemap with their dates."""
    root = ElementTree.fromstring(response.getvalue())
    return {row.findtext(f"{NAMESPACE}loc"): row.findtext(f"{NAMESPACE}lastmod") for row in root}


def everything(client):
    files = [client.get(address.removeprefix("http://testserver")) for address in located(client.get("/sitemap.xml"))]
    return {address: date for file in files for address, date in located(file).items()}


@pytest.fixture
def pair():
    factories.panel()
    return factories.reviewed_tool("a", "+-++"), factories.reviewed_tool("b", "+++-")


def test_the_sitemap_lists_each_public_page_once_by_its_canonical_address(client, pair):
    factories.tool("draft", state="draft")

    found = everything(client)

    personas = {f"/panel/{slug}/" for slug in factories.PERSONAS}
    expected = {
        "/",
        "/tools/",
        "/tools/a/",
        "/tools/b/",
        "/categories/developer-tools/",
        "/panel/",
        "/methodology/",
        "/how-votes-count/",
        "/votes/ledger/",
        "/compare/a-vs-b/",
    }
    assert {f"http://testserver{path}" for path in expected | personas} <= set(found)
    assert "http://testserver/tools/draft/" not in found
    assert all(read(client.get(address)).canonical == [address] for address in found)
    assert all(read(client.get(address)).robots == [] for address in found)


def test_a_page_is_dated_by_the_newest_thing_on_it(client, pair):
    first, second = pair
    Tool.objects.update(updated_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    factories.tool("c")
    changes = [
        lambda: factories.fact(first),
        lambda: factories.price(first),
        lambda: first.verdicts.first().revise(seen_edits=1, reason="New.", revision_note="New."),
        lambda: factories.comparison(first, second),
    ]

    for day, change in enumerate(changes, 1):
        then = timezone.now() + datetime.timedelta(days=day)
        with time_machine.travel(then, tick=False):
            made = change()
            if hasattr(made, "number"):
                made.publish()
        found = everything(client)

        date = f"{then:%Y-%m-%dT%H:%M:%S+00:00}"
        assert found["http://testserver/compare/a-vs-b/"] == date
        if day < 4:
            assert found["http://testserver/tools/a/"] == date
        assert found["http://testserver/tools/b/"] != date
        index = located(client.get("/sitemap.xml"))
        assert index["http://testserver/sitemaps/pairs-1.xml"] == date


def test_files_split_where_they_must_and_no_pair_is_lost(client, monkeypatch):
    fill(45)
    Tool.objects.filter(slug__in=[f"tool-{n}" for n in range(31)]).update(category=Category.objects.get(slug="shelf-0"))
    whole = everything(client)
    monkeypatch.setattr(sitemaps, "MOST", 37)

    parts = everything(client)

    assert parts == whole
    pairs = [address for address in parts if "/compare/" in address]
    crossing = {(30, 31)} | {(n, n + 1) for n in range(31, 44) if (n + 1) % 10 == 0}
    assert len(pairs) == 31 * 30 // 2 + 9 * 8 // 2 + 5 * 4 // 2 + len(crossing)
    files = located(client.get("/sitemap.xml"))
    assert all(
        len(located(client.get(file.removeprefix("http://testserver")))) <= 37 for file in files if "pages" not in file
    )


@pytest.mark.parametrize(
    "path",
    ["/sitemaps/tools-9.xml", "/sitemaps/pairs-1.xml", "/sitemaps/tools-0.xml", f"/sitemaps/tools-{'9' * 40}.xml"],
)
def test_a_file_that_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_a_file_is_streamed(client, pair):
    assert client.get("/sitemaps/pairs-1.xml").streaming


def test_robots_may_read_pictures_and_not_lists_of_every_filter(client):
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert {"Allow: /badge/", "Allow: /card/", "Disallow: /*?"} <= set(lines)


def test_llms_txt_leads_to_pages_that_are_there(client, pair):
    text = client.get("/llms.txt").content.decode()

    links = [part.split(")")[0].removeprefix("http://testserver") for part in text.split("](")[1:]]
    assert text.startswith("# Shipworthy\n\n> ")
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("day", ["2026-01-01", "2026-08-31", "2028-02-29"])
def test_security_txt_never_runs_out(client, day, settings):
    settings.SITE_CONTACT = "safe@example.org"
    with time_machine.travel(f"{day}T12:00:00Z", tick=False):
        lines = client.get("/.well-known/security.txt").content.decode().splitlines()
        left = datetime.datetime.fromisoformat(dict(line.split(": ", 1) for line in lines)["Expires"]) - timezone.now()

    assert "Contact: mailto:safe@example.org" in lines
    assert datetime.timedelta(days=100) < left < datetime.timedelta(days=365)


def test_a_browser_can_search_the_site(client, pair):
    root = ElementTree.fromstring(client.get("/opensearch.xml").content)

    name = "{http://a9.com/-/spec/opensearch/1.1/}"
    templates = {url.get("type"): url.get("template") for url in root.iter(f"{name}Url")}
    assert len(root.findtext(f"{name}ShortName")) <= 16
    for template in templates.values():
        assert client.get(template.replace("{searchTerms}", "a").removeprefix("http://testserver")).status_code == 200
    assert "/opensearch.xml" in [found["href"] for found in read(client.get("/")).all("link", rel="search")]
