"""An issue as a mail: rendered once, with slots for what differs between recipients."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlsplit

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateformat import format as format_date

from newsletter import mime
from newsletter.models import Issue, IssueItem
from newsletter.models.issue import MOST_SUBJECT
from tools.models import Change, Tool
from tools.text import clean_text, plain_text

MOST_BYTES = 95_000
SLOTS = ["to", "date", "message_id", "unsubscribe", "preferences", "block_text", "block_html"]
SECTIONS = {
    IssueItem.Kind.NEW: "New verdicts",
    IssueItem.Kind.CHANGED: "Changed minds",
    IssueItem.Kind.COMPARISON: "Side by side",
    IssueItem.Kind.CLOSE: "Too close to call",
}


class TooLarge(ValueError):
    """The mail would be cut off by mail programs; the words say what to hold back."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One rendered mail. `mail` is the whole of it, before dots are stuffed."""

    subject: str
    preheader: str
    text: str
    html: str
    mail: bytes
    html_bytes: int


@dataclass(frozen=True, slots=True)
class Month:
    """One issue in the mail of a monthly reader: a line for each block."""

    issue: Issue
    blocks: Sequence[dict[str, Any]]

    @property
    def title(self) -> str:
        return format_date(self.issue.day, "j F")

    @property
    def path(self) -> str:
        return self.issue.get_absolute_url()

    @property
    def subject(self) -> str:
        return self.issue.subject

    @property
    def lines(self) -> list[dict[str, str]]:
        return [line_of(block) for block in self.blocks]


def line_of(block: dict[str, Any]) -> dict[str, str]:
    """Return a block as one line: its name, where it is, and its result."""
    if tool := block.get("tool"):
        said = ", ".join(f"{v['reviewer']}: {v['decision']}" for v in block["verdicts"])
        return {"name": tool["name"], "path": tool["path"], "words": f"{tool['panel_words']}. {said}"}
    return {"name": block["title"], "path": block["path"], "words": block["standfirst"]}


def sections_of(blocks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"title": SECTIONS[IssueItem.Kind(kind)], "blocks": list(members)}
        for kind, members in groupby(blocks, key=lambda block: block["kind"])
    ]


# Words ----------------------------------------------------------------------------------------


def subject_of(issue: Issue, blocks: Sequence[dict[str, Any]], months: Sequence[Month] = ()) -> str:
    """Return the editor's subject, else one that names what is inside, in fewer than 60 characters."""
    if months:
        count = sum(len(month.blocks) for month in months)
        return f"The month in AI tool verdicts: {count} to read"[:MOST_SUBJECT]
    if issue.subject:
        return issue.subject
    names = [clean_text(name_of(block)) for block in blocks]
    for shown in (3, 2, 1):
        rest = len(names) - shown
        if rest < 0:
            continue
        words = ", ".join(names[:shown]) + (f" and {rest} more" if rest else "")
        subject = f"Ship or skip: {words}"
        if len(subject) <= MOST_SUBJECT:
            return subject
    return f"Ship or skip: {len(names)} new on the panel's desk" if names else "Ship or skip"


def name_of(block: dict[str, Any]) -> str:
    return block["tool"]["name"] if "tool" in block else block["title"]


def preheader_of(issue: Issue, blocks: Sequence[dict[str, Any]], months: Sequence[Month] = ()) -> str:
    """Return the editor's preheader, else the counts and the first result, which the subject does not say."""
    if issue.preheader and not months:
        return issue.preheader
    if months:
        return f"{len(months)} issue{'s' if len(months) != 1 else ''}, and every verdict in a line."
    count = {kind: sum(1 for block in blocks if block["kind"] == kind) for kind in SECTIONS}
    verdicts = sum(len(b["verdicts"]) for b in blocks if b["kind"] == IssueItem.Kind.NEW)
    parts = [
        _many(verdicts, "new verdict"),
        _many(count[IssueItem.Kind.CHANGED], "changed mind"),
        _many(count[IssueItem.Kind.COMPARISON], "comparison"),
        _many(count[IssueItem.Kind.CLOSE], "close call"),
    ]
    words = ", ".join(part for part in parts if part)
    first = f" {line_of(blocks[0])['name']}: {line_of(blocks[0])['words'].split('. ')[0]}." if blocks else ""
    return clean_text(f"{words}.{first}")[:120]


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}" if count else ""


# The mail -------------------------------------------------------------------------------------


def render(
    issue: Issue,
    blocks: Sequence[dict[str, Any]],
    *,
    months: Sequence[Month] = (),
    more_count: int = 0,
    edition: int = 0,
    counted: Sequence[str] = (),
    first_number: int = 0,
) -> Mail:
    """Return the mail with its slots. Raises TooLarge when its HTML is more than `MOST_BYTES` as it travels.

    Links to what stands in `counted` lead there by way of `newsletter.clicks`, in the HTML; in the text they are read.
    """
    marks = {name: f"slot{secrets.token_hex(8)}{name.replace('_', '')}" for name in SLOTS}
    subject, preheader = subject_of(issue, blocks, months), preheader_of(issue, blocks, months)
    context = {
        **site_words(),
        "issue": issue,
        "subject": subject,
        "preheader": preheader,
        "when": format_date(issue.day, "j F Y"),
        "intro": issue.intro_html if not months else "",
        "intro_text": plain_text(issue.intro) if not months else "",
        "sections": sections_of(blocks) if not months else [],
        "months": months,
        "more_count": more_count if not months else 0,
        "rhythm": "once a month" if months else "once a week",
        "slots": marks,
        "unsubscribe_url": settings.SITE_URL + link("newsletter_unsubscribe", marks["unsubscribe"]),
        "preferences_url": settings.SITE_URL + link("newsletter_preferences", marks["preferences"]),
        "archive_url": settings.SITE_URL + issue.get_absolute_url(),
    }
    text = re.sub(r"\n{3,}", "\n\n", render_to_string("newsletter/mail/digest.txt", context)).strip() + "\n"
    html = re.sub(r"\n{2,}", "\n", render_to_string("newsletter/mail/digest.html", context))
    html = inliner().inline(by_way_of_counting(html, issue, counted, first_number))
    for name, mark in marks.items():
        text, html = text.replace(mark, mime.slot(name)), html.replace(mark, mime.slot(name))
    boundary = f"=_{issue.period_key}.{edition}.{'m' if months else 'w'}"
    html_bytes = len(mime.quoted(html))
    if html_bytes > MOST_BYTES:
        raise TooLarge(
            f"The mail has {html_bytes:,} bytes of HTML and may have {MOST_BYTES:,}. Hold back “{largest(blocks)}”."
        )
    mail = mime.alternative(headers(issue, subject), text, html, boundary)
    return Mail(subject, preheader, text, html, mail, html_bytes)


def paths_of(blocks: Iterable[dict[str, Any]]) -> list[str]:
    """Return the pages that the blocks of an issue link to, each once, in their order: their places are their numbers."""
    found: list[str] = []
    for block in blocks:
        if tool := block.get("tool"):
            found += [tool["path"], *(verdict["path"] for verdict in block["verdicts"])]
        else:
            found.append(block["path"])
    return list(dict.fromkeys(found))


def by_way_of_counting(html: str, issue: Issue, paths: Sequence[str], first: int) -> str:
    numbers = {f'href="{settings.SITE_URL}{path}"': number for number, path in enumerate(paths, first)}

    def counted(found: re.Match[str]) -> str:
        number = numbers.get(found[0])
        if number is None:
            return found[0]
        return f'href="{settings.SITE_URL}{reverse("newsletter_link", args=[issue.slug, number])}"'

    return re.sub(r'href="[^"]*"', counted, html)


def largest(blocks: Sequence[dict[str, Any]]) -> str:
    """Return the name of the block that takes most room."""
    return name_of(max(blocks, key=lambda block: len(str(block)))) if blocks else "the introduction"


def site_words() -> dict[str, Any]:
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "list_name": settings.NEWSLETTER_NAME,
        "postal_address": settings.NEWSLETTER_POSTAL_ADDRESS,
        "methodology": reverse("methodology"),
        "css": render_to_string("newsletter/mail/digest.css"),
    }


@lru_cache(maxsize=1)
def inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


def headers(issue: Issue, subject: str) -> list[bytes]:
    """Return the headers every recipient's copy has, those of RFC 2369, 2919, 3834 and 8058 among them."""
    site = settings.SITE_URL
    leave = site + link("newsletter_unsubscribe", "{token}")
    mail_leave = f"mailto:{settings.SITE_CONTACT}?subject={quote('unsubscribe ')}{{token}}"
    return [
        mime.header("From", settings.NEWSLETTER_FROM),
        f"To: {mime.slot('to')}\r\n".encode(),
        mime.header("Reply-To", settings.SITE_CONTACT),
        mime.header("Subject", subject),
        f"Date: {mime.slot('date')}\r\n".encode(),
        f"Message-ID: {mime.slot('message_id')}\r\n".encode(),
        f"List-Id: {mime_words(settings.NEWSLETTER_NAME)} <{settings.NEWSLETTER_LIST_ID}>\r\n".encode(),
        mime.listed("List-Unsubscribe", *(a.replace("{token}", mime.slot("unsubscribe")) for a in (leave, mail_leave))),
        mime.header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        mime.listed("List-Help", f"{site}{reverse('newsletter_archive')}", f"mailto:{settings.SITE_CONTACT}"),
        mime.listed("List-Archive", f"{site}{reverse('newsletter_archive')}"),
        mime.header("List-Post", "NO"),
        mime.header("Auto-Submitted", "auto-generated"),
        mime.header("Precedence", "bulk"),
        mime.header("Feedback-ID", f"{issue.period_key}:digest:{urlsplit(site).hostname}"),
    ]


def mime_words(name: str) -> str:
    """Return a name as it stands before an address in a header: quoted when it has to be."""
    return name if re.fullmatch(r"[A-Za-z0-9 ]+", name) else f'"{name}"'


def link(name: str, token: str) -> str:
    """Return an address with a token in it that is no token yet."""
    return reverse(name, args=["TOKEN"]).replace("TOKEN", token)


# What a reader follows ------------------------------------------------------------------------


def followed_heading() -> tuple[bytes, bytes]:
    """Return, as text and HTML, what stands above the tools that a reader follows."""
    css = site_words()["css"]
    return mime.quoted("== Tools you follow ==\n\n"), mime.quoted(_fragment("<h2>Tools you follow</h2>\n", css))


def followed(tool: Tool, changes: Sequence[Change]) -> tuple[bytes, bytes]:
    """Return what changed about a tool, as text and HTML, encoded so that it can be set into a mail's slot."""
    context = {**site_words(), "tool": tool, "changes": changes}
    text = re.sub(r"\n{3,}", "\n\n", render_to_string("newsletter/mail/followed.txt", context))
    html = _fragment(render_to_string("newsletter/mail/followed.html", context), context["css"])
    return mime.quoted(text.rstrip("\n") + "\n\n"), mime.quoted(html.rstrip("\n") + "\n")


def _fragment(html: str, css: str) -> str:
    return inliner().inline_fragment(html, css)
