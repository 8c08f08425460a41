"""Tokens in links: signed ones that always work, and random ones that work once.

A signed token is kid | purpose | public id | issue | version | the first 16 bytes of an HMAC-SHA256, in base64url: 54
characters, no row and no expiry. Its keys are settings.NEWSLETTER_KEYS: the newest signs, the former stay believed.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
import uuid
from typing import NamedTuple

from django.conf import settings

UNSUBSCRIBE, PREFERENCES = b"u", b"p"
BODY = struct.Struct(">Bc16sIH")
MAC_BYTES = 16


class Claim(NamedTuple):
    """What a good token says."""

    public_id: uuid.UUID
    issue_no: int
    version: int


def unsubscribe_token(public_id: uuid.UUID, issue_no: int = 0) -> str:
    """Return a token that ends the subscription, for ever. It says nothing else about its reader."""
    return _signed(UNSUBSCRIBE, public_id, issue_no, 0)


def preferences_token(public_id: uuid.UUID, issue_no: int = 0, version: int = 1) -> str:
    """Return a token for the preferences page; it holds until the subscriber's `token_version` has moved on."""
    return _signed(PREFERENCES, public_id, issue_no, version)


def read(token: str, purpose: bytes) -> Claim | None:
    """Return what a token says; None for one that is not whole, of another purpose, or not signed by a key of ours."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    if len(raw) != BODY.size + MAC_BYTES or _text(raw) != token:
        return None
    body, mac = raw[: BODY.size], raw[BODY.size :]
    kid, said, public_id, issue_no, version = BODY.unpack(body)
    key = settings.NEWSLETTER_KEYS.get(kid)
    if not hmac.compare_digest(mac, _mac(key or "no such key", body)) or key is None or said != purpose:
        return None
    return Claim(uuid.UUID(bytes=public_id), issue_no, version)


def new_secret() -> tuple[str, bytes]:
    """Return 256 random bits for a link, and the digest that the database keeps of them."""
    secret = secrets.token_urlsafe(32)
    return secret, digest(secret)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _signed(purpose: bytes, public_id: uuid.UUID, issue_no: int, version: int) -> str:
    kid, key = next(iter(settings.NEWSLETTER_KEYS.items()))
    body = BODY.pack(kid, purpose, public_id.bytes, issue_no, version)
    return _text(body + _mac(key, body))


def _mac(key: str, body: bytes) -> bytes:
    return hmac.digest(key.encode(), body, hashlib.sha256)[:MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
