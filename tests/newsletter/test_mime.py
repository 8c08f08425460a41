"""The mail as bytes: what a reader's program decodes is what was written."""

import email
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import mime


def built(text, html="<p>x</p>\n", headers=()):
    return mime.alternative([mime.header(*h) for h in headers], text, html, "edge")


def read(raw):
    return email.message_from_bytes(raw, policy=default)


def body(raw, kind="plain"):
    """The text of a part; its last line end belongs to what follows."""
    return read(raw).get_body([kind]).get_payload(decode=True).decode().replace("\r\n", "\n")


def test_both_parts_come_out_as_they_went_in():
    text = "Grüße, " + "long " * 60 + "\n.\n..dots\nFrom here\ntrailing space \n\ttab\nend=\n"
    html = "<p>" + "https://example.org/" + "x" * 5000 + "</p>\n"

    assert body(built(text, html)) == text.rstrip("\n")
    assert body(built(text, html), "html") == html.rstrip("\n")
    assert read(built(text, html)).defects == []
    assert all(len(line) <= 78 for line in built(text, html).split(b"\r\n"))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300), st.integers(0, 300))
def test_a_slot_anywhere_in_any_text_leaves_no_trace(text, place):
    text = text.replace("\r", "")
    whole = text[:place] + mime.slot("token") + text[place:]

    raw = mime.Template(built(whole)).fill({"token": b"tok-en_1"})

    assert body(raw) == (text[:place] + "tok-en_1" + text[place:]).rstrip("\n")


def test_a_block_is_filled_with_whole_lines_or_nothing():
    template = mime.Template(built(f"above\n{mime.slot('block')}\nbelow\n"))

    empty, full = template.fill({"block": b""}), template.fill({"block": mime.quoted("Grün\n")})

    assert body(empty) == "above\nbelow"
    assert body(full) == "above\nGrün\nbelow"


def test_a_text_cannot_bring_a_slot_of_its_own():
    assert mime.Template(mime.quoted("a\x02b\x03c").replace(b"\x02b\x03", b"")).slots == []
    assert mime.Template(mime._encode("a \x02token\x03 b")).slots == []


@pytest.mark.parametrize("value", ["plain", "Grün", "日本語" * 15, "ä" * 59])
def test_a_header_comes_out_as_it_went_in(value):
    raw = built("x\n", headers=[("Subject", value)])

    assert read(raw)["Subject"] == value
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.org", "a\nb", "a\rb"])
def test_a_line_break_in_a_header_is_refused(value):
    with pytest.raises(ValueError, match="line break"):
        mime.header("Subject", value)


def test_a_list_header_is_never_broken_inside_an_address():
    address = "https://example.org/" + "x" * 150
    raw = mime.listed("List-Unsubscribe", address, "mailto:leave@example.org")

    assert raw == f"List-Unsubscribe: <{address}>,\r\n <mailto:leave@example.org>\r\n".encode()
