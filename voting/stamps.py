"""Stamps: which tool a vote is about, and when its page was made, signed so that nobody can move either."""

import secrets
import time
from typing import NamedTuple

from django.core import signing

LONGEST_SECONDS = 24 * 60 * 60
EARLY_SECONDS = 60  # clocks of several machines differ
_signer = signing.Signer(salt="voting.stamp")


class StampRefused(Exception):
    """Why a stamp does not hold, in words for the reader."""


class Stamp(NamedTuple):
    """What a good stamp says: the random id of the page, and the milliseconds since it was made."""

    nonce: str
    age_ms: int


def new_nonce() -> str:
    """Return 128 random bits for one page. All stamps of a page share them."""
    return secrets.token_hex(16)


def stamp(slug: str, nonce: str, *, at: float | None = None) -> str:
    made = int((time.time() if at is None else at) * 1000)
    return _signer.sign(f"{slug}.{nonce}.{made}")


def read(text: str, slug: str) -> Stamp:
    """Return what a stamp says about a vote on a tool.

    Raises StampRefused for none, a forged one, one of another tool, one of more than a day ago and one of the future.
    """
    try:
        about, nonce, made = _signer.unsign(text).split(".")
    except (signing.BadSignature, ValueError) as error:
        raise StampRefused("This form is not one of ours, or not whole. Please send it once more.") from error
    if about != slug:
        raise StampRefused("This form belongs to another tool. Please send it once more.")
    age = time.time() - int(made) / 1000
    if not -EARLY_SECONDS <= age <= LONGEST_SECONDS:
        raise StampRefused("The page was open for more than a day. Please send the form once more.")
    return Stamp(nonce, max(0, int(age * 1000)))
