"""Writing down what became of each message, at once, and only by whoever holds the batch's lease.

A message counts as accepted when its text has ended. So the mark of one and the text of the next travel at the same time,
and only the end of that text, a dot, waits for the mark: a worker that is killed leaves one message in doubt, no more.
"""

import datetime
from contextlib import ExitStack
from typing import Any, Self

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

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
SET state = 1, attempts = attempts + 1, next_attempt_at = NULL, smtp_code = {}, enhanced = '', reply = {}, sent_at = {}
WHERE batch_id = {} AND seq = {}
AND EXISTS (SELECT 1 FROM newsletter_sendbatch WHERE id = {} AND lease_token = {} AND state = 'leased')
"""
PLACES = [f"${place}" for place in range(1, 8)]
PREPARED = b"mark_accepted"
_INT2, _INT8, _TEXT, _TIME = 21, 20, 25, 1184  # of PostgreSQL's pg_type
_TYPES = [_INT2, _TEXT, _TIME, _INT8, _INT2, _INT8, _INT8]


class Ledger:
    """The ledger of one leased batch, for `with`: at its end all is written.

    On PostgreSQL the mark of an accepted message is a prepared statement, and on its way while the next text is on its
    way too. `settle` waits for it; before that no text may end, and nothing else may be asked of the connection.
    """

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._key = (lease.batch.pk, lease.token)
        self._under_way, self._written = False, 1
        self._server: PGconn | None = None
        self._stack = ExitStack()
        if connection.vendor == "postgresql":
            connection.ensure_connection()
            self._server = connection.connection.pgconn
            self._prepare(self._server)

    @staticmethod
    def _prepare(server: PGconn) -> None:
        """Let the server know the statement. Asked of each batch: a rollback may have dropped all statements since."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = %s", [PREPARED.decode()])
            known = cursor.fetchone()
        if not known:
            _succeed(server.prepare(PREPARED, ACCEPTED.format(*PLACES).encode(), _TYPES), server)

    def __enter__(self) -> Self:
        self._stack.enter_context(connection.execute_wrapper(self._after_the_mark))
        return self

    def __exit__(self, *exc: object) -> None:
        with self._stack:
            self.settle()

    def accept(self, seq: int, reply: Reply) -> None:
        """Begin to write that a message was handed over; `settle` tells whether it was written."""
        self.settle()
        batch, token = self._key
        words, now = reply.text[:160].replace("\x00", ""), timezone.now()
        if self._server is None:
            at = connection.ops.adapt_datetimefield_value(now)
            self._run(ACCEPTED.format(*["%s"] * 7), (reply.code, words, at, batch, seq, batch, token))
            return
        values = [str(value).encode() for value in (reply.code, words, now.isoformat(), batch, seq, batch, token)]
        self._server.send_query_prepared(PREPARED, values)
        self._under_way = True
        self._server.flush()

    def settle(self) -> None:
        """Wait until what `accept` began is written. Raises LeaseLost when the batch is another worker's by now."""
        self._collect()
        written, self._written = self._written, 1
        if written != 1:
            raise LeaseLost

    def _collect(self) -> None:
        if not self._under_way or self._server is None:
            return
        self._under_way = False
        result = last = self._server.get_result()
        while last is not None:
            last = self._server.get_result()
        self._written = _succeed(result, self._server)

    def _after_the_mark(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Let a query of Django's wait for the mark that is on its way over the same connection."""
        self._collect()
        return execute(sql, params, many, context)

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
        if self._server is None:
            due, at = (connection.ops.adapt_datetimefield_value(moment) for moment in (due, at))
        self._run(MARK, (int(state), charge, due, code, enhanced, reply, at, batch, seq, batch, token))

    def _run(self, statement: str, values: tuple) -> None:
        self.settle()
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            changed = cursor.rowcount
        if changed != 1:
            raise LeaseLost


def _succeed(result: PGresult | None, server: PGconn) -> int:
    """Return how many rows were changed. Raises what psycopg would raise."""
    if result is None or result.status != ExecStatus.COMMAND_OK:
        state = result.error_field(DiagnosticField.SQLSTATE) if result else None
        kind = psycopg.errors.lookup(state.decode()) if state else psycopg.OperationalError
        raise kind((result or server).get_error_message())
    return result.command_tuples or 0


def set_durability() -> None:
    """Choose whether each mark waits for the disk. Without, a crash of PostgreSQL itself may repeat its last half second."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit = {'on' if settings.NEWSLETTER_DURABLE_MARKS else 'off'}")
