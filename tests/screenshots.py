"""Photograph every kind of page, on a telephone and on a desk, light and dark: `python -m tests.screenshots [page ...]`.

The pictures go to var/screenshots; two of them, made smaller, are the ones the README shows.
"""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import CHROMIUM_FLAGS, PAGES, ROOT, Site, chromium, running_site

FOLDER = ROOT / "var" / "screenshots"
README = ROOT / ".ci" / "pictures"
README_BYTES = 250_000
SIZES = {390: 844, 1280: 900}
THEMES = ("light", "dark")


def main(names: list[str]) -> int:
    unknown = set(names) - set(PAGES)
    if unknown:
        print(f"No such page: {', '.join(sorted(unknown))}. There are: {', '.join(PAGES)}.", file=sys.stderr)
        return 2
    if not chromium():
        print(
            "Chromium is missing: apt-get install chromium-headless-shell, or set CHROMIUM to its path.",
            file=sys.stderr,
        )
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for width in SIZES:
            for theme in THEMES:
                photograph(browser, site, names or list(PAGES), width, theme)
        if not names:
            README.mkdir(parents=True, exist_ok=True)
            for_readme(browser, site, "comparison-light", 1280, 900, "light")
            for_readme(browser, site, "comparison-dark-phone", 390, 844, "dark")
        browser.close()
    print(f"{len(names or PAGES) * len(SIZES) * len(THEMES)} pictures in {FOLDER}")
    return 0


def photograph(browser: Browser, site: Site, names: list[str], width: int, theme: str) -> None:
    """Take whole pages, as they look from their top."""
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    for name in names:
        page.goto(site.page(name), wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        # A window as high as the page, so that what sticks to its foot stands at the foot.
        page.set_viewport_size({"width": width, "height": page.evaluate("document.scrollingElement.scrollHeight")})
        page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png")
        page.set_viewport_size({"width": width, "height": SIZES[width]})
    context.close()


def for_readme(browser: Browser, site: Site, name: str, width: int, height: int, theme: str) -> None:
    """Take the founding comparison's first screen at twice its size, in as few colours as do it justice."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=2, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(site.page("comparison"), wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    path = README / f"{name}.png"
    page.screenshot(path=path)
    context.close()
    shrink(path)


def shrink(path: Path) -> None:
    """Rewrite a picture so that it weighs at most README_BYTES."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    for colours in (128, 64, 32, 16):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= README_BYTES:
            return
    raise RuntimeError(f"{path.name} weighs {path.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
