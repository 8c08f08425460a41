"""A throw-away database with an issue frozen for as many made-up readers as a run needs."""

import datetime
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from newsletter import freezing, schedule, ticking
from newsletter.addresses import fingerprint
from newsletter.finishing import ends_of, finish
from newsletter.models import Delivery, Edition, Issue, SendBatch, Subscriber
from tests.bench.sites import _Nowhere, use

CHUNK = 10_000


@contextmanager
def site(readers: int) -> Iterator[str]:
    """Make a database with verdicts to send and an issue frozen for so many readers; give its name, leave nothing."""
    settings.DATABASES["default"].setdefault("TEST", {})
    own = str(connection.settings_dict["NAME"])
    with TemporaryDirectory() as folder:
        name = f"bench_mail_{own}" if on_postgres() else str(Path(folder) / "bench.sqlite3")
        connection.settings_dict["TEST"]["NAME"] = name
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            use(name)
            call_command("synthetic_site", tools=40, votes=2_000, verbosity=0, stdout=_Nowhere())
            fill(readers)
            yield name
        finally:
            use(name)
            connection.creation.destroy_test_db(own, verbosity=0)


def on_postgres() -> bool:
    return connection.vendor == "postgresql"


def broker() -> str:
    return "" if settings.CELERY_TASK_ALWAYS_EAGER else settings.CELERY_BROKER_URL


def environment(name: str, where: str) -> dict[str, str]:
    """Return what a sending process has to know: this database, that server."""
    database = (
        urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl() if on_postgres() else f"sqlite:///{name}"
    )
    return {
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker(),
        "MAIL_BULK_URL": f"smtp://{where}",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Bench Street",
        "PYTHONPATH": os.getcwd(),
    }


def fill(readers: int) -> float:
    """Freeze a new issue for so many readers, in place of any before it; return the seconds that freezing took."""
    issue = prepare(readers)
    start = time.perf_counter()
    freezing.freeze(issue)
    return time.perf_counter() - start


def prepare(readers: int) -> int:
    """Make so many readers and an issue whose hour has come, in place of any before it; return the issue's key."""
    Delivery.objects.all().delete()
    for issue in Issue.objects.all():
        issue.delete()
    have = Subscriber.objects.count()
    for first in range(have, readers, CHUNK):
        Subscriber.objects.bulk_create(_reader(number) for number in range(first, min(first + CHUNK, readers)))
    if have > readers:
        Subscriber.objects.filter(pk__in=Subscriber.objects.order_by("-pk").values("pk")[: have - readers]).delete()
    if on_postgres():
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE newsletter_subscriber")
    past = schedule.period_after(timezone.now() - datetime.timedelta(days=9))
    issue = Issue.of(past)
    Issue.objects.filter(pk=issue.pk).update(cutoff_at=timezone.now())
    return issue.pk


def _reader(number: int) -> Subscriber:
    address = f"reader{number}@bench.example"
    return Subscriber(
        email=address,
        email_norm=address,
        address_hmac=fingerprint(address),
        state="active",
        confirmed_at=timezone.now(),
    )


def mail() -> bytes:
    return bytes(Edition.objects.order_by("-item_count")[0].mime)


def reset() -> None:
    """Let the issue be sent again."""
    with transaction.atomic():
        sent = Delivery.objects.exclude(state=Delivery.State.PENDING)
        sent.update(state=0, attempts=0, next_attempt_at=None, sent_at=None, smtp_code=0, reply="")
        SendBatch.objects.update(state="ready", next_attempt_at=None, lease_until=None, sent=0)
        now = timezone.now()
        SendBatch.objects.update(wave_at=now - datetime.timedelta(seconds=1))
        Issue.objects.filter(frozen_at__isnull=False).update(state="sending", finished_at=None)
    if on_postgres():
        with connection.cursor() as cursor:
            cursor.execute("VACUUM newsletter_delivery")


def check_sums(count: int) -> None:
    issue = Issue.objects.get(frozen_at__isnull=False)
    ends = ends_of(issue)
    if ends["sent"] != count or sum(ends.values()) != count or issue.recipient_count != count:
        raise RuntimeError(f"The sums are not equal: {dict(ends)} of {count}.")


def finished(count: int) -> dict[str, int]:
    """Call the issue done, and return its sums, which are all equal."""
    issue = Issue.objects.get(frozen_at__isnull=False)
    if not finish(issue.pk):
        raise RuntimeError("The issue could not be called done.")
    check_sums(count)
    issue.refresh_from_db()
    readers = Delivery.objects.aggregate(n=Count("subscriber_id", distinct=True))["n"]
    batches = SendBatch.objects.aggregate(sizes=Sum("size"), sent=Sum("sent"))
    candidates = issue.candidate_count - issue.excluded_count
    sums = {"candidates less excluded": candidates, "recipients": issue.recipient_count, "readers": readers, **batches}
    if set(sums.values()) != {count}:
        raise RuntimeError(f"The sums are not equal: {sums} of {count}.")
    return {**sums, **ends_of(issue)}


def seconds_of_a_tick() -> float:
    start = time.perf_counter()
    ticking.tick()
    return time.perf_counter() - start
