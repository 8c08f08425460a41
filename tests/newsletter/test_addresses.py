"""Which addresses are the same, and which are none."""

import unicodedata

import pytest

from newsletter.addresses import Refused, fingerprint, parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User@EXAMPLE.org", "user@example.org"),
        (" user@example.org ", "user@example.org"),
        ("user@bücher.de", "user@xn--bcher-kva.de"),
        (unicodedata.normalize("NFD", "user@bücher.de"), "user@bücher.de"),
    ],
)
def test_two_spellings_are_one_address(one, other):
    assert parse(one).norm == parse(other).norm


@pytest.mark.parametrize("other", ["u.ser@gmail.com", "user+tag@gmail.com"])
def test_dots_and_tags_are_not_guessed_away(other):
    assert parse(other).norm != parse("user@gmail.com").norm


def test_an_address_is_mailed_in_ascii():
    assert parse("User@bücher.de").email == "User@xn--bcher-kva.de"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@",
        '"a b"@x.org',
        "a@[127.0.0.1]",
        "a@localhost",
        "a@example.org.",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 20}.org",
        "a\0@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org%0aBcc:b@example.org",
        "a@example.org, b@example.org",
        "Name <a@example.org>",
        "büro@example.org",
        "a" * 1_000_000,
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text):
    with pytest.raises(Refused) as refusal:
        parse(text)

    assert len(text) < 2 or text not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "wanted"), [("a@mailinator.com", False), ("postmaster@x.org", False), ("a@x.org", True)]
)
def test_throwaway_and_office_addresses_are_not_wanted(text, wanted):
    assert parse(text).is_wanted == wanted


def test_a_digest_depends_on_its_key(settings):
    before = fingerprint("a@example.org")
    settings.NEWSLETTER_ADDRESS_KEY = "another key that is as long as it has to be"

    assert fingerprint("a@example.org") != before
