"""Markdown, JSON, badges, cards and JSON-LD say what the page says, whatever a name holds."""

import datetime
import io
import json
import re
import uuid
from html import unescape
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import time_machine
from django.utils import timezone
from markdown_it import MarkdownIt
from PIL import Image

from tests import factories
from tests.verdicts.reading import read
from verdicts import cards, structured, suggesting
from verdicts.drawing import lettering
from verdicts.drawing.card import HEIGHT, WIDTH, Card, Column
from verdicts.twins import marked
from voting.guarding import Throttle

pytestmark = pytest.mark.django_db
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "a | b | c",
    "[x](javascript:alert(1))",
    "**bold** _it_ `code` # head",
    "1. list\n- item",
    "\"quoted\" 'single' &amp; &lt;",
    "שלום \u202eevil\u202c",
    "通义千问 👩🏽‍💻",
    "\\u003c/script\\u003e",
    "\u2028line\u2029",
    "]]> <svg/onload=alert(1)>",
]


@pytest.fixture(params=[(70, 30), (9, 4), (0, 0)], ids=["shown", "few", "none"])
def pair(request):
    """Two judged tools, one with a stale verdict and a number of votes."""
    first = factories.reviewed_tool("a", "+-++", entry="paid")
    second = factories.reviewed_tool("b", "++", entry="free")
    factories.votes(first, *request.param)
    factories.price(first)
    factories.fact(first)
    return first, second


def card_words(response):
    return Image.open(io.BytesIO(response.content)).text["Description"]


def test_every_twin_of_a_tool_has_the_figures_of_its_page(client, pair):
    page = client.get("/tools/a/").context["tool"]
    panel, readers = page.panel, page.community

    data = client.get("/tools/a.json").json()
    text = client.get("/tools/a.md").content.decode()
    drawing = card_words(client.get("/card/tools/a.png"))
    badges = [client.get(f"/badge/a.svg?show={show}").content.decode() for show in ("panel", "community")]

    [tool] = data["tools"]
    assert tool["panel"] == {"ships": 3, "total": 4, "percent": panel.percent, "words": panel.words}
    assert [tool["community"][name] for name in ("ships", "skips", "votes", "percent", "low", "high", "words")] == [
        readers.ships, readers.skips, readers.total, readers.percent, readers.low, readers.high, readers.words,
    ]  # fmt: skip
    assert data["as_of"] == str(timezone.localdate())
    assert f"{panel.figure} ({panel.words})" in text
    for words in (panel.words, readers.words):
        assert words in text
        assert words in drawing
    assert panel.words in badges[0]
    assert readers.words in badges[1]
    assert panel.figure in drawing


def test_every_twin_of_a_comparison_has_the_figures_of_its_page(client, pair):
    page = client.get("/compare/a-vs-b/").context["comparison"]

    data = client.get("/compare/a-vs-b.json").json()
    text = client.get("/compare/a-vs-b.md").content.decode()
    drawing = card_words(client.get("/card/compare/a-vs-b.png"))

    assert [tool["slug"] for tool in data["tools"]] == ["a", "b"]
    assert data["result"] == page.standfirst
    for column, tool in zip(page.columns, data["tools"], strict=True):
        assert (tool["panel"]["words"], tool["community"]["words"]) == (column.panel.words, column.community.words)
        assert [row["decision"] for row in tool["verdicts"]] == [
            cell and cell.decision for cell in (row.cells[page.columns.index(column)] for row in page.scorecard)
        ]
        for words in (column.panel.words, column.community.words, column.entry_label):
            assert words in text
            assert words in drawing
    assert data["facts"][0]["answers"].keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/tools/old-a.md", "/tools/a.md"),
        ("/tools/a.json?x=1", "/tools/a.json"),
        ("/compare/b-vs-a.md", "/compare/a-vs-b.md"),
        ("/compare/old-a-vs-b.json", "/compare/a-vs-b.json"),
        ("/compare/a-vs-old-a.md", "/tools/a.md"),
        ("/badge/old-a.svg?show=community", "/badge/a.svg?show=community"),
        ("/card/tools/old-a.png", "/card/tools/a.png"),
        ("/card/compare/b-vs-a.png", "/card/compare/a-vs-b.png"),
    ],
)
def test_every_twin_has_one_address(client, asked, leads_to):
    factories.tool("old a").rename_slug("a")
    factories.tool("b")

    response = client.get(asked)

    assert (response.status_code, response.headers["Location"]) == (301, leads_to)


@pytest.mark.parametrize(
    "path", ["/tools/{}.md", "/tools/{}.json", "/badge/{}.svg", "/card/tools/{}.png", "/compare/{}-vs-b.md", "/card/compare/{}-vs-b.png"]
)  # fmt: skip
def test_a_draft_has_no_twin(client, path):
    factories.tool("draft", state="draft")
    factories.tool("b")

    assert [client.get(path.format(slug)).status_code for slug in ("draft", "nobody")] == [404, 404]


def test_a_page_names_its_twins_and_they_name_the_page(client, pair):
    for path in ("/tools/a", "/compare/a-vs-b"):
        page = read(client.get(f"{path}/"))
        twins = {
            found["type"]: found["href"]
            for found in page.all("link", rel="alternate")
            if found["href"].startswith(path + ".")
        }

        assert twins == {"text/markdown": f"{path}.md", "application/json": f"{path}.json"}
        for kind, address in twins.items():
            twin = client.get(address)
            assert twin.headers["Content-Type"].startswith(kind)
            assert twin.headers["Link"] == f'<http://testserver{path}/>; rel="canonical"'


# Whatever a name holds -----------------------------------------------------------------------------


@pytest.fixture(params=HOSTILE, ids=lambda text: ascii(text)[:20])
def hostile(request):
    text = request.param
    factories.reviewer("builder", name=text[:60], lens="x")
    for slug in ("a", "b"):
        tool = factories.reviewed_tool(
            text, "+++-", slug=slug, tagline=text, vendor=text, description=text, licence=text[:80]
        )
        factories.votes(tool, 30, 10)
        factories.fact(tool, answer="text", text=text)
    return " ".join(text.split())


def shown(text):
    """What is left of a hostile line once what must not be shown is gone."""
    return re.sub("[\u202e\u202c]", "", text)


def test_markdown_shows_hostile_text_and_is_moved_by_none_of_it(client, hostile):
    source = client.get("/compare/a-vs-b.md").content.decode()
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(source)

    assert not re.search(r"<(script|svg|img|iframe|!--)", html)
    assert set(re.findall(r'href="(\w+):', html)) == {"http"}
    assert re.findall(r"<h1>(.*?)</h1>", html) == [re.search(r"<h1>(.*)</h1>", html).group(1)]
    assert all(len(re.findall("<t[hd]", row)) == 3 for row in re.findall(r"<tr>.*?</tr>", html, re.S))
    assert shown(hostile) in unescape(re.sub(r"<[^>]+>", "", html))


def test_json_and_json_ld_hold_hostile_text_and_end_nothing(client, hostile):
    for path in ("/tools/a", "/compare/a-vs-b"):
        assert (
            shown(hostile) in " ".join(client.get(f"{path}.json").json()["tools"][0]["name"].split())
            or "\u202e" in hostile
        )
        body = client.get(f"{path}/").content.decode()
        [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', body, re.S)

        assert not re.search("[<>&\u2028\u2029]", block)
        assert shown(hostile) in json.dumps(json.loads(block), ensure_ascii=False) or "\\" in hostile or '"' in hostile
        assert read(client.get(f"{path}/")).executable == []


@pytest.mark.parametrize("show", ["panel", "community"])
def test_a_badge_is_a_picture_with_a_name_whatever_the_tool_is_called(client, hostile, show):
    root = ElementTree.fromstring(client.get(f"/badge/a.svg?show={show}").content)

    assert {element.tag.split("}")[1] for element in root.iter()} == {
        "svg",
        "title",
        "desc",
        "rect",
        "path",
        "g",
        "text",
    }
    assert shown(hostile) in " ".join(root[0].text.split())
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [root[0].get("id"), root[1].get("id")]
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or name == "style"]


def test_a_card_is_drawn_whatever_the_tool_is_called(client, hostile):
    for path in ("/card/tools/a.png", "/card/compare/a-vs-b.png"):
        picture = Image.open(io.BytesIO(client.get(path).content))

        assert (picture.format, picture.size) == ("PNG", (1200, 630))


@pytest.mark.parametrize("text", HOSTILE)
def test_marked_text_is_text(text):
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(marked(text))

    assert re.fullmatch(r"<p>[^<>]*</p>\n", html)


# Badges ------------------------------------------------------------------------------------------


def test_a_badge_goes_stale_with_its_verdicts_and_says_so_in_words(client):
    tool = factories.reviewed_tool("a", "++++")
    fresh = client.get("/badge/a.svg").content.decode()

    with time_machine.travel(timezone.now() + datetime.timedelta(days=91)):
        stale = client.get("/badge/a.svg").content.decode()
        page = read(client.get("/tools/a/")).text
        data = client.get("/tools/a.json").json()

    assert "stale" not in fresh
    assert "· stale" in stale
    assert "4 of 4 verdicts are stale: tested more than 90 days ago." in stale
    assert "Tested more than 90 days ago" in page
    assert {row["stale"] for row in data["tools"][0]["verdicts"]} == {"Tested more than 90 days ago"}
    assert tool.slug == "a"


def test_a_badge_is_kept_for_an_hour_and_not_sent_again(client):
    factories.reviewed_tool("a")

    response = client.get("/badge/a.svg")

    assert response.headers["Cache-Control"] == "public, max-age=3600"
    assert response.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert client.get("/badge/a.svg", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_the_tool_page_offers_its_badge_to_paste(client, settings):
    factories.reviewed_tool("a")

    page = read(client.get("/tools/a/"))

    assert "[![Shipworthy panel](http://testserver/badge/a.svg)](http://testserver/tools/a/)" in page.text
    assert '<a href="http://testserver/tools/a/"><img src="http://testserver/badge/a.svg"' in page.text


# Cards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "card"),
    [
        ("/", "/card/home.png"),
        ("/tools/", "/card/browse.png"),
        ("/tools/a/", "/card/tools/a.png"),
        ("/compare/a-vs-b/", "/card/compare/a-vs-b.png"),
        ("/categories/developer-tools/", "/card/categories/developer-tools.png"),
        ("/panel/", "/card/panel.png"),
        ("/panel/builder/", "/card/panel/builder.png"),
        ("/methodology/", "/card/methodology.png"),
        ("/rankings/", "/card/rankings.png"),
        ("/changes/", "/card/changes.png"),
        ("/corrections/", "/card/corrections.png"),
        ("/reports/", "/card/reports.png"),
        ("/requests/", "/card/requests.png"),
        ("/nowhere/", "/card/home.png"),
    ],
)
def test_every_kind_of_page_has_a_card(client, page, card):
    factories.reviewed_tool("a")
    factories.reviewed_tool("b")

    [image] = [found["content"] for found in read(client.get(page)).all("meta", property="og:image")]
    response = client.get(card)

    assert image == f"http://testserver{card}"
    assert response.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (WIDTH, HEIGHT)
    assert len(response.content) < 100_000


def test_a_card_is_drawn_once_for_what_it_says(client, monkeypatch):
    tool = factories.reviewed_tool("a")
    drawn = []
    png = Card.png
    monkeypatch.setattr(Card, "png", lambda card: drawn.append(card.key) or png(card))

    first, second = client.get("/card/tools/a.png"), client.get("/card/tools/a.png")
    unchanged = client.get("/card/tools/a.png", headers={"If-None-Match": first.headers["ETag"]})
    factories.votes(tool, 50, 50)
    changed = client.get("/card/tools/a.png")

    assert (unchanged.status_code, first.content) == (304, second.content)
    assert changed.headers["ETag"] != first.headers["ETag"]
    assert len(drawn) == len(set(drawn)) <= 2


def test_while_a_card_is_being_drawn_another_is_asked_to_wait(client, monkeypatch):
    factories.tool("unseen so far")
    monkeypatch.setattr(cards, "PATIENCE_SECONDS", 0)

    with cards.DRAWING:
        response = client.get("/card/tools/unseen-so-far.png")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "0")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_network_that_asks_for_picture_after_picture_is_asked_to_come_back(client, monkeypatch):
    monkeypatch.setattr(cards, "NEW_PICTURES", Throttle("cards-of-a-test", "2/m"))
    tools = [factories.tool(f"unseen {uuid.uuid4().hex[:8]}") for _ in range(3)]

    answers = [client.get(f"/card/tools/{tool.slug}.png") for tool in tools]
    again = client.get(f"/card/tools/{tools[0].slug}.png")

    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert again.status_code == 200  # what has been drawn costs nothing


def test_suggestions_are_for_people_who_type(client, monkeypatch):
    monkeypatch.setattr(suggesting, "OF_A_NETWORK", Throttle("suggestions-of-a-test", "2/m"))

    answers = [client.get(f"/search/suggest/?q={letter}") for letter in "abc"]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Cache-Control"] == "no-store"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("name", "written"),
    [("Cursor", "Cursor"), ("Rocket 🚀 Tool", "Rocket Tool"), ("Café – “x”", "Café – “x”"), ("\U00013000\U00013001", "slug"), ("🚀", "slug")],
)  # fmt: skip
def test_what_no_font_can_write_is_left_out_or_replaced_by_the_address(name, written):
    assert lettering.written(name, "slug")[0] == written


def test_right_to_left_names_need_a_font_and_shaping(monkeypatch):
    monkeypatch.setattr(lettering.features, "check", lambda feature: False)

    assert lettering.written("שלום", "slug") == ("slug", "serif")


def test_a_long_name_is_made_smaller_and_cut_where_it_must():
    for name in ("Supercalifragilistic" * 6, "Many words in a name " * 6):
        drawn, lines = lettering.fitted(name, "serif", 300, (54, 38, 27), 2)

        assert len(lines) == 2
        assert all(drawn.getlength(line) <= 300 for line in lines)
        assert lines[-1].endswith("…")
        assert drawn.size == 27


def test_equal_cards_have_equal_keys_and_others_do_not():
    values = {"site": "S", "eyebrow": "e", "title": "t", "line": "l", "foot": "f"}
    column = Column("n", "s", (("1", "a"), ("2", "b"), ("3", "c")))

    assert Card(**values).key == Card(**values).key
    assert Card(**values, columns=(column,)).key != Card(**values).key


# JSON-LD ------------------------------------------------------------------------------------------


def ld(client, address):
    body = client.get(address).content.decode()
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', body, re.S).group(1))


@pytest.mark.parametrize(
    ("votes", "decisions", "rating", "review"),
    [
        ((70, 30), "++++", 70, 100),
        ((15, 4), "+++-", None, 75),
        ((0, 0), "++++", None, 100),
        ((20, 0), "++", 100, None),
        ((0, 0), "", None, None),
    ],
)
def test_ratings_are_the_readers_and_only_above_the_threshold(client, votes, decisions, rating, review):
    factories.votes(factories.reviewed_tool("a", decisions), *votes)

    found = ld(client, "/tools/a/")

    page = client.get("/tools/a/").context["tool"]
    assert found["@type"] == "SoftwareApplication"
    assert found.get("aggregateRating", {}).get("ratingValue") == rating == page.community.percent
    assert found.get("review", {}).get("reviewRating", {}).get("ratingValue") == review == page.panel.percent
    if rating is not None:
        assert found["aggregateRating"]["ratingCount"] == sum(votes)
    if review is not None:
        assert found["review"]["author"] == {"@type": "Organization", "name": "Shipworthy", "url": "http://testserver/"}
        assert "Person" not in json.dumps(found)


@pytest.mark.parametrize(
    ("entry", "amount", "offer"),
    [("free", None, ("0", "USD")), ("freemium", 20, ("0", "USD")), ("paid", 20, ("20", "USD")), ("paid", None, None), ("contact", 20, None), ("", 20, None)],
)  # fmt: skip
def test_an_offer_says_what_it_costs_to_start_and_nothing_where_that_is_unknown(client, entry, amount, offer):
    tool = factories.tool("a", entry=entry)
    if amount:
        factories.price(tool, amount)

    found = ld(client, "/tools/a/").get("offers")

    assert (found and (found["price"], found["priceCurrency"])) == offer


def test_a_comparison_describes_both_tools_and_a_past_one_nothing(client, pair):
    found = ld(client, "/compare/a-vs-b/")

    assert found["url"] == "http://testserver/compare/a-vs-b/"
    assert [tool["name"] for tool in found["about"]] == ["a", "b"]
    past = client.get(f"/compare/a-vs-b/as-of/{timezone.localdate()}/").content.decode()
    assert "ld+json" not in past


def test_nothing_survives_that_could_end_the_script():
    text = structured.json_ld({"name": "</script><!--&amp;\u2028'"})

    assert not re.search("[<>&'\u2028]", text)
    assert json.loads(text)["name"] == "</script><!--&amp;\u2028'"


def test_addresses_in_twins_stay_inside_them(client):
    factories.tool("a", homepage="https://example.org/" + quote("a)b>c"))

    assert client.get("/tools/a.json").json()["tools"][0]["homepage"].startswith("https://example.org/")
