"""Sending a batch: claim, fill, hand over, write down, in strict order, one message at a time."""

import datetime
import logging
import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from newsletter import audience, leases, outcomes, pace, stopping
from newsletter.filling import Filler
from newsletter.leases import Lease, LeaseLost
from newsletter.ledger import Ledger, set_durability
from newsletter.models import Delivery, Issue, SendControl
from newsletter.schedule import DEADLINE
from newsletter.smtp import Message, Outcome, Unreachable
from newsletter.transports import Transport, open_transport

logger = logging.getLogger(__name__)
MOST_WAIT_SECONDS = 30 * 60
MOST_FAILURES = 5
LONG_LINE_SECONDS = 5  # a domain that takes its time does not hold up the others of its batch
SOON = datetime.timedelta(seconds=10)  # a batch that will be due so soon is waited for
RECENT = 500


@dataclass(slots=True)
class Row:
    """One open delivery of the batch, as it was claimed."""

    seq: int
    subscriber_id: int
    address: str
    edition: int
    snippets: str
    state: int
    attempts: int
    public_id: Any
    token_version: int = 1

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()


class Paused(Exception):
    """Somebody, or the rule about refusals, wants no more to be sent."""


class Sender:
    """One worker: its connection, its place in the line, and the batch it has at the moment."""

    def __init__(self, transport: Transport | None = None) -> None:
        self.transport = transport or open_transport()
        self.pace = pace.Pace(self.sleep)
        self.recent: deque[bool] = deque(maxlen=RECENT)
        self.lease: Lease | None = None
        self.fillers: dict[int, Filler] = {}
        self.renew_at = 0.0
        self.ineligible: set[int] = set()
        self.is_stopping = False
        set_durability()

    # Batches

    def work(self, seconds: float = MOST_WAIT_SECONDS, first: int | None = None) -> int:
        """Send batch after batch until none can be claimed, time is up, or the server is away; return how many."""
        done, ends = 0, monotonic() + seconds
        try:
            if first is not None:
                lease = leases.claim(first)
                if lease is None:
                    return 0
            else:
                lease = leases.claim()
            while lease is not None:
                went_well = self.send_batch(lease)
                done += 1
                if not went_well or monotonic() > ends or stopping.is_asked():
                    break
                lease = leases.claim() or self._claim_soon()
        finally:
            self.transport.close()
        return done

    def _claim_soon(self) -> Lease | None:
        """Wait for a batch that is about to come due, as one does whose domain takes little at a time."""
        due = leases.next_due(timezone.now() + SOON)
        if due is None:
            return None
        self.lease = None
        self.sleep(max(0.0, (due - timezone.now()).total_seconds()))
        return leases.claim()

    def send_batch(self, lease: Lease) -> bool:
        """Send what is open in a leased batch and give it back. Return False if sending should rest."""
        self.lease, self.ineligible, self.is_stopping = lease, set(), False
        self.transport.idle, self.transport.guard = self.keep, lease.check
        self.renew_at = monotonic() + leases.RENEW_SECONDS
        ledger = Ledger(lease)
        self.transport.before_end = partial(self._before_end, lease, ledger)
        try:
            try:
                with ledger:
                    self._send_rows(lease, ledger)
            except Paused:
                self.transport.drop()
            except Unreachable as error:
                self._rest(lease, error)
                return False
            lease.release()
        except LeaseLost:
            logger.warning("lost the lease of batch %s", lease.batch.pk)
            self.transport.drop()
            return True
        SendControl.objects.filter(id=1, failures__gt=0).update(failures=0)
        return not self.is_stopping

    @staticmethod
    def _before_end(lease: Lease, ledger: Ledger) -> None:
        """Let a text end, and so be accepted, only when the message before it is marked and the lease still holds."""
        ledger.settle()
        lease.check()

    def _rest(self, lease: Lease, error: Unreachable) -> None:
        """Give the batch back for later; after so many failures in a row a person has to look."""
        self.transport.drop()
        logger.error("the mail server cannot be used: %s", error)
        lease.release(outcomes.backoff(lease.batch.failures, random.random()))  # noqa: S311
        control = SendControl.get()
        control.failures += 1
        control.save(update_fields=["failures"])
        if control.failures >= MOST_FAILURES:
            self._pause(lease, f"The mail server cannot be used: {error}")

    def _send_rows(self, lease: Lease, ledger: Ledger) -> None:
        rows = list(self._rows(lease))
        by_seq: dict[object, Row] = {row.seq: row for row in rows}
        if self.pace.refresh():
            self.is_stopping = True
            return
        self.ineligible = audience.ineligible([row.subscriber_id for row in rows], lease.batch.issue.day)
        messages = self._messages(lease, ledger, rows)
        for outcome in self.transport.send(messages):
            self._take(lease, ledger, by_seq[outcome.message.key], outcome)
            if monotonic() > self.renew_at:
                self.keep()

    def _rows(self, lease: Lease) -> Iterator[Row]:
        now = timezone.now()
        found = Delivery.objects.open().filter(batch=lease.batch).exclude(next_attempt_at__gt=now).order_by("seq")
        rows = list(found.values_list("seq", "subscriber_id", "address", "edition", "snippets", "state", "attempts"))
        names = audience.names_in_links([row[1] for row in rows])
        for row in rows:
            yield Row(*row, *names.get(row[1], (None, 0)))

    def _messages(self, lease: Lease, ledger: Ledger, rows: list[Row]) -> Iterator[Message]:
        """Yield what is to be sent, filled; what is not is written down on the way."""
        filler = self._filler(lease)
        is_over = timezone.now() > lease.batch.wave_at + DEADLINE and not lease.batch.issue.is_late
        for row in rows:
            if self.is_stopping or stopping.is_asked():
                self.is_stopping = True
                return
            if row.subscriber_id in self.ineligible or row.public_id is None:
                ledger.skip(row.seq, "left before it was sent")
                continue
            if row.state == Delivery.State.DEFERRED and is_over:
                ledger.expire(row.seq)
                continue
            if (line := self.pace.line(row.domain)) > LONG_LINE_SECONDS:
                ledger.put_off(row.seq, timezone.now() + datetime.timedelta(seconds=line))
                continue
            self.pace.wait(row.domain)
            yield filler.message(row, lease.batch.wave_at)

    def _filler(self, lease: Lease) -> Filler:
        issue_id = lease.batch.issue_id
        if issue_id not in self.fillers:
            self.fillers = {issue_id: Filler(lease.batch.issue)}
        return self.fillers[issue_id]

    # Messages

    def _take(self, lease: Lease, ledger: Ledger, row: Row, outcome: Outcome) -> None:
        """Write down what became of one message, and draw the conclusions."""
        if outcome.is_accepted and outcome.reply is not None:
            ledger.accept(row.seq, outcome.reply)
            self.recent.append(False)
            return
        doubts = int(row.state == Delivery.State.UNCERTAIN)
        judgement = outcomes.judge(
            outcome,
            attempts=row.attempts,
            doubts=doubts,
            chance=random.random(),  # noqa: S311
            resend_doubtful=settings.NEWSLETTER_RESEND_DOUBTFUL,
        )
        if judgement.state == "DEFERRED" and self._too_late(lease, judgement):
            judgement = outcomes.Judgement("EXPIRED")
        ledger.settle()
        with transaction.atomic():
            ledger.mark(row.seq, judgement, outcome.reply)
            if judgement.is_address_dead or judgement.is_soft_bounce:
                audience.bounced(row.subscriber_id, is_final=judgement.is_address_dead)
        self.recent.append(judgement.is_policy)
        if judgement.slow_down:
            self._slow_down(row.domain, judgement.slow_down)
        if judgement.is_policy and outcomes.is_too_much_policy(list(self.recent)):
            words = outcome.reply.text if outcome.reply else ""
            self._pause(lease, f"The server refuses our mail: {words}")
            raise Paused

    def _too_late(self, lease: Lease, judgement: outcomes.Judgement) -> bool:
        start = max(lease.batch.wave_at, lease.batch.issue.frozen_at or lease.batch.wave_at)
        return judgement.wait is not None and timezone.now() + judgement.wait > start + DEADLINE

    def _slow_down(self, domain: str, who: str) -> None:
        if who == "server":
            pace.halve_all()
        else:
            pace.halve(domain)
        self.pace.refresh()

    def _pause(self, lease: Lease, reason: str) -> None:
        logger.error("issue %s is paused: %s", lease.batch.issue_id, reason)
        try:
            Issue.objects.get(pk=lease.batch.issue_id).pause(reason)
        except ValidationError:
            return  # another worker has already paused it

    # Meanwhile

    def keep(self) -> None:
        """Keep the lease, and look whether anything has changed: a pause, a rate, who may still be written to."""
        assert self.lease is not None
        self.lease.renew()
        self.renew_at = monotonic() + leases.RENEW_SECONDS
        state = Issue.objects.values_list("state", flat=True).get(pk=self.lease.batch.issue_id)
        if self.pace.refresh() or state != Issue.State.SENDING:
            self.is_stopping = True
        waiting = Delivery.objects.open().filter(batch=self.lease.batch).values_list("subscriber_id", flat=True)
        self.ineligible |= audience.ineligible(list(waiting), self.lease.batch.issue.day)

    def sleep(self, seconds: float) -> None:
        """Wait in small pieces, keeping the lease."""
        until = monotonic() + seconds
        while (rest := until - monotonic()) > 0 and not stopping.is_asked():
            time.sleep(min(rest, 0.5))
            if self.lease and monotonic() > self.renew_at:
                self.keep()
