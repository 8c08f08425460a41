"""Filling the frozen mail for one recipient: the same bytes on every attempt."""

import datetime
import hmac
from base64 import b32encode
from email.utils import format_datetime
from typing import Any

from django.conf import settings

from newsletter import smtp, tokens
from newsletter.mime import Template
from newsletter.models import Issue


class Filler:
    """The editions and snippets of one issue, ready to be filled."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        self.editions = {edition.number: Template(smtp.stuff(bytes(edition.mime))) for edition in issue.editions.all()}
        self.snippets = {
            snippet.number: (_lines(bytes(snippet.text)), _lines(bytes(snippet.html)))
            for snippet in issue.snippets.all()
        }
        self.number = issue.number or 0
        self.host = settings.NEWSLETTER_HOST
        key = f"newsletter message {issue.period_key}|{settings.SECRET_KEY}"
        self.mac = hmac.new(key.encode(), digestmod="sha256")
        self.dates: dict[datetime.datetime, bytes] = {}

    def message(self, row: Any, wave_at: datetime.datetime) -> smtp.Message:
        """Return the message of one delivery of a wave."""
        name = self.name_of(row.subscriber_id)
        address = ascii_address(row.address)
        followed = [self.snippets[0], *(self.snippets[int(n)] for n in row.snippets.split(","))] if row.snippets else []
        text = self.editions[row.edition].fill(
            {
                "to": address.encode("ascii"),
                "date": self.date(wave_at),
                "message_id": f"<{self.issue.period_key}.{name}@{self.host}>".encode("ascii"),
                "unsubscribe": tokens.unsubscribe_token(row.public_id, self.number).encode("ascii"),
                "preferences": tokens.preferences_token(row.public_id, self.number, row.token_version).encode("ascii"),
                "block_text": b"".join(text for text, _ in followed),
                "block_html": b"".join(html for _, html in followed),
            }
        )
        return smtp.Message(row.seq, self.sender(name), address, text)

    def name_of(self, subscriber_id: int) -> str:
        """Return what stands for a reader in the Message-ID: always the same, and nobody's business."""
        mac = self.mac.copy()
        mac.update(str(subscriber_id).encode())
        return b32encode(mac.digest()[:20])[:26].decode().lower()  # 26 letters are of 17 bytes

    def date(self, wave_at: datetime.datetime) -> bytes:
        if wave_at not in self.dates:
            self.dates[wave_at] = self.date_of(wave_at)
        return self.dates[wave_at]

    @staticmethod
    def date_of(moment: datetime.datetime) -> bytes:
        return format_datetime(moment.astimezone(datetime.UTC)).encode("ascii")

    def sender(self, name: str) -> str:
        """Return where bounces go: an address of their own for each delivery, if the settings name a mailbox for them."""
        mailbox = settings.NEWSLETTER_BOUNCE_ADDRESS
        if not mailbox:
            return settings.NEWSLETTER_ADDRESS
        local, _, domain = mailbox.partition("@")
        return f"{local}+{self.issue.pk}.{name}@{domain}"


def _lines(encoded: bytes) -> bytes:
    return smtp.stuff(encoded) if encoded else b""


def ascii_address(address: str) -> str:
    """Return an address as SMTP without extensions takes it: the domain in its ASCII form."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
