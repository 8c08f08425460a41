"""Votes per second, beside a bare `INSERT … ON CONFLICT` of the vote row alone on the same PostgreSQL in the same run.

The bare statement writes the same row into the same table and nothing else: no tally, no log, no signal. It is sent as
Django sends everything, the vote as the site sends it, by threads with a connection each; evenly over all tools, and all on
one hot tool. The rounds are interleaved, and every vote is new: repeated ones would write nothing.
"""

import threading
from itertools import count
from time import perf_counter

from django.db import connection, connections
from django.utils import timezone

from newsletter.synthetic import synthetic_tools
from tests.bench.measuring import Spread
from tools.models import Tool
from voting.casting import cast
from voting.counting import drifts, make_tallies
from voting.models import Round, Voter
from voting.origins import Origin

CLIENTS = (1, 8)
BARE = """
INSERT INTO voting_vote (voter_id, tool_id, value, state, reason, era, is_verified, is_regular, changed_at)
VALUES (%s, %s, %s, 0, '', 0, false, false, %s)
ON CONFLICT (voter_id, tool_id) DO UPDATE SET value = EXCLUDED.value, changed_at = EXCLUDED.changed_at
WHERE voting_vote.value <> EXCLUDED.value
"""
_numbers = count()


def bare(voter: Voter, tool: Tool, address: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE, [voter.pk, tool.pk, 1, timezone.now()])


def whole(voter: Voter, tool: Tool, address: str) -> None:
    """A vote as the site casts it: the row, the tally, the log and the signal."""
    cast(voter, tool, 1, origin=Origin(address, "Browser/1", "https://news.example.org/", 2_500))


WAYS = {"bare": bare, "whole": whole}


def measure_votes(rounds: int, votes: int) -> dict[str, dict[str, object]]:
    """Return votes per second and their ratio, by clients and spread of the tools, on the database in use."""
    tools = list(synthetic_tools().order_by("pk"))
    make_tallies([tool.pk for tool in tools])
    taken: dict[tuple[int, str, str], list[float]] = {}
    Round.objects.create(at=timezone.now())  # as where passes run: every vote asks whether it has to wait
    for _ in range(rounds):
        for clients in CLIENTS:
            for spread, asked in (("evenly", tools), ("one hot tool", tools[:1])):
                for way in WAYS:
                    rate = votes / _seconds(way, clients, asked, votes)
                    taken.setdefault((clients, spread, way), []).append(rate)
    _check(tools)
    figures: dict[str, dict[str, object]] = {}
    for clients, spread, way in taken:
        if way == "whole":
            mine, theirs = taken[clients, spread, way], taken[clients, spread, "bare"]
            ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
            figures[f"{clients} client{'s' * (clients > 1)}, {spread}"] = {
                "votes_per_second": Spread.of(mine),
                "bare_statements_per_second": Spread.of(theirs),
                "of_the_bare_statement": Spread.of(ratios),
            }
    return figures


def _seconds(way: str, clients: int, tools: list[Tool], votes: int) -> float:
    """Return how long that many new votes took, by threads that begin together; their voters are made before."""
    voters = Voter.objects.bulk_create([Voter(cookie_mac=f"{next(_numbers):032}".encode()) for _ in range(votes)])
    model, start, errors = connections["default"], threading.Barrier(clients + 1), []
    plain = {**model.settings_dict, "OPTIONS": {k: v for k, v in model.settings_dict["OPTIONS"].items() if k != "pool"}}

    def work(part: int) -> None:
        connections["default"] = own = type(model)(plain, "default")
        try:
            own.ensure_connection()
            start.wait(timeout=60)
            for place in range(part, votes, clients):
                WAYS[way](voters[place], tools[place % len(tools)], f"192.0.2.{place % 250}")
        except Exception as error:
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=work, args=[part]) for part in range(clients)]
    for thread in threads:
        thread.start()
    start.wait(timeout=60)
    began = perf_counter()
    for thread in threads:
        thread.join()
    spent = perf_counter() - began
    if errors:
        raise errors[0]
    return spent


def _check(tools: list[Tool]) -> None:
    """Raise RuntimeError unless the tallies are off by nothing but the bare statements, which do not keep them."""
    off = [drift for drift in drifts() if any(drift.written[name] > n for name, n in drift.counted.items())]
    if off:
        raise RuntimeError(f"The tallies of {len(off)} tools count votes that are not there.")
