"""Chromium and a site for it to look at. Both are other processes: nothing here touches the database of the other tests."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.site import CHROMIUM_FLAGS, Site, chromium, running_site

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Without Chromium these tests are skipped on a developer's machine and fail on a build server."""
    path = chromium()
    if not path:
        reason = "Chromium is missing: apt-get install chromium-headless-shell, or set CHROMIUM to its path"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path


@pytest.fixture(scope="session")
def site(chromium_path: str) -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.fixture(scope="package")
def chrome(chromium_path: str) -> Iterator[Browser]:
    """One browser for the package, not the session: Playwright's loop would make Django refuse the database to other tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@dataclass
class Watch:
    """What a page complains about and whom it asks."""

    site: Site
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._ask(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        is_error_page = "status of 404" in message.text and message.location["url"] == self.site.page("not-found")
        if message.type in {"error", "warning"} and not is_error_page:
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _ask(self, url: str) -> None:
        if urlsplit(url).scheme != "data" and not url.startswith(self.site.url):
            self.strangers.append(url)


@pytest.fixture
def watch(site: Site) -> Watch:
    return Watch(site)


class Visitors:
    """Browsers that have never seen the site. One that has forgotten it is as good, and half as dear, as a new one."""

    def __init__(self, chrome: Browser) -> None:
        self.chrome = chrome
        self.idle: dict[str, list[BrowserContext]] = defaultdict(list)
        self.busy: list[tuple[str, BrowserContext]] = []

    def one(self, **options: object) -> BrowserContext:
        kind = repr(sorted(options.items()))
        context = self.idle[kind].pop() if self.idle[kind] else self.chrome.new_context(**options)
        context.set_default_timeout(15_000)
        self.busy.append((kind, context))
        return context

    def forget(self, url: str) -> None:
        """Take from all what a site can leave behind: cookies, storage, files; and close their pages."""
        for kind, context in self.busy:
            context.clear_cookies()
            devtools = context.new_cdp_session(context.pages[0] if context.pages else context.new_page())
            devtools.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "all"})
            devtools.send("Network.clearBrowserCache")
            for page in context.pages:
                page.close()
            self.idle[kind].append(context)
        self.busy.clear()


@pytest.fixture(scope="package")
def visitors(chrome: Browser) -> Visitors:
    return Visitors(chrome)


@pytest.fixture
def look(visitors: Visitors, site: Site, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Open a page of the site in a browser that has never seen it."""

    def open_page(
        name: str, width: int = 1280, height: int = 900, *, before: str = "", refuse: str = "", **options: object
    ) -> Page:
        """`before` is a script that runs first, `refuse` a pattern of addresses that do not answer."""
        context = visitors.one(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        watch.over(page)
        if before:
            page.add_init_script(before)
        if refuse:
            # Refused by the browser itself: a refusal that has to travel through the test may come after the first paint.
            devtools = context.new_cdp_session(page)
            devtools.send("Network.enable")
            devtools.send("Network.setBlockedURLs", {"urls": [refuse]})
        page.goto(site.page(name))
        return page

    yield open_page
    visitors.forget(site.url)
