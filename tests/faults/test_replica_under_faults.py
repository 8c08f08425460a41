"""A node that reads from a real streaming replica: one that is behind, and one that dies."""

import os
import subprocess
import time

import psycopg
import pytest

from tests.faults.asking import FOUNDERS, ask
from tests.faults.waiting import until
from tests.stack import free_port, postgres_programs

TAGLINE = "UPDATE tools_tool SET tagline = %s WHERE slug = 'claude-files-api'"
STALE_SECONDS = 3 + 1 + 1  # config.replicas.MOST_SECONDS_BEHIND, PAGE_FRESHNESS_SECONDS, and one to be on the safe side


@pytest.fixture
def replica(stack):
    """The address of a replica, and a node web-3 that uses it."""
    programs, data, port = postgres_programs(), stack.folder / "replica", free_port()
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    stack.folder.chmod(0o777)  # PostgreSQL's own account makes the folder
    copy = ["-D", data, "-h", "127.0.0.1", "-p", stack.ports["database"], "-U", "shipworthy", "-R", "--checkpoint=fast"]
    subprocess.run([*as_owner, *map(str, [programs / "pg_basebackup", *copy])], cwd="/", check=True)
    serve = [
        programs / "postgres",
        "-D",
        data,
        "-p",
        port,
        "-clisten_addresses=127.0.0.1",
        "-cunix_socket_directories=",
    ]
    stack._launch("replica", [*as_owner, *map(str, serve)])
    address = f"postgres://shipworthy@127.0.0.1:{port}/shipworthy"
    until(lambda: answers(address), words=lambda: stack.log("replica"))
    stack.per_node["web-3"], stack.ports["web-3"] = {"DATABASE_REPLICA_URL": address}, free_port()
    stack.start("web-3")
    yield address
    for name in ("web-3", "replica"):
        if name in stack.running:
            stack.kill(name)


def answers(address):
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def reads_of(address):
    """Return how often the replica's tools were looked at."""
    with psycopg.connect(address) as database:
        return database.execute(
            "SELECT coalesce(sum(seq_scan + idx_scan), 0)::int FROM pg_stat_user_tables WHERE relname = 'tools_tool'"
        ).fetchone()[0]


def change(stack, words):
    with psycopg.connect(stack.database_url) as database:
        database.execute(TAGLINE, [words])
    time.sleep(STALE_SECONDS)


def shown(stack):
    """Ask every process of the node, again and again: the replica is looked at once a second."""
    texts = []
    for _ in range(12):
        texts += [
            ask(stack.url("web-3") + FOUNDERS).text,
            ask(f"{stack.url('web-3')}/tools/?q={time.monotonic()}").text,
        ]
        time.sleep(0.25)
    return texts[::2]


def test_a_replica_is_read_from_and_never_shows_what_is_older_than_stated(stack, replica):
    shown(stack)
    assert until(lambda: shown(stack) and reads_of(replica)) > 0

    change(stack, "Seen on the primary")
    assert all("Seen on the primary" in text for text in shown(stack))

    with psycopg.connect(replica, autocommit=True) as database:
        database.execute("SELECT pg_wal_replay_pause()")
    change(stack, "Not yet on the replica")
    assert all("Not yet on the replica" in text for text in shown(stack))

    stack.kill("replica")
    time.sleep(STALE_SECONDS)
    change(stack, "As it was")
    assert all("As it was" in text for text in shown(stack))
