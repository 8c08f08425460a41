"""Prints one table of ratios: what pages, votes and the weekly mail cost, each beside a reference measured in the same run.

pages: fresh ones, in one process without network or cache, beside a bare Django view with the same bytes, and in a large
catalogue beside a small one. serving: over HTTP, kept and fresh. votes: beside a bare INSERT. mail: beside smtp-source.
Rounds are interleaved, so that whatever else the machine does meets all of them. Rates belong to the machine and stand in
the file alone; ratios carry over. A part that lacks something is left out, and the table says what it lacks.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tests.environment  # noqa: F401  (before the settings)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from tests.bench.measuring import Spread, fetch, seconds_each

PARTS = ["pages", "serving", "votes", "mail"]
BARE_CALLS = 10  # for each call of a page: a bare view is that much quicker to time


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--tools", type=int, default=100, metavar="N", help="size of the catalogue (100)")
    parser.add_argument("--growth", type=int, default=100_000, metavar="N", help="size to compare it with (100000)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds to take the median of (7)")
    parser.add_argument("--requests", type=int, default=20, metavar="N", help="requests of each page in a round (20)")
    parser.add_argument("--votes", type=int, default=2_000, metavar="N", help="votes cast in a round (2000)")
    parser.add_argument(
        "--seconds", type=int, default=3, metavar="N", help="how long each page is served in a round (3)"
    )
    parser.add_argument("--messages", type=int, default=10_000, metavar="N", help="mails of each run (10000)")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave the other parts out")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"), metavar="FILE", help="(var/bench.json)")
    asked = parser.parse_args()
    if min(asked.tools, asked.growth, asked.rounds, asked.requests, asked.votes) < 1 or asked.tools == asked.growth:
        parser.error("all numbers must be 1 or more, and the two sizes different")
    if asked.tools < 2 or asked.growth < 2:
        parser.error("a comparison needs 2 tools")
    return asked


def machine() -> str:
    """Return what the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    connection.ensure_connection()
    database = f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"
    return (
        f"{os.cpu_count()} x {processor}, {platform.system()}, Python {platform.python_version()}, "
        f"Django {django.__version__}, {database}"
    )


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Run all the rounds and return every figure."""
    from tests.bench.sites import databases, pages, use
    from tests.bench.urls import BODIES

    with override_settings(MIDDLEWARE=[]):
        bare = WSGIHandler()
    site = get_wsgi_application()
    ours = override_settings(ROOT_URLCONF="tests.bench.urls", API_READS_PER_MINUTE=10**9)
    with databases([asked.tools, asked.growth]) as names, ours:
        paths, queries = {}, {}
        for size, name in names.items():
            use(name)
            paths[size] = pages()
            if size == asked.tools:
                for page, path in paths[size].items():
                    with CaptureQueriesContext(connection) as captured:
                        BODIES[page] = fetch(site, path)
                    queries[page] = len(captured)
        taken: dict[tuple[str, str], list[float]] = {}
        for _ in range(asked.rounds):
            for size, name in names.items():
                use(name)
                for page, path in paths[size].items():
                    spent = seconds_each(lambda path=path: fetch(site, path), asked.requests)
                    taken.setdefault((page, "small" if size == asked.tools else "large"), []).append(spent)
                    if size == asked.tools:
                        spent = seconds_each(
                            lambda page=page: fetch(bare, f"/bare/{page}"), asked.requests * BARE_CALLS
                        )
                        taken.setdefault((page, "bare"), []).append(spent)
    sizes = {"tools": asked.tools, "growth": asked.growth, "rounds": asked.rounds, "requests": asked.requests}
    return {**sizes, "pages": {page: figures(page, taken, queries[page]) for page in queries}}


class Lacking(Exception):
    """What a part of the benchmark needs and does not find here."""


def votes_of(asked: argparse.Namespace) -> dict[str, Any]:
    from tests.bench.sites import databases, use
    from tests.bench.votes import measure_votes

    if connection.vendor != "postgresql":
        raise Lacking("DATABASE_URL does not name PostgreSQL, and that is where votes have to be quick.")
    with databases([asked.tools]) as names:
        use(names[asked.tools])
        return {"votes": measure_votes(asked.rounds, asked.votes)}


def serving_of(asked: argparse.Namespace) -> dict[str, Any]:
    from tests.bench import serving

    if needed := serving.lacking():
        raise Lacking(f"this machine has no {needed}.")
    return {"serving": serving.measure(asked.rounds, asked.seconds)}


def mail_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Measure the mail in a process of its own, which makes its own database."""
    from tests.bench import newsletter

    if not newsletter.has_tools():
        raise Lacking(newsletter.MISSING)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mail.json"
        words = ["newsletter", "--messages", str(asked.messages), "--rounds", str(min(asked.rounds, 3)), "--json", file]
        subprocess.run([sys.executable, "-m", "tests.bench", *words], check=True, stdout=subprocess.DEVNULL)
        return {"mail": json.loads(file.read_text())}


def figures(page: str, taken: dict[tuple[str, str], list[float]], queries: int) -> dict[str, object]:
    """Return the figures of one page: rates, and ratios taken round by round."""
    from tests.bench.urls import BODIES

    small, large, bare = (taken[page, kind] for kind in ("small", "large", "bare"))
    return {
        "bytes": len(BODIES[page]),
        "queries": queries,
        "requests_per_second": Spread.of([1 / spent for spent in small]),
        "bare_view_requests_per_second": Spread.of([1 / spent for spent in bare]),
        "of_the_bare_view": Spread.of([b / s for b, s in zip(bare, small, strict=True)]),
        "cost_when_grown": Spread.of([g / s for g, s in zip(large, small, strict=True)]),
    }


def main() -> None:
    if sys.argv[1:2] == ["newsletter"]:
        from tests.bench import newsletter

        return newsletter.main(sys.argv[2:])
    asked = arguments()
    django.setup()
    from tests.bench.table import lines

    measures = {"pages": measure, "serving": serving_of, "votes": votes_of, "mail": mail_of}
    found: dict[str, Any] = {"machine": machine(), "not_measured": {}}
    for part in asked.only or PARTS:
        print(f"Measuring {part} ...", file=sys.stderr)
        try:
            found |= measures[part](asked)
        except Lacking as lacking:
            found["not_measured"][part] = str(lacking)
    print("\n".join(lines(found)))
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(found, default=asdict, indent=2) + "\n", encoding="utf-8")
    print(f"\nAll figures: {asked.json}")
    return None


if __name__ == "__main__":
    main()
