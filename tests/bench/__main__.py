"""Prints what each page costs beside a bare Django view with the same bytes, and how that grows with the catalogue.

One process, no network, no cache: fresh pages. The rounds of all the pages are interleaved, so that whatever else the
machine does meets every one of them. Rates belong to the machine; the ratios carry over.
"""

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import tests.environment  # noqa: F401  (before the settings)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from tests.bench.measuring import Spread, fetch, seconds_each

BARE_CALLS = 10  # for each call of a page: a bare view is that much quicker to time


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--tools", type=int, default=100, metavar="N", help="size of the catalogue (100)")
    parser.add_argument("--growth", type=int, default=10_000, metavar="N", help="size to compare it with (10000)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds to take the median of (7)")
    parser.add_argument("--requests", type=int, default=20, metavar="N", help="requests of each page in a round (20)")
    parser.add_argument("--votes", type=int, default=2_000, metavar="N", help="votes cast in a round (2000)")
    parser.add_argument("--only", choices=["pages", "votes"], help="leave the other part out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
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


def measure(asked: argparse.Namespace) -> dict[str, object]:
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
                on = machine()
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
    return {"machine": on, **sizes, "pages": {page: figures(page, taken, queries[page]) for page in queries}}


def votes_of(asked: argparse.Namespace) -> dict[str, dict[str, object]] | str:
    """Return the figures of votes, or why there are none."""
    from tests.bench.sites import databases, use
    from tests.bench.votes import measure_votes

    if connection.vendor != "postgresql":
        return "DATABASE_URL does not name PostgreSQL, and that is where votes have to be quick."
    with databases([asked.tools]) as names:
        use(names[asked.tools])
        return measure_votes(asked.rounds, asked.votes)


def report_votes(figures: dict[str, dict[str, object]] | str) -> list[str]:
    from tests.bench import votes

    return votes.report_votes(figures)


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


def report(found: dict[str, object]) -> list[str]:
    """Return the lines to print: medians, with the least and the most of the rounds."""
    lines = [
        f"Machine: {found['machine']}",
        f"{found['tools']:,} tools; {found['rounds']} rounds of {found['requests']} requests; median (least-most)",
        "",
        f"{'page':<12}{'bytes':>8}{'queries':>9}  {'requests/s':<22}{'of the bare view':<26}"
        f"cost at {found['growth']:,} tools, as a ratio",
    ]
    for page, row in found["pages"].items():
        lines.append(
            f"{page:<12}{row['bytes']:>8,}{row['queries']:>9}  {row['requests_per_second'].words(',.0f'):<22}"
            f"{row['of_the_bare_view'].words('.4f'):<26}{row['cost_when_grown'].words('.2f')}"
        )
    return lines


def main() -> None:
    if sys.argv[1:2] == ["newsletter"]:
        from tests.bench import newsletter

        return newsletter.main(sys.argv[2:])
    asked = arguments()
    django.setup()
    found: dict[str, object] = {}
    if asked.only != "votes":
        found |= measure(asked)
        print("\n".join(report(found)))
    if asked.only != "pages":
        found["votes"] = votes_of(asked)
        print("\n".join(report_votes(found["votes"])))  # type: ignore[arg-type]
    if asked.json:
        asked.json.write_text(json.dumps(found, default=asdict, indent=2) + "\n", encoding="utf-8")
    return None


if __name__ == "__main__":
    main()
