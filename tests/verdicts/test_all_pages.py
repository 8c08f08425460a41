"""What holds on every page: what it may load and run, what it says of itself, what it never does."""

import re

import pytest

from tests import factories
from tests.kept import kept
from tests.verdicts.reading import read

pytestmark = pytest.mark.django_db
PUBLIC = [
    "/",
    "/tools/",
    "/tools/?q=a&sort=name&tools=a",
    "/tools/?q=aa",
    "/tools/a/",
    "/categories/developer-tools/",
    "/panel/",
    "/panel/builder/",
    "/methodology/",
    "/compare/a-vs-b/",
]
MACHINES = [
    "/feed/",
    "/sitemap.xml",
    "/sitemaps/pages.xml",
    "/sitemaps/tools-1.xml",
    "/sitemaps/pairs-1.xml",
    "/llms.txt",
    "/.well-known/security.txt",
    "/opensearch.xml",
    "/search/suggest/?q=a",
    "/badge/a.svg",
    "/badge/a.svg?show=community",
    "/card/home.png",
    "/tools/a.md",
    "/tools/a.json",
    "/compare/a-vs-b.md",
    "/compare/a-vs-b.json",
    "/robots.txt",
    "/livez",
    "/healthz",
    "/compare/a-vs-b/changes.atom",
]


site = kept(factories.curated_pair)


@pytest.mark.parametrize("address", [*PUBLIC, "/nowhere/"])
def test_nothing_in_a_page_can_run_but_our_two_scripts(client, site, address):
    response = client.get(address)

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"unsafe|\*|https?:", policy)
    assert read(response).executable == []


@pytest.mark.parametrize("address", [*PUBLIC, "/nowhere/"])
def test_a_page_loads_nothing_from_elsewhere(client, site, address):
    page = read(client.get(address))

    loaded = [
        found.get("src") or found.get("href", "")
        for tag, found in page.elements
        if tag in {"script", "img"} and "ld+json" not in found.get("type", "")
    ]
    loaded += [
        found["href"]
        for found in page.all("link")
        if found["rel"] not in {"canonical", "alternate", "expect", "search"}
    ]
    assert loaded
    assert all(value.startswith(("/static/", "/media/", "/badge/")) for value in loaded)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_page_has_one_headline_one_address_and_names_its_language(client, site, address):
    page = read(client.get(address))

    assert [len(page.all(tag)) for tag in ("h1", "main", "title")] == [1, 1, 1]
    assert page.canonical == ["http://testserver" + address.split("?")[0]]
    assert page.all("html") == [{"lang": "en"}]
    ids = [found["id"] for _, found in page.elements if "id" in found]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("address", [*PUBLIC, *MACHINES, "/nowhere/"])
def test_a_reader_gets_no_cookie_and_shared_caches_may_keep_the_page(client, site, address):
    response = client.get(address)

    assert response.cookies == {}
    assert "cookie" not in response.headers.get("Vary", "").lower()


@pytest.mark.parametrize(
    "address", [*PUBLIC, "/feed/", "/sitemap.xml", "/robots.txt", "/badge/a.svg", "/card/home.png", "/tools/a.md"]
)
def test_a_page_that_has_not_changed_is_not_sent_again(client, site, address):
    etag = client.get(address).headers["ETag"]

    again = client.get(address, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("address", [*PUBLIC, *MACHINES])
def test_a_page_can_be_asked_for_its_head_only(client, site, address):
    head, full = client.head(address), client.get(address)

    assert (head.status_code, head.getvalue()) == (full.status_code, b"")
    assert head.headers["Content-Type"] == full.headers["Content-Type"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", [*PUBLIC, *MACHINES, "/compare/?tools=a,b"])
def test_a_page_cannot_be_written_to(client, site, address, method):
    response = getattr(client, method)(address)

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "POST" not in response.headers["Allow"]


@pytest.mark.parametrize("address", PUBLIC)
def test_every_link_of_a_page_within_the_site_leads_somewhere(client, site, address):
    links = {link.split("#")[0] for link in read(client.get(address)).links if link.startswith("/")}

    assert links
    assert {link: client.get(link).status_code for link in links if link} == {link: 200 for link in links if link}
