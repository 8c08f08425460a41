"""Databases that are copies of one: to migrate an empty one takes long, and many tests begin with it."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from tests.environment import RUN, RUN_FOLDER, TESTING

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = f"template_{RUN}"


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """Return a file or folder that the first process of this run to ask has made; the others wait for it meanwhile."""
    RUN_FOLDER.mkdir(exist_ok=True)
    file, part = RUN_FOLDER / name, RUN_FOLDER / f"{name}.part"
    with (RUN_FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            make(part)
            part.rename(file)
    return file


def migrated_file() -> Path:
    """Return an SQLite database with tables and no rows, to be copied."""

    def make(part: Path) -> None:
        migrate(f"sqlite:///{part}")
        with closing(sqlite3.connect(part)) as database:
            database.execute("PRAGMA journal_mode=DELETE")  # all of it in one file

    return made_once("migrated.sqlite3", make)


def migrate(database: str) -> None:
    away = {"DATABASE_URL": database, "CACHE_URL": "", "CELERY_BROKER_URL": ""}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | TESTING | away, check=True)


@contextmanager
def ready_for_tests() -> Iterator[None]:
    """Put a copy where Django looks for its test database, to be set up in the block."""
    from django.db import connection

    if connection.vendor == "postgresql":
        _copy_beside(os.environ["DATABASE_URL"], connection.creation._get_test_db_name())
        yield
    else:
        # A database in memory is there for as long as somebody is connected.
        with closing(sqlite3.connect("file:memorydb_default?mode=memory&cache=shared", uri=True)) as memory:
            with closing(sqlite3.connect(migrated_file())) as file:
                file.backup(memory)
            yield


def _copy_beside(given: str, name: str) -> None:
    def make(part: Path) -> None:
        database.execute(f'CREATE DATABASE "{TEMPLATE}"')
        migrate(beside(given, TEMPLATE))
        part.touch()

    with psycopg.connect(given, dbname="postgres", autocommit=True) as database:
        made_once("migrated.postgres", make)
        database.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        database.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')


def beside(address: str, name: str) -> str:
    """Return the address of another database of the same server."""
    base, _, options = address.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


def hang_up() -> None:
    """End what else is connected to the test database: a thread of the last test may not have come to it yet."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )


def forget() -> None:
    """Drop what was copied."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        with psycopg.connect(given, dbname="postgres", autocommit=True) as database:
            database.execute(f'DROP DATABASE IF EXISTS "{TEMPLATE}" WITH (FORCE)')
