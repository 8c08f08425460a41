"""The next issue as it stands: looked at, measured, sent to one address. Nothing here leaves a mark."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import timezone

from newsletter import audience, checks, mime, smtp
from newsletter.choosing import Content, choose
from newsletter.filling import Filler, ascii_address
from newsletter.freezing import blocks_of, snapshots
from newsletter.mime import Template
from newsletter.models import Issue
from newsletter.models.issue import MOST_SUBJECT
from newsletter.rendering import MOST_BYTES, Mail, render
from newsletter.schedule import period_after
from newsletter.transports import open_transport

SAMPLE = {"unsubscribe": "preview", "preferences": "preview"}


@dataclass(frozen=True, slots=True)
class Preview:
    """What an editor sees of an issue before it goes out."""

    issue: Issue
    mail: Mail
    more_count: int
    reader_count: int
    warnings: list[str]

    @property
    def percent_of_limit(self) -> int:
        return min(100, -(-100 * self.mail.html_bytes // MOST_BYTES))


def next_issue() -> tuple[Issue, Content]:
    """Return the next issue, which need not be stored yet, and what it would hold now."""
    period = period_after(timezone.now())
    issue = Issue.objects.filter(day=period.day).first() or Issue(
        day=period.day,
        period_key=period.key,
        slug=period.key.lower(),
        cutoff_at=period.cutoff,
        sends_at=period.sends_at,
    )
    return issue, choose(issue)


def preview(issue: Issue) -> Preview:
    """Return the issue as a mail; a frozen one as it was frozen."""
    if issue.is_frozen:
        blocks, more = blocks_of(issue), issue.more_count
    else:
        content = choose(issue)
        blocks, more = snapshots(content.blocks), content.more_count
    mail = render(issue, blocks, more_count=more)
    return Preview(issue, filled(mail), more, audience.recipients(issue).count(), warnings(mail))


def filled(mail: Mail) -> Mail:
    """Return a mail with its slots filled for nobody in particular."""
    names = {mime.slot(name): value for name, value in SAMPLE.items()}
    text, html = mail.text, mail.html
    for mark, value in names.items():
        text, html = text.replace(mark, value), html.replace(mark, value)
    clean = re.compile(r"\x02\w+\x03\n?")
    return replace(mail, text=clean.sub("", text), html=clean.sub("", html), mail=source(mail))


def source(mail: Mail, to: str = "reader@example.org") -> bytes:
    """Return the mail as bytes, for one address, with tokens that open nothing."""
    values = {
        "to": ascii_address(to).encode("ascii"),
        "date": Filler.date_of(timezone.now()),
        "message_id": f"<preview.{timezone.now():%Y%m%d%H%M%S%f}@{settings.NEWSLETTER_HOST}>".encode("ascii"),
        "unsubscribe": b"preview",
        "preferences": b"preview",
        "block_text": b"",
        "block_html": b"",
    }
    return Template(mail.mail).fill(values)


def send_test(issue: Issue, address: str) -> None:
    """Send the issue as it stands to one address. Raises smtp.Unreachable, or ValueError with the server's refusal."""
    content = choose(issue)
    mail = render(issue, snapshots(content.blocks), more_count=content.more_count)
    mail = replace(mail, mail=mail.mail.replace(b"\r\nSubject: ", b"\r\nSubject: [Test] ", 1))
    transport = open_transport()
    message = smtp.Message(0, settings.NEWSLETTER_ADDRESS, ascii_address(address), smtp.stuff(source(mail, address)))
    try:
        for outcome in transport.send([message]):
            if not outcome.is_accepted:
                words = f"{outcome.reply.code} {outcome.reply.text}" if outcome.reply else "no answer"
                raise ValueError(f"The mail server did not take it: {words}")
    finally:
        transport.close()


# What is wrong with it ------------------------------------------------------------------------


def warnings(mail: Mail) -> list[str]:
    """Return what an editor should look at: settings, size, headers, links."""
    return [*checks.problems(), *header_warnings(mail), *link_warnings(mail)]


def header_warnings(mail: Mail) -> list[str]:
    """Return what is wrong with the headers, as mail programs and spam filters see them."""
    head = mail.mail.split(b"\r\n\r\n", 1)[0]
    found = []
    for name in ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"):
        count = len(re.findall(rf"^{name}:".encode(), head, re.MULTILINE))
        if count != 1:
            found.append(f"The header {name} is there {count} times.")
    if len(mail.subject) > MOST_SUBJECT:
        found.append(f"The subject has {len(mail.subject)} characters; phones show fewer than 60.")
    if mail.subject.isupper() or re.search(r"[!?]{2}|\bfree\b.*!|\$\$", mail.subject, re.IGNORECASE):
        found.append("The subject shouts; filters dislike that.")
    if mail.preheader.startswith(mail.subject):
        found.append("The preheader repeats the subject.")
    if any(len(line) > 998 for line in mail.mail.split(b"\r\n")):
        found.append("A line is longer than mail allows.")
    return found


def link_warnings(mail: Mail) -> list[str]:
    """Return links of ours that lead nowhere, and links that are not safe."""
    found = []
    for address in sorted(set(re.findall(r'href="([^"]*)"', mail.html))):
        parts = urlsplit(address.replace(mime.START, "").replace(mime.END, ""))
        if parts.scheme not in {"http", "https", "mailto"}:
            found.append(f"The link “{address}” is not an address.")
        elif f"{parts.scheme}://{parts.netloc}" == settings.SITE_URL:
            try:
                resolve(parts.path)
            except Resolver404:
                found.append(f"The link “{parts.path}” leads nowhere.")
    return found
