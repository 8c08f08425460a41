"""PostgreSQL dies in the middle of votes, of an import, of a send, of a migration."""

import csv
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from tests.faults.asking import ask
from tests.faults.readers import Crowd, Promises
from tests.faults.waiting import until
from tests.newsletter.killing import Tally
from tests.newsletter.smtp_server import Server
from tests.stack import ROOT

GRACE_SECONDS = 6  # what the pool and the health check need to see that the database is back


def die(stack):
    """A crash: nothing is written that was not before."""
    stack.kill("database")


def shut_down(stack):
    """A restart as for an upgrade: connections are cut, what was committed is written."""
    process = stack.running.pop("database")
    subprocess.run(["pkill", "-INT", "-P", str(process.pid), "-x", "postgres"], check=False)
    process.send_signal(signal.SIGINT)
    process.wait(60)


def test_no_acknowledged_vote_is_lost_when_the_database_is_restarted(stack):
    promises, windows = Promises(stack), []
    with Crowd(promises.vote, promises.look, threads=3):
        for end in (die, shut_down):
            before = promises.vote_count()
            until(lambda before=before: promises.vote_count() > before + 3)
            began = time.monotonic()
            end(stack)
            time.sleep(1.5)
            stack.start("database")
            until(lambda: ask(stack.url() + "/tools/?q=cursor").status == 200)
            windows.append((set(stack.webs), began, time.monotonic() + GRACE_SECONDS))
        after = promises.vote_count()
        until(lambda: promises.vote_count() > after + 2)

    failed = [it for it in promises.asked if it.status >= 500]
    assert promises.broken_votes() == []
    assert promises.errors_outside(windows) == []
    assert {(it.status, it.says_when) for it in failed} <= {(503, True)}
    assert failed, "the database was away and nobody noticed"
    stack.manage("recount_votes")


def run(stack, *words):
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_writing(stack, table):
    """Whether somebody holds a lock on a table that only writers hold."""
    with psycopg.connect(stack.database_url) as database:
        return database.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND mode = 'RowExclusiveLock'", [table]
        ).fetchone()[0]


@pytest.mark.long
def test_an_import_that_loses_its_database_leaves_nothing_and_can_be_run_again(stack, tmp_path):
    sheet = tmp_path / "catalogue.csv"
    with sheet.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "tagline", "category"])
        rows.writerows(
            [f"Faulty Tool {number}", f"A tool, the {number}th of them", "Made Up"] for number in range(1500)
        )
    count = "SELECT count(*) FROM tools_tool WHERE name LIKE 'Faulty Tool %'"

    first = run(stack, "manage.py", "import_tools", str(sheet), "--publish")
    until(lambda: is_writing(stack, "tools_tool") or first.poll() is not None)
    assert first.poll() is None, first.communicate()
    die(stack)
    _, said = first.communicate(timeout=120)
    stack.start("database")

    assert first.returncode == 1
    assert said.strip().splitlines()[-1].startswith("CommandError: The database went away during the import")
    with psycopg.connect(stack.database_url) as database:
        assert database.execute(count).fetchone() == (0,)
        # Readers come back by themselves while the import is run again.
        again = stack.manage("import_tools", str(sheet), "--publish")
        assert database.execute(count).fetchone() == (1500,), again
        stack.manage("import_tools", str(sheet), "--publish")
        assert database.execute(count).fetchone() == (1500,)


FILL = "import django; django.setup(); from tests.bench import mail_site; mail_site.fill({0}); mail_site.reset()"
SUMS = (
    "import django; django.setup(); from tests.bench import mail_site; from newsletter import ticking;"
    " ticking.finish_all(); mail_site.check_sums({0})"
)


@pytest.mark.long
def test_an_issue_that_loses_its_database_in_the_middle_reaches_everybody(stack):
    """Marks wait for the disk here. Each kill may repeat one mail for each connection, the same to the byte."""
    recipients, workers, tally = 1500, 2, Tally()
    for name in ("beat", "beat-2"):
        if name in stack.running:
            stack.kill(name)  # the issue is sent by this test's own workers
    environment = dict(stack.environment)
    stack.environment |= {"NEWSLETTER_DURABLE_MARKS": "True", "NEWSLETTER_POSTAL_ADDRESS": "1 Fault Street"}
    try:
        with psycopg.connect(stack.database_url) as database:
            pending = database.execute("SELECT count(*) FROM newsletter_subscriber WHERE state <> 'active'").fetchone()[
                0
            ]
        filled = run(stack, "-c", FILL.format(recipients + pending))  # who asked in other tests gets nothing
        assert filled.wait(300) == 0, filled.communicate()
        with Server(record=tally, keep=False) as server:
            start = [run(stack, "-m", "tests.newsletter.worker", f"127.0.0.1:{server.port}") for _ in range(workers)]
            until(lambda: tally.total > recipients // 5)
            die(stack)
            for worker in start:
                worker.communicate(timeout=120)
            stack.start("database")
            half = tally.total
            while any(it.returncode for it in start):  # as their supervisor does
                start = [run(stack, "-m", "tests.newsletter.worker", f"127.0.0.1:{server.port}") for _ in start]
                for worker in start:
                    worker.communicate(timeout=300)
        sums = run(stack, "-c", SUMS.format(recipients))
        _, said = sums.communicate(timeout=120)
    finally:
        stack.environment = environment

    assert half < recipients, "the database died too late to prove anything"
    assert sums.returncode == 0, said
    assert len(tally.copies) == recipients
    assert tally.repeats <= workers
    assert tally.differing == []


@pytest.mark.long
@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_a_migration_that_was_interrupted_is_run_again_and_ends_well(stack, tmp_path, kind):
    """Killed again and again at another moment, until once it gets through; then nothing is missing."""
    environment = dict(stack.environment)
    if kind == "sqlite":
        stack.environment |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}"}
    else:
        with psycopg.connect(stack.server_url, autocommit=True) as server:
            server.execute("CREATE DATABASE interrupted")
        stack.environment |= {"DATABASE_URL": stack.server_url.rpartition("/")[0] + "/interrupted"}
    stack.environment |= {"CACHE_URL": "", "CELERY_BROKER_URL": ""}
    try:
        kills = 0
        for applied in (14, 16, 12):  # next are the accounts, the catalogue and the votes
            migrating = run(stack, "-u", "manage.py", "migrate", "--no-input")
            for _ in range(applied):
                line = migrating.stdout.readline()
                while line and "OK" not in line:
                    line = migrating.stdout.readline()
            kills += migrating.poll() is None
            migrating.kill()
            migrating.communicate()
        stack.manage("migrate", "--no-input")
        stack.manage("migrate", "--check")
        stack.manage("doctor")  # tables and triggers are all there
    finally:
        stack.environment = environment
    assert kills
