"""Writing down what became of each message, at once, and only by whoever holds the batch's lease."""

import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone

from newsletter.leases import Lease, LeaseLost
from newsletter.models import Delivery
from newsletter.outcomes import Judgement
from newsletter.smtp import Reply

STATES: Any = Delivery.State
MARK = """
UPDATE newsletter_delivery
SET state = %s, attempts = attempts + %s, next_attempt_at = %s, smtp_code = %s, enhanced = %s, reply = %s, sent_at = %s
WHERE batch_id = %s AND seq = %s
AND EXISTS (SELECT 1 FROM newsletter_sendbatch WHERE id = %s AND lease_token = %s AND state = 'leased')
"""


# What nearly every message comes to, with as little to bind as there is.
ACCEPTED = """
UPDATE newsletter_delivery
SET state = 1, attempts = attempts + 1, next_attempt_at = NULL, smtp_code = %s, enhanced = '', reply = %s, sent_at = %s
WHERE batch_id = %s AND seq = %s
AND EXISTS (SELECT 1 FROM newsletter_sendbatch WHERE id = %s AND lease_token = %s AND state = 'leased')
"""


class Ledger:
    """The ledger of one leased batch.

    On PostgreSQL the statements are prepared by the server and kept, which Django's own cursor would not do.
    """

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._key = (lease.batch.pk, lease.token)
        connection.ensure_connection()
        self._prepared = psycopg.Cursor(connection.connection) if connection.vendor == "postgresql" else None

    def accept(self, seq: int, reply: Reply) -> None:
        """Write that a message was handed over. Raises LeaseLost when the batch is another worker's by now."""
        batch, token = self._key
        at = timezone.now() if self._prepared else connection.ops.adapt_datetimefield_value(timezone.now())
        self._run(ACCEPTED, (reply.code, reply.text[:160].replace("\x00", ""), at, batch, seq, batch, token))

    def mark(self, seq: int, judgement: Judgement, reply: Reply | None) -> None:
        """Write what became of one delivery. Raises LeaseLost when the batch is another worker's by now."""
        now = timezone.now()
        code, enhanced, words = (reply.code, reply.enhanced, reply.text[:160]) if reply else (0, "", "")
        due = now + judgement.wait if judgement.wait is not None else None
        self._write(
            seq,
            STATES[judgement.state].value,
            int(judgement.charged),
            due,
            code,
            enhanced,
            words.replace("\x00", ""),
            now if judgement.state == "SENT" else None,
        )

    def skip(self, seq: int, reason: str) -> None:
        """Write that a delivery is not to be made."""
        self._write(seq, STATES.SKIPPED, 0, None, 0, "", reason, None)

    def expire(self, seq: int) -> None:
        self._write(seq, STATES.EXPIRED, 0, None, 0, "", "not accepted within a day", None)

    def put_off(self, seq: int, until: datetime.datetime) -> None:
        """Write that a delivery has to wait, through no fault of its own."""
        self._write(seq, STATES.DEFERRED, 0, until, 0, "", "its domain asked for less", None)

    def _write(
        self, seq: int, state: int, charge: int, due: Any, code: int, enhanced: str, reply: str, at: Any
    ) -> None:
        batch, token = self._key
        if self._prepared is None:
            due, at = (connection.ops.adapt_datetimefield_value(moment) for moment in (due, at))
        self._run(MARK, (int(state), charge, due, code, enhanced, reply, at, batch, seq, batch, token))

    def _run(self, statement: str, values: tuple) -> None:
        if self._prepared is not None:
            changed = self._prepared.execute(statement.encode(), values, prepare=True).rowcount
        else:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                changed = cursor.rowcount
        if changed != 1:
            raise LeaseLost


def set_durability() -> None:
    """Choose whether each mark waits for the disk. Without, a crash of PostgreSQL itself may repeat its last half second."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit = {'on' if settings.NEWSLETTER_DURABLE_MARKS else 'off'}")
