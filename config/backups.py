"""Backups: the database and the uploads of one moment, and the way back.

What must not outlive its purpose is left out: the salts behind the signals of votes, the signals themselves, sessions.
"""

import hashlib
import json
import os
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

LEFT_OUT = ["voting_salt", "voting_votesignal", "django_session", "tools_touch"]
MANIFEST, MEDIA = "manifest.json", "media.tar"


class BackupError(Exception):
    """A backup that cannot be made or put back; the message says why and what to do."""


def make(folder: Path) -> dict[str, int]:
    """Write a backup into an empty folder and return the rows of each table in it. Raises BackupError.

    What could not be written whole, as on a full disk, is taken away again; without its manifest it is no backup anyway.
    """
    try:
        return _make(folder)
    except (OSError, DatabaseError) as error:
        for name in (MANIFEST, MEDIA, "database.dump", "database.sqlite3"):
            (folder / name).unlink(missing_ok=True)
        raise BackupError(f"The backup could not be written: {error}. Is the disk of {folder} full?") from error


def _make(folder: Path) -> dict[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty. A backup is never written over another.")
    folder.chmod(0o700)
    database = folder / ("database.dump" if connection.vendor == "postgresql" else "database.sqlite3")
    _dump_postgres(database) if connection.vendor == "postgresql" else _copy_sqlite(database)
    with tarfile.open(folder / MEDIA, "w") as archive:
        if settings.MEDIA_ROOT.exists():
            archive.add(settings.MEDIA_ROOT, arcname="media")
    rows = _rows_of_copy(database) if connection.vendor == "sqlite" else _rows()
    manifest = {
        "made_at": timezone.now().isoformat(),
        "database": database.name,
        "rows": rows,
        "sha256": {it.name: _digest(it) for it in (database, folder / MEDIA)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    return rows


def restore(folder: Path, *, overwrite: bool = False) -> dict[str, int]:
    """Put a backup into the database of the settings and return the rows found there afterwards. Raises BackupError."""
    manifest = _checked_manifest(folder)
    database = folder / manifest["database"]
    if (database.suffix == ".dump") != (connection.vendor == "postgresql"):
        raise BackupError(f"{database.name} is for the other kind of database. DATABASE_URL has to name the same kind.")
    if connection.introspection.table_names() and not overwrite:
        raise BackupError(
            "The database is not empty. Restore into an empty one, or say --overwrite to lose what is there."
        )
    _load_postgres(database) if connection.vendor == "postgresql" else _load_sqlite(database)
    with tarfile.open(folder / MEDIA) as archive:
        archive.extractall(settings.MEDIA_ROOT.parent, filter="data")
    rows = _rows()
    wrong = [name for name, count in manifest["rows"].items() if rows.get(name) != count]
    if wrong:
        raise BackupError(
            f"The rows of {', '.join(sorted(wrong))} are not those of the backup. Do not use this database."
        )
    return rows


def _checked_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        wrong = [name for name, digest in manifest["sha256"].items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError) as error:
        raise BackupError(f"{folder} holds no whole backup: {error}") from error
    if wrong:
        raise BackupError(f"{', '.join(wrong)} is not what was written. The backup is damaged.")
    return manifest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tables() -> Iterable[str]:
    return (name for name in connection.introspection.table_names() if name not in LEFT_OUT)


def _rows() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for name in sorted(_tables()):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608 - names of our own tables
            found[name] = cursor.fetchone()[0]
    return found


# SQLite


def _copy_sqlite(target: Path) -> None:
    """Copy by SQLite's own means: whole even while others write, then without what is left out."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(target)])
    copy = sqlite3.connect(target)
    try:
        copy.execute("PRAGMA secure_delete = ON")  # what is left out is not left behind in the file's free pages
        present = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for name in present & set(LEFT_OUT):
            copy.execute(f'DELETE FROM "{name}"')  # noqa: S608 - names of our own tables
        copy.commit()
    finally:
        copy.close()


def _rows_of_copy(path: Path) -> dict[str, int]:
    copy = sqlite3.connect(path)
    try:
        return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(_tables())}  # noqa: S608
    finally:
        copy.close()


def _load_sqlite(source: Path) -> None:
    connection.ensure_connection()
    kept = sqlite3.connect(source)
    try:
        kept.backup(connection.connection)
    finally:
        kept.close()
    connection.close()


# PostgreSQL: by its own programs, which keep triggers, constraints and sequences


def _run(program: str, *words: str) -> None:
    known = connection.get_connection_params()
    environment = os.environ | {"PGPASSWORD": str(known.get("password") or "")}
    where = {"--host": known.get("host"), "--port": known.get("port"), "--username": known.get("user")}
    named = [str(it) for pair in where.items() if pair[1] for it in pair]
    command = [program, *named, "--no-password", *words]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise BackupError(f"{program} is not on this machine. Install PostgreSQL's client programs.") from error
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _dump_postgres(target: Path) -> None:
    left_out = [f"--exclude-table-data=public.{name}" for name in LEFT_OUT]
    _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", *left_out, f"--dbname={_name()}")


def _load_postgres(source: Path) -> None:
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    _run(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={_name()}", str(source)
    )
