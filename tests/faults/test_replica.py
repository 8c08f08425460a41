"""A streaming standby as DATABASE_REPLICA_URL: readers are answered from it, votes go to the primary, and it may die."""

import os
import shutil
import subprocess

import psycopg
import pytest

from tests.faults.asking import ask
from tests.faults.readers import Promises
from tests.faults.waiting import until
from tests.stack import free_port, missing, postgres_programs, running_stack

pytestmark = pytest.mark.long


class Standby:
    """A second PostgreSQL server that follows the stack's own."""

    def __init__(self, stack, port):
        self.stack, self.port, self.data = stack, port, stack.folder / "standby"
        self.as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def copy(self):
        self.data.mkdir(mode=0o700)
        if self.as_owner:
            shutil.chown(self.data, "postgres")
        source = ["-h", "127.0.0.1", "-p", str(self.stack.ports["database"]), "-U", "shipworthy"]
        words = [str(postgres_programs() / "pg_basebackup"), *source, "-D", str(self.data), "-R", "-c", "fast"]
        subprocess.run([*self.as_owner, *words], cwd="/", check=True, stdout=subprocess.DEVNULL)

    def start(self):
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        words = [str(postgres_programs() / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        options = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200")
        self.stack._launch("standby", [*self.as_owner, *words, *(f"-c{it}" for it in options)])
        until(lambda: self.value("SELECT pg_is_in_recovery()"), words=lambda: self.stack.log("standby")[-2000:])

    def value(self, query):
        """The first column of a query's first row; None while the standby does not answer."""
        try:
            with psycopg.connect(f"postgres://shipworthy@127.0.0.1:{self.port}/shipworthy") as database:
                return database.execute(query).fetchone()[0]
        except psycopg.OperationalError:
            return None

    def reads(self):
        return self.value("SELECT sum(seq_scan + idx_scan) FROM pg_stat_user_tables WHERE relname LIKE 'tools_%'")


@pytest.fixture(scope="module")
def replicated():
    """A site whose pages are made anew each time, and its standby."""
    if lacking := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Missing on this machine: {lacking}")
    port = free_port()
    own = {
        "DATABASE_REPLICA_URL": f"postgres://shipworthy@127.0.0.1:{port}/shipworthy",
        "PAGE_CACHE_MEGABYTES": "0",
        "VOTE_PROOF_OF_WORK": "never",
        "TRUSTED_PROXIES": "1",
    }
    with running_stack("web-1", **own) as stack:
        standby = Standby(stack, port)
        standby.copy()
        standby.start()
        yield stack, standby


def test_readers_are_answered_from_a_standby_votes_by_the_primary_and_pages_go_on_without_it(replicated):
    stack, standby = replicated
    page = stack.url() + "/tools/?q=cursor"

    def looked_there():
        before = standby.reads()
        until(lambda: ask(page).status == 200 and standby.reads() > before, words=lambda: stack.log("web-1")[-2000:])

    looked_there()

    promises = Promises(stack)
    while promises.vote_count() < 5:
        promises.vote()
    assert promises.broken_votes() == []
    assert {it.status for it in promises.asked} == {200}
    with psycopg.connect(stack.database_url) as database:
        [cast] = database.execute("SELECT count(*) FROM voting_voteevent").fetchone()
    until(lambda: standby.value("SELECT count(*) FROM voting_voteevent") == cast)

    stack.kill("standby")
    until(lambda: ask(page).status == 200)  # what was under way may have been answered 503
    until(lambda: "replica_is_away" in stack.log("web-1"))
    assert {ask(page).status for _ in range(20)} == {200}
    promises.vote()
    assert promises.asked[-1].status == 200

    standby.start()
    looked_there()
    until(lambda: standby.value("SELECT count(*) FROM voting_voteevent") > cast)
    stack.manage("recount_votes")
