"""Addresses: what counts as one, when two are the same, and how one is remembered without being kept."""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

from disposable_email_domains import blocklist as DISPOSABLE
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

ROLES = frozenset(
    [
        "abuse",
        "admin",
        "administrator",
        "hostmaster",
        "mailer-daemon",
        "mailerdaemon",
        "no-reply",
        "noc",
        "noreply",
        "do-not-reply",
        "donotreply",
        "nobody",
        "postmaster",
        "root",
        "security",
        "spam",
        "usenet",
        "uucp",
        "webmaster",
        "www",
    ]
)
MOST_CHARACTERS = 254
NOT_ONE = "That is not an e-mail address. It needs one @, as in name@example.org."
TOO_LONG = "That address is too long."
NOT_ASCII = "The part before the @ may hold only plain letters, digits and signs: we could not send to it otherwise."


class Refused(ValueError):
    """Why this is not an address, in words for whoever typed it. They never repeat it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address in the form it is mailed to (`email`) and the form two of them are compared in (`norm`)."""

    email: str
    norm: str

    @property
    def is_disposable(self) -> bool:
        """Whether its domain, or one it belongs to, hands out addresses to be thrown away."""
        labels = self.norm.rpartition("@")[2].split(".")
        return any(".".join(labels[start:]) in DISPOSABLE for start in range(len(labels) - 1))

    @property
    def is_role(self) -> bool:
        """Whether it reaches an office rather than a person."""
        return self.norm.partition("@")[0] in ROLES

    @property
    def is_wanted(self) -> bool:
        return not (self.is_disposable or self.is_role)


def parse(text: str) -> Address:
    """Return the address that was typed, its domain in ASCII.

    Case and Unicode forms are made equal. Dots and plus tags are kept: what they mean is the receiver's business.
    Raises Refused.
    """
    text = unicodedata.normalize("NFC", text.strip())
    if len(text) > MOST_CHARACTERS:
        raise Refused(TOO_LONG)
    if not text.isprintable():
        raise Refused(NOT_ONE)
    try:
        found = validate_email(
            text,
            strict=True,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            check_deliverability=False,
        )
    except EmailNotValidError as error:
        local = text.rpartition("@")[0]
        raise Refused(NOT_ASCII if local and not local.isascii() else NOT_ONE) from error
    email = found.ascii_email
    if email is None or len(email) > MOST_CHARACTERS:
        raise Refused(TOO_LONG)
    local, _, domain = email.rpartition("@")
    return Address(f"{local}@{domain.lower()}", email.lower())


def fingerprint(norm: str) -> bytes:
    """Return the keyed digest an address is remembered by when the address itself may not be."""
    return hmac.digest(settings.NEWSLETTER_ADDRESS_KEY.encode(), norm.encode(), hashlib.sha256)
