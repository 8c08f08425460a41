"""A populated site, served as in production, for as long as somebody looks at it."""

import datetime
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter import tokens
from tests import copies
from tests.browser.content import READER, SECRET, USED_SECRET
from tests.environment import TESTING

ROOT = Path(__file__).resolve().parent.parent.parent
BROWSERS = "chromium-headless-shell", "chromium"  # the first has no windows to draw: half the processor's time
FILE = "site.sqlite3"
START_SECONDS = 60
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
FOUNDERS = "/compare/claude-files-api-vs-smolvlm2-turbo/"
EARLY_READER, STAFF_SESSION = "ea" * 16, "s7aff" * 6 + "0x"
LONG = ["long-first", "long-second", "long-third", "long-fourth"]
_NOW = datetime.datetime.now(datetime.UTC) + datetime.timedelta(
    hours=6
)  # an issue is closed six hours before its Monday
LAST_ISSUE = "{}-w{:02}".format(*(_NOW.date() - datetime.timedelta(days=_NOW.weekday())).isocalendar()[:2])


def _token(purpose: bytes, version: int) -> str:
    """Return a token of the reader's links, by the key that the site makes of its secret: Django is not set up here."""
    body = tokens.BODY.pack(0, purpose, READER.bytes, 0, version)
    return tokens._text(body + tokens._mac(f"newsletter links {TESTING['SECRET_KEY']}", body))


PAGES = {
    "home": "/",
    "browse": "/tools/",
    "tray": "/tools/?tools=aider&tools=cursor",
    "search": "/tools/?q=claude",
    "nothing-found": "/tools/?q=nothing-of-the-kind",
    "category": "/categories/coding-assistants/",
    "tool": "/tools/claude-code/",
    "vote": "/tools/claude-code/vote/?choice=ship",
    "votes": "/compare/langchain-vs-langgraph/",
    "discontinued": "/tools/retired/",
    "unjudged": "/tools/unjudged/",
    "comparison": FOUNDERS,
    "three": "/compare/aider-vs-claude-code-vs-cursor/",
    "four": "/compare/aider-vs-claude-code-vs-cursor-vs-github-copilot/",
    "as-of": f"{FOUNDERS}as-of/{datetime.datetime.now(datetime.UTC):%Y-%m-%d}/",
    "differences": f"{FOUNDERS}?only=differences",
    "mixed": "/compare/retired-vs-unjudged/",
    "long-pair": f"/compare/{'-vs-'.join(sorted(LONG[:2]))}/",
    "long-four": f"/compare/{'-vs-'.join(sorted(LONG))}/",
    "long-tool": f"/tools/{LONG[0]}/",
    "panel": "/panel/",
    "reviewer": "/panel/skeptic/",
    "methodology": "/methodology/",
    "report": "/tools/claude-code/report/?cell=licence",
    "report-choice": "/tools/claude-code/report/",
    "reports": "/reports/",
    "requests": "/requests/?name=Claude+Coder",
    "rankings": "/rankings/",
    "changes": "/changes/",
    "corrections": "/corrections/",
    "how-votes-count": "/how-votes-count/",
    "votes-left-out": "/votes/ledger/",
    "all-votes": "/tools/crowded/?votes=all",
    "not-found": "/tools/claude-cod/",
    "newsletter": "/newsletter/",
}
# Pages of the newsletter made from the same few parts as those above: looked at together, in test_newsletter.py.
LETTER_PAGES = {
    "follow": "/newsletter/follow/claude-code/",
    "confirm": f"/newsletter/confirm/{SECRET}/",
    "confirmed": f"/newsletter/confirm/{USED_SECRET}/",
    "unsubscribe": f"/newsletter/u/{_token(tokens.UNSUBSCRIBE, 0)}/",
    "preferences": f"/newsletter/p/{_token(tokens.PREFERENCES, 1)}/",
    "archive": "/newsletter/archive/",
    "issue": f"/newsletter/archive/{LAST_ISSUE}/",
}


@dataclass
class Site:
    """Where a running site answers."""

    url: str
    outbox: Path  # where its mails land
    pages: dict[str, str] = field(default_factory=lambda: PAGES | LETTER_PAGES)

    def page(self, name: str) -> str:
        return self.url + self.pages[name]


def chromium() -> str:
    """Return the path of Chromium; empty if this machine has none."""
    return next(filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), *BROWSERS])), "")


@contextmanager
def running_site() -> Iterator[Site]:
    """Set up a site with its own database and files, serve it, and take everything away again."""
    with TemporaryDirectory(prefix="shipworthy-") as folder, _database(Path(folder)) as database:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        if database.startswith("sqlite"):
            shutil.copytree(copies.made_once("site", _fill), folder, dirs_exist_ok=True)
        else:
            _fill(Path(folder), database)
        yield from _serve(url, port, _environment(Path(folder), database, url), Path(folder) / "server.log")


def _environment(folder: Path, database: str, url: str) -> dict[str, str]:
    services = {"CACHE_URL": "", "CELERY_BROKER_URL": "", "LOG_LEVEL": "WARNING"}
    own = {
        "DATABASE_URL": database,
        "SITE_URL": url,
        "SITE_FOLDER": str(folder),
        "MAIL_URL": f"file://{folder}/outbox",
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
    }
    return os.environ | TESTING | services | own


def _fill(folder: Path, database: str = "") -> None:
    """Set a site up in a folder: with a database of its own there, unless another is named."""
    folder.mkdir(exist_ok=True)
    if not database:
        shutil.copy(copies.migrated_file(), folder / FILE)
        database = f"sqlite:///{folder / FILE}"
    environment = _environment(folder, database, "http://127.0.0.1")
    subprocess.run([sys.executable, "-m", "tests.browser.content"], cwd=ROOT, env=environment, check=True)


def _serve(url: str, port: int, environment: dict[str, str], log: Path) -> Iterator[Site]:
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "config.wsgi:application"]
    with log.open("wb") as output:
        server = subprocess.Popen(granian, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _wait_for(f"{url}/livez", server, log)
            yield Site(url, log.parent / "outbox")
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The site did not start:\n{log.read_text()[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """Yield the address of a new database: beside those of DATABASE_URL if that is PostgreSQL, else an SQLite file."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / FILE}"
        return
    import psycopg

    name = f"browser_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield copies.beside(server, name)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
