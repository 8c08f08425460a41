"""The mail itself: its bytes header by header, its words, and what hostile content cannot do to it."""

import datetime
import email
import re
from email.policy import default

import pytest
import time_machine

from newsletter import previewing
from newsletter.choosing import choose
from newsletter.filling import Filler, ascii_address
from newsletter.freezing import blocks_of, freeze, snapshots
from newsletter.mime import Template
from newsletter.models import Issue
from newsletter.rendering import SLOTS, render, subject_of
from newsletter.sending import Row
from tests import factories
from tools.text import clean_text

pytestmark = pytest.mark.django_db
CUTOFF = datetime.datetime(2026, 11, 29, 18, tzinfo=datetime.UTC)
WAVE = datetime.datetime(2026, 11, 30, 8, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def live_site(settings):
    settings.SITE_URL, settings.NEWSLETTER_HOST = "https://ship.example", "ship.example"
    settings.NEWSLETTER_LIST_ID = "digest.ship.example"
    settings.NEWSLETTER_ADDRESS, settings.SITE_CONTACT = "digest@news.ship.example", "editors@ship.example"
    settings.NEWSLETTER_FROM = '"Weekly AI Tool Verdicts" <digest@news.ship.example>'
    settings.NEWSLETTER_POSTAL_ADDRESS = "1 Harbour Street, Port"
    with time_machine.travel(CUTOFF - datetime.timedelta(hours=3), tick=False):
        yield


def message_to(reader, issue, **row):
    values = {"edition": 1, "snippets": "", "state": 0, "attempts": 0} | row
    filler = Filler(issue)
    return filler.message(Row(0, reader.pk, reader.email, public_id=reader.public_id, **values), WAVE)


def frozen():
    with time_machine.travel(CUTOFF, tick=False):
        return freeze(factories.issue().pk)


def test_the_raw_bytes_of_a_digest_header_by_header():
    factories.reviewed_tool("Cursor")
    reader = factories.subscriber("reader@example.org")

    head, body = message_to(reader, frozen()).text.split(b"\r\n\r\n", 1)

    lines = re.sub(rb"\r\n[ \t]+", b" ", head).decode("ascii").split("\r\n")
    token = r"[A-Za-z0-9_.~-]{20,}"
    expected = [
        r'From: "Weekly AI Tool Verdicts" <digest@news\.ship\.example>',
        r"To: reader@example\.org",
        r"Reply-To: editors@ship\.example",
        r"Subject: Ship or skip: Cursor",
        r"Date: Mon, 30 Nov 2026 08:00:00 \+0000",
        r"Message-ID: <2026-W49\.[a-z2-7]{26}@ship\.example>",
        r"List-Id: Weekly AI Tool Verdicts <digest\.ship\.example>",
        rf"List-Unsubscribe: <https://ship\.example/newsletter/u/({token})/>, "
        rf"<mailto:editors@ship\.example\?subject=unsubscribe%20{token}>",
        r"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        r"List-Help: <https://ship\.example/newsletter/archive/>, <mailto:editors@ship\.example>",
        r"List-Archive: <https://ship\.example/newsletter/archive/>",
        r"List-Post: NO",
        r"Auto-Submitted: auto-generated",
        r"Precedence: bulk",
        r"Feedback-ID: 2026-W49:digest:ship\.example",
        r"MIME-Version: 1\.0",
        r'Content-Type: multipart/alternative; boundary="=_2026-W49\.1\.w"',
    ]
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert all(len(line) <= 78 for line in body.split(b"\r\n"))
    assert body.isascii()


def test_the_same_reader_gets_the_same_bytes_on_every_attempt():
    factories.reviewed_tool("Cursor")
    reader, other = factories.subscriber(), factories.subscriber()
    issue = frozen()

    assert message_to(reader, issue, attempts=0) == message_to(reader, issue, attempts=3)
    assert message_to(reader, issue).text != message_to(other, issue).text


def test_the_mail_is_read_without_images_scripts_or_anything_from_elsewhere():
    factories.reviewed_tool("Cursor")
    mail = render(issue := factories.issue(), snapshots(choose(issue).blocks))

    assert not re.search(r"<(img|script|link|iframe|form)\b|url\(|@import", mail.html)
    assert "prefers-color-scheme: dark" in mail.html
    assert '<meta name="color-scheme" content="light dark">' in mail.html
    assert "1 Harbour Street, Port" in mail.html
    assert "1 Harbour Street, Port" in mail.text
    for name in ("unsubscribe", "preferences"):
        assert f"\x02{name}\x03" in mail.html
        assert f"\x02{name}\x03" in mail.text


def test_each_slot_is_where_it_belongs_as_often_as_it_belongs():
    factories.reviewed_tool("Cursor")
    mail = render(issue := factories.issue(), snapshots(choose(issue).blocks))

    found = Template(mail.mail).slots
    assert {name: found.count(name) for name in SLOTS} == {
        "to": 1, "date": 1, "message_id": 1, "unsubscribe": 4, "preferences": 2, "block_text": 1, "block_html": 1,
    }  # fmt: skip


def test_text_and_html_say_the_same():
    tool = factories.reviewed_tool("Cursor", "++-+")
    factories.votes(tool, 70, 30)
    mail = render(issue := factories.issue(), snapshots(choose(issue).blocks))

    for words in ("3 of 4 ship", "75\u202f%", "likely 60–78, 100 votes", "The Skeptic"):
        assert words in mail.text
        assert words in mail.html


@pytest.mark.parametrize(
    "names",
    [["Cursor"], ["A" * 60, "B" * 60], [f"Tool {n}" for n in range(12)], ["Ünïcode 日本語 🚢"], ["x" * 120]],
)
def test_the_subject_says_what_is_inside_in_fewer_than_60_characters(names):
    blocks = [{"kind": "new", "tool": {"name": name}, "verdicts": []} for name in names]

    subject = subject_of(Issue(), blocks)

    assert 10 < len(subject) < 60


def test_names_cannot_break_out_of_headers_markup_or_slots():
    evil = 'Evil"<script>alert(1)</script> \u202e{{ x }} \x02to\x03'
    tool = factories.reviewed_tool(clean_text("Plain"))
    tool.name, tool.tagline = evil[:100], "=?utf-8?q?x?= .\r\n.\r\nBcc: x@example.org"
    tool.save()
    reader = factories.subscriber("reader@example.org")

    message = message_to(reader, frozen())

    raw = message.text.replace(b"\r\n..", b"\r\n.")
    parsed = email.message_from_bytes(raw, policy=default)
    assert parsed["Bcc"] is None
    assert parsed["To"] == "reader@example.org"
    assert "<script>" not in re.sub(r'"[^"]*"', "", parsed.get_body(["html"]).get_content())
    assert b"\r\n.\r\n" not in message.text


def test_an_address_in_another_script_is_sent_in_its_ascii_form():
    assert ascii_address("user@bücher.de") == "user@xn--bcher-kva.de"
    assert ascii_address("User@example.org") == "User@example.org"


def test_bounces_come_back_to_an_address_of_their_own(settings):
    settings.NEWSLETTER_BOUNCE_ADDRESS = "bounces@news.ship.example"
    factories.reviewed_tool("Cursor")
    reader = factories.subscriber()
    issue = frozen()

    sender = message_to(reader, issue).sender

    assert re.fullmatch(rf"bounces\+{issue.pk}\.[a-z2-7]{{26}}@news\.ship\.example", sender)
    assert len(sender.partition("@")[0]) <= 64


def test_the_lint_finds_links_that_lead_nowhere_and_subjects_that_shout():
    factories.reviewed_tool("Cursor")
    issue = factories.issue(subject="FREE VERDICTS!!", intro="[Here](https://ship.example/nowhere/at/all/)")

    warnings = " ".join(previewing.preview(issue).warnings)

    assert "leads nowhere" in warnings
    assert "shouts" in warnings
    issue.subject, issue.intro = "", ""
    assert previewing.preview(issue).warnings == []


def test_a_frozen_issue_is_previewed_as_it_was_frozen():
    tool = factories.reviewed_tool("Cursor")
    issue = frozen()
    factories.votes(tool, 900, 100)

    assert "900" not in previewing.preview(issue).mail.text
    assert blocks_of(issue)[0]["tool"]["name"] == "Cursor"
