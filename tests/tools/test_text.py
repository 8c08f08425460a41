"""Text as people give it."""

import pytest
from django.core.exceptions import ValidationError

from tools.text import clean_line, clean_text, plain_text, render_markdown, validate_web_address


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  two  spaces\n", "two spaces"),
        ("Gdan\u0301sk", "Gdańsk"),
        ("ab\u202ecd\u2066e\u061c", "abcde"),
        ("nul\x00 bell\x07 c1\x9b", "nul bell c1"),
        ("عربي", "عربي"),
        ("👩‍💻", "👩‍💻"),
    ],
)
def test_a_line_keeps_what_can_be_seen(given, kept):
    assert clean_line(given) == kept


def test_paragraphs_keep_their_breaks():
    assert clean_text("\ufeffone\r\n\r\ntwo\rthree ") == "one\n\ntwo\nthree"


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "</style><img src=x onerror=alert(1)>",
        "![x](http://x.y/z)",
    ],
)
def test_markdown_never_becomes_a_script_or_a_picture(source):
    html = render_markdown(source)

    assert not any(tag in html for tag in ("<script", "<img", "</style", 'href="javascript'))


def test_plain_text_has_the_words_only():
    assert plain_text("# Big\n\n**bold** [link](https://x.org)\nnext") == "Big bold link next"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://x.org", "https://me:pw@x.org", "x.org", "https://"])
def test_only_plain_web_addresses_are_accepted(address):
    with pytest.raises(ValidationError):
        validate_web_address(address)
