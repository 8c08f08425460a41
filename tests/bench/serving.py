"""Serving a page over HTTP: kept pages and fresh ones, beside a bare Django view with the same bytes and nginx with a file.

The servers stand on one core, the load on the other; the rounds of all of them are interleaved. Needs PostgreSQL,
redis-server, nginx and wrk; says which is missing.

    python -m tests.bench.serving [--rounds N] [--seconds N]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.bench.measuring import Spread
from tests.browser.site import _free_port as free_port
from tests.stack import ROOT, Stack, missing, running_stack

FOUNDERS = "/compare/claude-files-api-vs-smolvlm2-turbo/"
CORES = ("0", "1")


def lacking() -> str:
    """Return what this machine lacks for these figures; empty if nothing."""
    names = [missing(), *(name for name in ("nginx", "wrk", "taskset") if not shutil.which(name))]
    return ", ".join(filter(None, names)) or ("a second core" if (os.cpu_count() or 1) < 2 else "")


def requests_per_second(url: str, seconds: int) -> float:
    """Return how many requests a second a server answers, all of them with 2xx. Raises RuntimeError otherwise."""
    wrk = ["taskset", "-c", CORES[1], "wrk", "-t1", "-c16", f"-d{seconds}s", url]
    said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    [rate] = re.findall(r"Requests/sec:\s+([\d.]+)", said)
    return float(rate)


@contextmanager
def bare_view(stack: Stack, body: bytes) -> Iterator[str]:
    """Serve a Django view without middleware that returns these bytes, by the same server as the site."""
    (stack.folder / "body").write_bytes(body)
    stack.ports["bare"] = port = free_port()
    words = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--port",
        str(port),
        "tests.bench.bare:application",
    ]
    stack._launch("bare", words)
    stack._wait_for("bare")
    yield f"http://127.0.0.1:{port}/page"


def pin(stack: Stack) -> None:
    """Put every server on the first core."""
    for process in stack.running.values():
        subprocess.run(["taskset", "-a", "-c", "-p", CORES[0], str(process.pid)], check=True, stdout=subprocess.DEVNULL)
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        for child in children:
            subprocess.run(["taskset", "-a", "-c", "-p", CORES[0], child], check=False, stdout=subprocess.DEVNULL)


def measure(rounds: int, seconds: int) -> dict[str, dict[str, Spread]]:
    """Return the figures of each way to serve the page: its rate, and its ratios to the two references."""
    taken: dict[str, list[float]] = {}
    with running_stack(
        "web-1", "web-2", "web-3", "web-4", "proxy", web_nodes=4, web_workers=1, per_node=PER_NODE
    ) as stack:
        body = urlopen(stack.url() + FOUNDERS).read()
        file = Path(stack.folder) / "static" / "page.html"
        file.write_bytes(body)
        with bare_view(stack, body) as bare:
            urls = {
                "nginx, a file": f"{stack.url('proxy')}/bench-file/page.html",
                "nginx, kept page": stack.url("proxy") + FOUNDERS,
                "bare Django view": bare,
                "kept in this process": stack.url("web-1") + FOUNDERS,
                "kept in Redis": stack.url("web-2") + FOUNDERS,
                "made afresh": stack.url("web-3") + FOUNDERS,
                "made, nothing known": stack.url("web-4") + FOUNDERS,
            }
            pin(stack)
            for url in urls.values():
                requests_per_second(url, 1)
            for _ in range(rounds):
                for name, url in urls.items():
                    taken.setdefault(name, []).append(requests_per_second(url, seconds))
    return {name: figures(rates, taken) for name, rates in taken.items()}


def figures(rates: list[float], taken: dict[str, list[float]]) -> dict[str, Spread]:
    pairs = {"of the bare view": "bare Django view", "of nginx's file": "nginx, a file"}
    ratios = {
        words: Spread.of([a / b for a, b in zip(rates, taken[reference], strict=True)])
        for words, reference in pairs.items()
    }
    return {"requests/s": Spread.of(rates), **ratios}


# Which pages a node keeps: as it comes; none at hand, so that each comes from Redis; none at all, so that each request asks
# the database for everything a page shows; and none with nothing remembered of what was made of the same rows before.
PER_NODE = {
    "web-2": {"DJANGO_SETTINGS_MODULE": "tests.bench.shared_settings"},
    "web-3": {"PAGE_CACHE_MEGABYTES": "0"},
    "web-4": {"DJANGO_SETTINGS_MODULE": "tests.bench.forgetful_settings"},
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.serving", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    asked = parser.parse_args()
    if needed := lacking():
        sys.exit(f"Missing on this machine: {needed}")
    for name, row in measure(asked.rounds, asked.seconds).items():
        print(f"{name:<22}" + "".join(f"  {words}: {row[words].words('.4g'):<26}" for words in row))


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
