"""Whatever people type, nothing of it runs, and no address breaks the site."""

import re
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from tests import factories
from tests.verdicts.reading import Page, read
from tools.models import Fact, FactKind, Tool

pytestmark = pytest.mark.django_db
HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style></script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '" onmouseover="alert(1)" style="x:y',
    "' autofocus onfocus='alert(1)",
    "[click](javascript:alert(1)) [again](JaVaScRiPt:alert(1)) [data](data:text/html,x)",
    "<javascript:alert(1)> [x]: javascript:alert(1)",
    "![picture](https://evil.example/pixel.png)",
    "<iframe src=https://evil.example></iframe><base href=//evil.example/>",
    "{{ settings.SECRET_KEY }} {% debug %}",
    "]]> <!-- & &lt;script&gt; -->",
    "gnp\u202eexe.\u202c\u2066x\u2069",
    "👩🏽‍💻 हिन्दी עברית e\u0301",
    "a\x0bb\x1bc\x7fd\ufffee",
]
PAGES = [
    "/",
    "/tools/?tools=a",
    "/tools/a/",
    "/categories/shelf/",
    "/panel/",
    "/panel/builder/",
    "/compare/a-vs-b/",
    "/methodology/",
    "/missing-tool-a/",
]
XML = ["/feed/", "/sitemap.xml", "/sitemaps/pages.xml", "/compare/a-vs-b/changes.atom", "/badge/a.svg"]


@pytest.fixture(params=HOSTILE, ids=lambda text: ascii(text)[:24])
def hostile(request):
    """A site on which every text an editor can write is hostile."""
    text = request.param
    line = text[:60]
    shelf = factories.category("shelf", name=line, description=text)
    texts = {
        "name": text,
        "tagline": text,
        "description": text,
        "vendor": text,
        "licence": text[:80],
        "category": shelf,
    }
    factories.reviewer("builder", name=line, lens=text, weighs=text, disclosure=text)
    tools = [factories.tool(slug=slug, latest_version=line, **texts) for slug in ("a", "b")]
    kind = FactKind.objects.create(slug="kind", label=line)
    for tool in tools:
        verdict = factories.verdict(tool, reason=text, tool_version=line)
        draft = verdict.revise(seen_edits=verdict.edits, decision="skip", revision_note=text)
        draft.publish()
        Fact.objects.create(tool=tool, kind=kind, answer="partial", text=text)
        factories.price(tool, plan=line, unit=line)
    fields = ("headline", "standfirst", "ship_first_if", "ship_second_if", "ship_neither_if")
    factories.comparison(*tools, **dict.fromkeys(fields, text))
    return text


def test_nothing_an_editor_writes_runs_on_a_page(client, hostile):
    for address in PAGES:
        page = read(client.get(address))

        assert page.executable == [], address
        assert not [found for found in page.all("img") if "evil" in found.get("src", "")], address
        assert len(page.all("h1")) == 1, address


def test_nothing_an_editor_writes_breaks_a_feed_or_the_sitemap(client, hostile):
    for address in XML:
        response = client.get(address)

        assert response.status_code == 200, address
        root = ElementTree.fromstring(response.getvalue())
        assert not [element for element in root.iter() if element.tag.endswith("script")]
        links = [element.get("href", "") for element in root.iter()]
        assert not [link for link in links if link and not link.startswith("http://testserver/")]


def test_what_an_editor_writes_is_shown_and_not_lost(client):
    factories.tool("Tom & Jerry <3 “R+”", slug="a", tagline='1 < 2 & "so"')

    response = client.get("/tools/a/")

    assert "Tom & Jerry <3 “R+”" in read(response).text
    assert "Tom &amp; Jerry &lt;3" in response.content.decode()


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("[x](https://example.org)", ["https://example.org"]),
        ("[x](mailto:a@example.org)", ["mailto:a@example.org"]),
        ("[x](javascript:alert(1))", []),
        ("[x](&#106;avascript:alert(1))", []),
        ("[x](vbscript:x) [y](data:text/html,x) [z](file:///etc/passwd)", []),
        ("<https://example.org>", ["https://example.org"]),
        ('<a href="https://evil.example">x</a>', []),
    ],
)
def test_only_plain_links_survive_in_markdown(client, source, kept):
    factories.verdict(factories.tool("a"), reason=source)

    body = client.get("/tools/a/").content.decode()
    links = Page(re.search(r"<blockquote.*?</blockquote>", body, re.S).group()).all("a")

    assert [link["href"] for link in links] == kept
    assert {link["rel"] for link in links} <= {"nofollow noopener"}


# Addresses ---------------------------------------------------------------------------------------

ODD = [
    "\0",
    "a\0b",
    "\n",
    "\r\nSet-Cookie: x=1",
    "'\"><script>alert(1)</script>",
    "' OR 1=1 --",
    "%",
    "%%%",
    "\\",
    "../../etc/passwd",
    "..%2f",
    "\ud7ff",
    "\ufffe",
    "\u202e",
    "💥",
    "٣",
    "९" * 30,
    "-1",
    "1e9",
    "9" * 400,
    "NaN",
    "a" * 4_000,
    "a-vs-b" * 40,
    "-vs-",
    "{{7*7}}",
    "http://evil.example",
    "//evil.example",
]
PARAMETERS = {
    "/": ["utm_source"],
    "/tools/": ["q", "category", "entry", "licence", "open", "panel", "tested", "sort", "page", "tools"],
    "/search/": ["q"],
    "/search/suggest/": ["q"],
    "/badge/a.svg": ["show"],
    "/card/tools/a.png": ["v"],
    "/tools/a/": ["utm_source"],
    "/categories/developer-tools/": ["q", "category", "sort", "page", "tools"],
    "/panel/builder/": ["page"],
    "/compare/": ["tools"],
    "/compare/a-vs-b/": ["only"],
    "/sitemap.xml": ["p"],
    "/healthz": ["format"],
    "/feed/": ["page"],
}
PATHS = [
    "/{}",
    "/{}/",
    "/tools/{}/",
    "/categories/{}/",
    "/panel/{}/",
    "/compare/{}/",
    "/compare/a-vs-{}/",
    "/compare/a-vs-b/as-of/{}/",
    "/compare/a-vs-{}/changes.atom",
    "/media/logos/{}",
    "/tools/{}.md",
    "/compare/a-vs-{}.json",
    "/badge/{}.svg",
    "/card/{}.png",
    "/card/tools/{}.png",
    "/card/compare/{}.png",
    "/sitemaps/tools-{}.xml",
]


@pytest.mark.parametrize("odd", ODD, ids=lambda text: ascii(text)[:16])
def test_an_odd_parameter_is_an_answer_and_never_a_failure(client, odd, settings):
    factories.reviewed_tool("a")
    factories.reviewed_tool("b")
    client.raise_request_exception = False

    for path, names in PARAMETERS.items():
        for name in names:
            response = client.get(f"{path}?{name}={quote(odd, safe='')}")

            # With a broker and no worker the health page is right to say that something is away.
            unwell = {500} if path == "/healthz" and not settings.CELERY_TASK_ALWAYS_EAGER else set()
            assert response.status_code in {200, 301, 302, 400, 404} | unwell, (path, name)
            assert not leads_away(response), (path, name)


@pytest.mark.parametrize("odd", ODD, ids=lambda text: ascii(text)[:16])
def test_an_odd_path_is_an_answer_and_never_a_failure(client, odd):
    factories.reviewed_tool("a")
    factories.reviewed_tool("b")
    client.raise_request_exception = False

    for path in PATHS:
        response = client.get(path.format(quote(odd, safe="")))

        assert response.status_code in {301, 302, 400, 404}, path
        assert not leads_away(response), path
        if response.status_code == 404:
            assert read(response).executable == [], path


def leads_away(response) -> bool:
    """Whether a redirect leaves the site, or a header was smuggled in."""
    target = response.headers.get("Location", "/")
    return not re.match(r"/(?![/\\])", target) or "Set-Cookie" in response.headers


@pytest.mark.parametrize(
    "raw", ["q=%ff%fe", "q=%", "tools=%zz", "=", "&&&", "q", "q[]=1", "page=%00", "tools=" + "a," * 500]
)
def test_a_query_that_is_not_even_text_is_answered(client, raw):
    factories.tool("a")

    response = client.get("/tools/", QUERY_STRING=raw)

    assert response.status_code == 200
    assert response.context["total"] <= 1


def test_a_search_is_repeated_to_the_reader_as_text(client):
    page = read(client.get("/tools/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))

    assert page.executable == []
    assert {found["value"] for found in page.all("input", name="q")} == {'"><script>alert(1)</script>'}


def test_a_tray_of_thousands_costs_no_more_than_twenty(client, django_assert_max_num_queries):
    Tool.objects.bulk_create(
        [Tool(name=f"T{n}", slug=f"t{n}", category=factories.category(), state="draft") for n in range(30)]
    )

    with django_assert_max_num_queries(10):
        response = client.get("/tools/?" + "&".join(f"tools=t{n % 30}" for n in range(900)))

    assert response.context["tray"] == []
