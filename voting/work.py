"""Proof of work: what a vote is asked for under alert (`voting.alert`), and nobody else.

It stops no one who pays for computers. It makes a script without one wait for the next pass, and a script with one slower.
The challenge is ALTCHA's (PBKDF2), signed here, for one tool, one voter and one minute. The library does not know which
challenges were spent: the database does.
"""

import base64
import binascii
import datetime
import json
import time
from typing import Any

import altcha
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from voting.models import SpentWork

ALGORITHM, COST, PREFIX = "PBKDF2/SHA-256", 5_000, "00"
HOLDS = datetime.timedelta(minutes=5)
LONGEST = 2_000
SIGNED = 64


class WorkRefused(Exception):
    """Why a solution is not taken, in words for the reader."""


def challenge(slug: str, voter: str, *, at: float | None = None) -> dict[str, Any]:
    """Return what a voter solves before a vote on a tool, as the script of the page takes it."""
    at = time.time() if at is None else at
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        key_prefix=PREFIX,
        expires_at=int(at + HOLDS.total_seconds()),
        data={"tool": slug, "voter": _voter(voter), "minute": int(at // 60)},
        hmac_secret=_secret(),
    )
    return made.to_dict()


def accept(solution: str, slug: str, voter: str) -> None:
    """Take a solution for a vote on a tool, once. Raises WorkRefused for any but a good, fresh and unspent one of it."""
    payload = _read(solution)
    found = altcha.verify_solution(payload, _secret())
    if found.expired:
        raise WorkRefused("That took too long. Please send your vote once more.")
    if not found.verified:
        raise WorkRefused("The check that came with this vote does not hold. Please send it once more.")
    about, now = payload.challenge.parameters.data or {}, int(time.time() // 60)
    age = now - int(about.get("minute", 0))
    if about.get("tool") != slug or not constant_time_compare(str(about.get("voter")), _voter(voter)):
        raise WorkRefused("The check that came with this vote belongs to another one. Please send it once more.")
    if not 0 <= age <= HOLDS.total_seconds() // 60:
        raise WorkRefused("That took too long. Please send your vote once more.")
    _spend(str(payload.challenge.signature), payload.challenge.parameters.expires_at or 0)


def forget_spent(now: datetime.datetime | None = None) -> int:
    """Delete the spent challenges that have run out: they are refused without being known."""
    return SpentWork.objects.filter(expires_at__lt=now or timezone.now()).delete()[0]


def _read(solution: str) -> altcha.Payload:
    try:
        if len(solution) > LONGEST:
            raise ValueError
        return altcha.Payload.from_dict(json.loads(base64.b64decode(solution, validate=True)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise WorkRefused("The check that came with this vote is not whole. Please send it once more.") from error


def _spend(signature: str, expires_at: float) -> None:
    """The first to write a challenge down has it, whoever else asks at the same moment."""
    until = datetime.datetime.fromtimestamp(expires_at, datetime.UTC)
    try:
        with transaction.atomic():
            SpentWork.objects.create(challenge=signature[:SIGNED], expires_at=until)
    except IntegrityError as error:
        raise WorkRefused("A vote was already sent with this check. Please send it once more.") from error


def _voter(voter: str) -> str:
    return salted_hmac("voting.work.voter", voter, algorithm="sha256").hexdigest()[:32]


def _secret() -> str:
    return salted_hmac("voting.work", "challenges", algorithm="sha256").hexdigest()
