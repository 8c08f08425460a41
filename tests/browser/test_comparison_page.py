"""The page the site is about: what a reader sees first, what it weighs, how it prints."""

import gzip
import re

import pytest

LIMIT_BYTES = 25 * 1024
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) shifts.push([entry.value, entry.sources.map((it) => it.node?.className ?? "")]);
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("name", ["comparison", "home"])
def test_on_a_phone_the_answer_stands_above_the_fold(look, name):
    page = look(name, 390, 844)

    cards = page.locator(".card").all()
    answers = [
        ".card-name",
        ".figure-panel .figure-number",
        ".figure-community .figure-number",
        ".figure-entry .figure-number",
    ]
    lowest = [[card.locator(answer).bounding_box() for answer in answers] for card in cards]

    assert len(cards) == 2
    assert all(box["y"] >= 0 and box["y"] + box["height"] <= 844 for boxes in lowest for box in boxes), lowest


@pytest.mark.parametrize("name", ["comparison", "four", "home", "browse"])
def test_the_first_load_weighs_little(look, name):
    page = look(name)
    loaded = []
    page.on("requestfinished", lambda request: loaded.append(request))

    page.reload(wait_until="networkidle")
    weighed = {
        request.url: len(gzip.compress(request.response().body()))
        for request in loaded
        if request.resource_type in {"document", "stylesheet", "script"}
    }

    assert len(weighed) >= 5
    assert sum(weighed.values()) <= LIMIT_BYTES, weighed


@pytest.mark.parametrize("name", ["comparison", "long-pair", "home", "browse"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_shifts_while_the_page_loads(look, name, width):
    # On a busy machine a font, a stand-in of the system's too, may come after the first paint and before the browser gives
    # it up. What moves by the page's own doing moves every time.
    assert any(shifts_of(look(name, width, before=SHIFTS, refuse="*.woff2")) == [] for _ in range(4))
    assert any(shifts_of(look(name, width, before=SHIFTS)) == [] for _ in range(4))


def shifts_of(page):
    """Return what has moved by the time the page has come to rest."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    return page.evaluate("shifts")


def test_it_prints_to_two_pages_without_the_furniture(look):
    page = look("comparison")
    page.emulate_media(media="print")

    furniture = [".masthead nav", ".search", ".theme-switch", ".skip-link", ".footer nav"]
    assert [it for it in furniture if page.locator(it).is_visible()] == []
    assert page.locator("h1").is_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_printed_from_either_theme_it_is_dark_on_white(look, theme):
    page = look("comparison", color_scheme=theme)
    page.emulate_media(media="print", color_scheme=theme)

    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") in {
        "rgb(255, 255, 255)",
        "white",
    }


def test_in_forced_colours_a_verdict_is_still_a_shape_and_a_word(look):
    page = look("comparison", forced_colors="active")

    stamps = page.locator(".scorecard .stamp").all()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert len(stamps) == 8
    assert {stamp.inner_text().strip() for stamp in stamps} <= {"Ship it", "Skip it", "Ship", "Skip"}
    assert all(stamp.evaluate("it => getComputedStyle(it).color") != paper for stamp in stamps)
    assert all(stamp.locator("svg").bounding_box()["width"] >= 12 for stamp in stamps)


def test_the_columns_keep_their_headers_in_view(look):
    page = look("comparison")
    row = page.locator(".scorecard tbody tr").last

    row.scroll_into_view_if_needed()
    page.mouse.wheel(0, 1)

    head = page.locator(".scorecard thead").bounding_box()
    assert 0 <= head["y"] < 200
    names = page.locator(".scorecard thead th").all()
    assert [round(name.bounding_box()["x"]) for name in names[1:]] == [
        round(cell.bounding_box()["x"]) for cell in row.locator("td").all()
    ]
