"""What holds for each kind of page, at each width, in each theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.site import PAGES

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
AXE = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": AXE_TAGS},
    "rules": {"target-size": {"enabled": True}},
}
LOOKS = [(1280, "light"), (390, "dark")]  # each width and each theme once: what differs is layout here, colours there
SIDEWAYS = """() => {
  const root = document.scrollingElement;
  const found = root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth} wide`] : [];
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (words.nextNode()) {
    const holder = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || holder.closest(".visually-hidden, .skip-link, select, thead")) continue;
    range.selectNodeContents(words.currentNode);
    const text = range.getBoundingClientRect();
    const cell = holder.closest("td, th, dd, dt, li, p, h1, h2, h3, article, label, body").getBoundingClientRect();
    const edge = Math.min(root.clientWidth, cell.right || root.clientWidth);  // a cell without a box of its own has no edge
    if (text.right > edge + 1 || text.left < -1) found.push(words.currentNode.data.trim().slice(0, 40));
  }
  return found;
}"""

every_page = pytest.mark.parametrize("name", PAGES)


def axe_findings(page, looks=LOOKS):
    """Return the reports of axe, by width and theme: none where it finds nothing."""
    found = {}
    for width, theme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        results = Axe().run(page, options=AXE)
        if results.violations_count:
            found[f"{width} {theme}"] = results.generate_report()
    return found


@every_page
def test_axe_finds_nothing(look, name):
    found = axe_findings(look(name))

    assert found == {}, "\n".join(found.values())


@every_page
def test_at_every_width_no_word_leaves_the_page_or_is_lost_and_nobody_else_is_asked(look, watch, name):
    page = look(name)
    words = set(page.locator("body").inner_text().split())
    found = {}

    for width in (320, 390, 719, 720, 768, 860, 992, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found |= {width: wide} if (wide := page.evaluate(SIDEWAYS)) else {}
    page.set_viewport_size({"width": 640, "height": 450})  # what 1280 are at 200 percent
    found |= {640: wide} if (wide := page.evaluate(SIDEWAYS)) else {}
    page.wait_for_load_state("networkidle")

    assert found == {}
    assert words - set(page.locator("body").inner_text().split()) == set()
    assert (watch.complaints, watch.strangers) == ([], [])


@every_page
def test_without_scripts_a_page_says_the_same(look, name):
    scripted, plain = look(name), look(name, java_script_enabled=False)
    scripted.evaluate("document.querySelectorAll('.scripted-only').forEach(it => it.remove())")

    assert plain.locator("main").inner_text() == scripted.locator("main").inner_text()
    assert plain.locator(".theme-switch").is_hidden()


@every_page
def test_the_keyboard_reaches_everything_and_always_shows_where_it_is(look, name):
    page = look(name, reduced_motion="reduce")
    page.evaluate(
        "document.querySelectorAll('a, button, input, select, summary, textarea').forEach((it, n) => it.dataset.stop = n)"
    )
    # A group of radios is one stop; what is disabled or not displayed is none.
    stops = page.evaluate(
        """[...document.querySelectorAll('[data-stop]')]
        .filter(it => it.checkVisibility() && !it.disabled && (it.type !== 'radio' || it.checked)).map(it => it.dataset.stop)"""
    )
    reached, unseen = [], []

    inside = 3 * page.locator("input[type=date]").count()  # day, month, year and the calendar are stops of one field
    for _ in range(len(stops) + inside):
        if reached == stops:
            break
        page.keyboard.press("Tab")
        stop, seen = page.evaluate(
            """() => {
              const it = document.activeElement, box = it.getBoundingClientRect();
              const rings = [it, it.parentElement, it.closest('form.search')].filter(Boolean).map(getComputedStyle);
              const ring = rings.some(r => r.outlineStyle === 'solid' && parseFloat(r.outlineWidth) >= 3);
              return [it.dataset.stop, ring && box.bottom > 0 && box.top < innerHeight];
            }"""
        )
        if reached[-1:] != [stop]:
            reached.append(stop)
        if not seen:
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))

    assert reached == stops
    assert unseen == []
