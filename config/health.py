"""What an operator should know: each finding is one plain sentence, with what to do about it."""

import shutil
import time
from collections.abc import Callable, Iterator

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import KombuError

from config.celery import app as celery
from config.findings import Finding, error, ok, warning
from config.staleness import STALE
from tools.models import Tool

LEAST_FREE_BYTES = 1024**3
MOST_CLOCK_SECONDS = 5
PATIENCE_SECONDS = 3


def examine() -> Iterator[Finding]:
    """Yield every finding. Without a database the rest that needs one is left out."""
    try:
        yield from _database()
        for question in QUESTIONS_OF_THE_DATABASE:
            yield from question()
    except DatabaseError as problem:
        yield error(
            f"The database does not answer: {str(problem).splitlines()[0]}. Is DATABASE_URL right, and is it running?"
        )
    for question in QUESTIONS:
        yield from question()


def _database() -> Iterator[Finding]:
    connection.ensure_connection()
    version = ".".join(map(str, connection.get_database_version()))
    yield ok(f"The database answers: {connection.display_name} {version}.")
    if connection.vendor == "postgresql" and connection.get_database_version() < (15,):
        yield error("PostgreSQL is older than 15, the oldest this site is tested with.")
    if connection.vendor == "sqlite" and settings.CACHE_URL:
        yield warning("SQLite with Redis: several processes can share one file, several machines cannot.")


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    left = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if left:
        names = ", ".join(str(migration) for migration, _ in left[:5])
        yield error(f"{len(left)} migrations have not been applied ({names} …). Run manage.py migrate.")
    else:
        yield ok("Every migration has been applied.")


def _tables() -> Iterator[Finding]:
    present = set(connection.introspection.table_names())
    missing = sorted(
        it._meta.db_table for it in apps.get_models() if it._meta.managed and it._meta.db_table not in present
    )
    if missing:
        yield error(f"Tables are missing: {', '.join(missing)}. Run manage.py migrate.")


def _triggers() -> Iterator[Finding]:
    """Published words, the logs and the kept pages rest on triggers; a table rebuilt by hand has lost its own."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname, tgenabled <> 'D' FROM pg_trigger WHERE NOT tgisinternal")
        else:
            cursor.execute("SELECT name, 1 FROM sqlite_master WHERE type = 'trigger'")
        found = dict(cursor.fetchall())
    off = sorted(name for name, enabled in found.items() if not enabled)
    if off:
        yield error(f"Triggers are switched off: {', '.join(off)}. Published words could be overwritten unnoticed.")
    names = ("tools_tool", "tools_price", "tools_fact", "voting_tally", "voting_case")
    tables = (*names, "verdicts_verdict", "verdicts_comparison")
    lost = [it for it in tables if f"{it}_touch_update" not in found]
    if lost:
        yield error(
            f"Kept pages would not notice changes of {', '.join(lost)}: their triggers are missing. Restore a backup."
        )


def _clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        before = time.time()
        if connection.vendor == "postgresql":
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            apart = abs(float(cursor.fetchone()[0]) - (before + time.time()) / 2)
            if apart > MOST_CLOCK_SECONDS:
                yield error(f"The clocks of this machine and the database are {apart:.0f} s apart. Set them by NTP.")


def _content() -> Iterator[Finding]:
    if settings.IS_HTTPS and Tool.objects.filter(is_sample=True).exists():
        yield warning("Sample content stands on a public site. Its footer says so; a site of your own starts empty.")


def _settings() -> Iterator[Finding]:
    if settings.DEBUG:
        yield warning("DEBUG is on: error pages show settings, and no page is kept. Right for development only.")
        return
    if not settings.IS_HTTPS:
        yield warning("SITE_URL begins with http: cookies and forms travel in the clear. Right on one machine only.")
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        yield warning(
            "Static files have not been collected: they are served uncompressed. Run manage.py collectstatic."
        )
    if settings.IS_HTTPS and str(settings.MAILERS["default"]["BACKEND"]).endswith(
        ("filebased.EmailBackend", "console.EmailBackend")
    ):
        yield error("Mail goes to a file, not to readers: sign-in codes and confirmations do not arrive. Set MAIL_URL.")
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        yield warning("TRUSTED_PROXIES is 0: behind a proxy all readers share one address, and one throttle.")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.VAR_DIR).free
    if free < LEAST_FREE_BYTES:
        yield error(f"Only {free // 1024**2} MB are free where the site keeps its files.")


def _cache() -> Iterator[Finding]:
    if not settings.CACHE_URL:
        yield ok("No shared cache: each process keeps its own pages and counts throttles for itself.")
        return
    try:
        store = redis.Redis.from_url(
            settings.CACHE_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )
        store.ping()
    except redis.RedisError as problem:
        yield error(
            f"The cache does not answer ({problem}). Pages go on, throttles let everyone by. Is CACHE_URL right?"
        )
    else:
        yield ok("The cache answers.")


def _jobs() -> Iterator[Finding]:
    if settings.CELERY_TASK_ALWAYS_EAGER:
        yield ok("No broker: jobs run at once, in the process that asks for them; nothing runs by the schedule.")
        return
    try:
        queues = celery.control.inspect(timeout=PATIENCE_SECONDS).active_queues() or {}
    except (OSError, KombuError, redis.RedisError) as problem:
        yield error(
            f"The broker does not answer ({problem}). Jobs wait and are made up for later. Is CELERY_BROKER_URL right?"
        )
        return
    served = {queue["name"] for of_worker in queues.values() for queue in of_worker}
    wanted = {"celery", *(route["queue"] for route in getattr(settings, "CELERY_TASK_ROUTES", {}).values())}
    if wanted - served:
        yield error(f"No worker takes jobs from {', '.join(sorted(wanted - served))}. Start one (see compose.yaml).")
    else:
        yield ok(f"{len(queues)} workers answer, for every queue.")


Question = Callable[[], Iterator[Finding]]
QUESTIONS_OF_THE_DATABASE: list[Question] = [_migrations, _tables, _triggers, _clock, _content, *STALE]
QUESTIONS: list[Question] = [_settings, _disk, _cache, _jobs]
