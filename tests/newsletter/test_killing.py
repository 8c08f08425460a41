"""What is killed loses nobody and repeats next to nothing: real processes on PostgreSQL. The long form is `killing.py`."""

import datetime
import signal
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from newsletter.addresses import fingerprint
from newsletter.finishing import ends_of, finish
from newsletter.freezing import freeze
from newsletter.models import Issue, SendBatch, Subscriber
from newsletter.schedule import period_after
from tests import factories
from tests.config.test_services import marked, needs_postgres
from tests.newsletter import killing
from tests.newsletter.smtp_server import Server

RECIPIENTS = 3_000


@pytest.fixture
def issue(transactional_db):
    """An issue that may go out now, to a few thousand readers."""
    factories.reviewed_tool("Cursor")
    now = timezone.now()
    Subscriber.objects.bulk_create(
        Subscriber(email=a, email_norm=a, address_hmac=fingerprint(a), state="active", confirmed_at=now)
        for a in (f"reader{n}@example.org" for n in range(RECIPIENTS))
    )
    made = Issue.of(period_after(now - datetime.timedelta(days=9)))
    Issue.objects.filter(pk=made.pk).update(cutoff_at=now)
    frozen = freeze(made.pk)
    SendBatch.objects.update(wave_at=now)
    return frozen


def environment():
    database = urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"]).geturl()
    return {"DATABASE_URL": database}


@marked(needs_postgres)
@pytest.mark.parametrize(("how", "repeats"), [(signal.SIGKILL, 5), (signal.SIGTERM, 0)], ids=["killed", "told to end"])
def test_five_workers_end_in_mid_sending_and_nobody_is_lost(issue, how, repeats):
    """Killed: at most one extra copy each, the same to the byte. Told to end: none at all."""
    tally = killing.Tally()

    with Server(record=tally, keep=False) as server:
        killing.run(server, tally, RECIPIENTS, 5, environment(), how)

    assert len(tally.copies) == RECIPIENTS
    assert tally.repeats <= repeats
    assert tally.differing == []
    assert ends_of(issue)["sent"] == RECIPIENTS
    assert finish(issue.pk)
