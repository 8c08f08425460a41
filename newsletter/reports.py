"""Delivery reports (RFC 3464) and complaints (RFC 5965) as mails: which address, and what of it."""

import hashlib
import re
from email import message_from_bytes, policy
from email.message import Message
from typing import NamedTuple

from newsletter.models import ProviderEvent

Kind = ProviderEvent.Kind
DEAD = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}


class Report(NamedTuple):
    """One thing a mail reports. The id is a digest of the mail and the address: the same mail twice is one report."""

    kind: str
    address: str
    code: str
    event_id: str


def read(raw: bytes) -> list[Report]:
    """Return what a mail reports; nothing for a mail that is no report."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    digest = hashlib.sha256(raw).hexdigest()
    found: list[tuple[str, str, str]] = []
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload() if part.is_multipart() else []
            found += [told for block in blocks if isinstance(block, Message) and (told := _delivery(block))]
        elif part.get_content_type() == "message/feedback-report":
            found += _complaint(part, mail)
    return [Report(kind, address, code, f"{digest[:56]}-{place}") for place, (kind, address, code) in enumerate(found)]


def _delivery(block: Message) -> tuple[str, str, str] | None:
    address = str(block.get("Final-Recipient") or block.get("Original-Recipient") or "").partition(";")[2].strip()
    code = next(iter(re.findall(r"[245]\.\d{1,3}\.\d{1,3}", str(block.get("Status", "")))), "")
    action = str(block.get("Action", "")).strip().lower()
    if not address or action not in {"failed", "delayed", "delivered"}:
        return None
    if action == "delivered":
        return Kind.DELIVERED, address, code
    if code.startswith("5.7."):
        return Kind.POLICY, address, code
    if action == "delayed":
        return Kind.OTHER, address, code
    return (Kind.HARD if code in DEAD else Kind.SOFT), address, code


def _complaint(part: Message, mail: Message) -> list[tuple[str, str, str]]:
    """Return the address of a complaint: of the report itself, else of the mail it encloses."""
    payload = part.get_payload()
    text = str(payload[0] if isinstance(payload, list) and payload else payload)
    named = re.search(r"^Original-Rcpt-To:\s*<?([^\s<>]+)>?", text, re.I | re.M)
    if named:
        return [(Kind.COMPLAINT, named[1], "")]
    enclosed = [inner for inner in mail.walk() if inner is not mail and inner.get("To")]
    return [(Kind.COMPLAINT, str(inner["To"]).strip().strip("<>"), "") for inner in enclosed[:1]]
