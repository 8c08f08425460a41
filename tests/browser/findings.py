"""What is wrong with a page that is open: each function returns what it finds, and nothing of a good page."""

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
AXE = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": AXE_TAGS},
    "rules": {"target-size": {"enabled": True}},
}
LOOKS = [(1280, "light"), (390, "dark")]  # each width and each theme once: what differs is layout here, colours there
WIDTHS = (320, 390, 719, 720, 768, 860, 992, 1280)
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
# A group of radios is one stop; what is disabled or not displayed is none.
STOPS = """() => {
  const all = [...document.querySelectorAll("a, button, input, select, summary, textarea")];
  all.forEach((it, n) => it.dataset.stop = n);
  return all.filter(it => it.checkVisibility() && !it.disabled && (it.type !== "radio" || it.checked)).map(it => it.dataset.stop);
}"""
STANDING = """() => {
  const it = document.activeElement, box = it.getBoundingClientRect();
  const rings = [it, it.parentElement, it.closest("form.search")].filter(Boolean).map(getComputedStyle);
  const ring = rings.some(r => r.outlineStyle === "solid" && parseFloat(r.outlineWidth) >= 3);
  const seen = ring && box.bottom > 0 && box.top < innerHeight;
  return [it.dataset.stop, seen ? "" : it.outerHTML.slice(0, 200)];
}"""


def by_axe(page: Page, context: str | None = None) -> str:
    """Return the report of axe on a page as it stands. The source of axe is half a megabyte: a page is given it once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    results = AxeResults(page.evaluate("([where, how]) => axe.run(where ?? document, how)", [context, AXE]))
    return results.generate_report() if results.violations_count else ""


def by_axe_in(page: Page, looks: list[tuple[int, str]] = LOOKS) -> dict[str, str]:
    """Return the reports of axe, by width and theme."""
    found = {}
    for width, theme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found[f"axe, {width} {theme}"] = by_axe(page)
    return only_found(found)


def at_widths(page: Page, widths: tuple[int, ...] = WIDTHS) -> dict[str, list[str]]:
    """Return the words that leave the page or their cell, by width; and those that are lost at 200 percent."""
    found, words = {}, words_of(page)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        found[f"sideways, {width}"] = page.evaluate(SIDEWAYS)
    page.set_viewport_size({"width": 640, "height": 450})  # what 1280 are at 200 percent
    found["sideways, 200 %"] = page.evaluate(SIDEWAYS)
    found["lost, 200 %"] = sorted(words - words_of(page))
    return only_found(found)


def by_keyboard(page: Page) -> dict[str, list[str]]:
    """Return what the tab key passes over, and where it cannot be seen to be."""
    stops = page.evaluate(STOPS)
    reached, unseen = [], []
    inside = 3 * page.locator("input[type=date]").count()  # day, month, year and the calendar are stops of one field
    for _ in range(len(stops) + inside):
        if reached == stops:
            break
        page.keyboard.press("Tab")
        stop, hidden = page.evaluate(STANDING)
        if reached[-1:] != [stop]:
            reached.append(stop)
        if hidden:
            unseen.append(hidden)
    return only_found({"stops": [] if reached == stops else [reached, stops], "unseen": unseen})


def words_of(page: Page) -> set[str]:
    return set(page.locator("body").inner_text().split())


def only_found(found: dict) -> dict:
    return {where: what for where, what in found.items() if what}
