"""Readers of a running site who look, vote and subscribe over HTTP, and remember what they were promised."""

import email
import http.client
import itertools
import json
import random
import re
import threading
import time
from dataclasses import dataclass, field
from email.policy import default as modern
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg

from tests.faults.asking import FOUNDERS
from voting.guests import mac_of

TOOLS = ["aider", "claude-code", "cursor", "github-copilot", "langchain", "langgraph", "claude-files-api"]
LOOKED_AT = ["/", "/tools/", FOUNDERS, "/panel/", *(f"/tools/{slug}/" for slug in TOOLS)]
WORDS = {"ship": 1, "skip": -1}
PATIENCE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: to which node, when, and what came of it. The status is 0 when there was no whole answer."""

    node: str
    began: float
    ended: float
    status: int
    what: str
    says_when: bool = False  # whether a 503 said when to ask again


@dataclass
class Reader:
    """One browser, at an address of its own, whose cookies go to every node alike."""

    urls: dict[str, str]
    note: list[Asked]
    address: str = field(default_factory=lambda: ".".join(str(random.randint(1, 250)) for _ in range(4)))
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, what: str, path: str, data: dict[str, str] | None = None, node: str = "", **headers: str):
        """Return status and text; a POST where there is data."""
        node = node or random.choice(list(self.urls))
        sent = {"X-Forwarded-For": self.address, "Accept": "text/html"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if data is not None:
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": next(iter(self.urls.values()))}
        began = time.monotonic()
        status, text, says_when = self._ask(node, path, sent, data)
        self.note.append(Asked(node, began, time.monotonic(), status, what, says_when))
        return status, text

    def _ask(self, node, path, sent, data):
        connection = http.client.HTTPConnection(urlsplit(self.urls[node]).netloc, timeout=PATIENCE_SECONDS)
        try:
            body = None if data is None else urlencode(data)
            connection.request("GET" if data is None else "POST", path, body, sent)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, "", False
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return response.status, text, bool(response.headers["Retry-After"])

    def look(self) -> int:
        return self.ask("look", random.choice(LOOKED_AT))[0]

    def vote(self, slug: str, choice: str) -> bool:
        """Return whether the site said that the vote was taken."""
        status, text = self.ask("stamps", f"/votes/stamps/?tools={slug}")
        if status != 200:
            return False
        given = json.loads(text)
        form = {"choice": choice, "stamp": given["stamps"][slug], "csrfmiddlewaretoken": given["token"]}
        status, text = self.ask("vote", f"/tools/{slug}/vote/", form, Accept="application/json")
        assert status in {0, 200, 503, 502, 504}, (status, text[:500])
        return status == 200

    @property
    def mac(self) -> bytes:
        return mac_of(self.cookies["voter"].partition(":")[0])

    def subscribe(self, address: str) -> bool:
        """Fill the form in as fast as a person can; return whether the site said to look into the mail."""
        status, text = self.ask("form", "/newsletter/")
        if status != 200:
            return False
        stamp = re.search(r'name="stamp" value="([^"]+)"', text)[1]
        time.sleep(2.1)
        status, _ = self.ask("subscribe", "/newsletter/subscribe/", {"email": address, "stamp": stamp})
        return status == 202

    def confirm(self, link: str) -> bool:
        """Press the button behind a mailed link; return whether the site said that it is done."""
        status, text = self.ask("confirm page", link)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        if status != 200 or not token:
            return False
        status, text = self.ask("confirm", link, {"csrfmiddlewaretoken": token[1]})
        return status == 200 and "You are subscribed" in text


class Promises:
    """What the site has acknowledged, and whether it stands."""

    def __init__(self, stack) -> None:
        self.stack = stack
        self.asked: list[Asked] = []
        self.votes: dict[bytes, dict[str, set[int]]] = {}  # by voter and tool: the values that may stand
        self.requested: set[str] = set()
        self.confirmed: set[str] = set()
        self.numbers = itertools.count()
        self.run = f"{random.randrange(16**6):06x}"

    def reader(self) -> Reader:
        return Reader({name: self.stack.url(name) for name in self.stack.webs}, self.asked)

    # One round each, for as long as somebody wants

    def look(self) -> None:
        self.reader().look()

    def vote(self) -> None:
        """A guest votes on a few tools, changing their mind about the first."""
        reader, tools = self.reader(), random.sample(TOOLS, 2)
        for slug, choice in [(tools[0], "ship"), (tools[1], "skip"), (tools[0], "skip")]:
            taken = reader.vote(slug, choice)
            if "voter" not in reader.cookies:
                return
            may_stand = self.votes.setdefault(reader.mac, {}).setdefault(slug, set())
            if taken:
                may_stand.clear()
            elif not may_stand:
                continue  # nothing was acknowledged yet, so nothing is promised
            may_stand.add(WORDS[choice])

    def subscribe(self) -> None:
        """One more reader asks for the mail; one who has got theirs presses the button."""
        address = f"reader{next(self.numbers)}-{self.run}@faults.example"
        if self.reader().subscribe(address):
            self.requested.add(address)
        self.confirm_some(1)

    def confirm_some(self, most: int) -> None:
        for address, link in list(self.mailed().items()):
            if most and address in self.requested - self.confirmed:
                most -= 1
                if self.reader().confirm(link):
                    self.confirmed.add(address)

    def mailed(self) -> dict[str, str]:
        """Return the newest link that each address was sent."""
        found = {}
        for file in sorted(Path(self.stack.folder, "outbox").glob("*"), key=lambda it: it.stat().st_mtime):
            for raw in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):  # mails of one second may share a file
                message = email.message_from_bytes(raw, policy=modern)
                body = message.get_body(("plain",)) if raw.strip() else None
                link = re.search(r"https?://[^/\s]+(/newsletter/confirm/\S+)", body.get_content() if body else "")
                if link and message["To"]:
                    found[str(message["To"])] = link[1]
        return found

    # In the end

    def broken_votes(self) -> list[tuple]:
        """Return the acknowledged votes that do not stand."""
        with psycopg.connect(self.stack.database_url) as database:
            rows = database.execute(
                "SELECT r.cookie_mac, t.slug, v.value FROM voting_vote v JOIN voting_voter r ON r.id = v.voter_id "
                "JOIN tools_tool t ON t.id = v.tool_id WHERE r.cookie_mac IS NOT NULL"
            ).fetchall()
        stands = {(bytes(mac), slug): value for mac, slug, value in rows}
        return [
            (mac.hex(), slug, values, stands.get((mac, slug)))
            for mac, by_tool in self.votes.items()
            for slug, values in by_tool.items()
            if values and stands.get((mac, slug)) not in values
        ]

    def missing_subscribers(self) -> set[str]:
        """Return the addresses whose request, or whose confirmation, was acknowledged and is not there."""
        with psycopg.connect(self.stack.database_url) as database:
            rows = database.execute("SELECT email, state FROM newsletter_subscriber").fetchall()
        states = dict(rows)
        return {it for it in self.requested if it not in states} | {
            it for it in self.confirmed if states.get(it) != "active"
        }

    def vote_count(self) -> int:
        return sum(bool(values) for by_tool in self.votes.values() for values in by_tool.values())

    def errors_outside(self, windows: list[tuple[set[str], float, float]]) -> list[Asked]:
        """Return the failures that no window (which nodes, from when, until when) explains."""
        return [
            it
            for it in list(self.asked)
            if (it.status == 0 or it.status >= 500)
            and not any(it.node in nodes and it.began < end and it.ended > begin for nodes, begin, end in windows)
        ]


class Crowd:
    """Threads that do rounds until they are stopped, as fast as they can or at so many rounds a second together."""

    def __init__(self, *rounds, threads: int = 6) -> None:
        self.rounds, self.count = rounds, threads
        self.done = 0
        self.problems: list[BaseException] = []
        self.pause = 0.0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._go, args=(number,)) for number in range(threads)]

    def at(self, per_second: float) -> None:
        self.pause = self.count / per_second

    def _go(self, number: int) -> None:
        turn = itertools.cycle(self.rounds[number % len(self.rounds) :] + self.rounds[: number % len(self.rounds)])
        due = time.monotonic()
        while not self.stopping.is_set():
            try:
                next(turn)()
            except Exception as problem:
                self.problems.append(problem)
            self.done += 1
            due = max(due + self.pause, time.monotonic() - self.pause)
            self.stopping.wait(max(0.0, due - time.monotonic()) if self.pause else 0)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if not exc[0]:
            assert self.problems == []
