"""Links that work for years, and for nobody else."""

import uuid

import pytest

from newsletter import tokens

ID = uuid.UUID(int=7)


def test_a_token_says_whose_it_is_and_has_the_same_length_for_all():
    token = tokens.unsubscribe_token(ID, 12)

    assert tokens.read(token, tokens.UNSUBSCRIBE) == (ID, 12, 0)
    assert len(token) == len(tokens.preferences_token(uuid.uuid4(), 4_000_000_000, 65_535)) == 54


def test_a_former_key_is_believed_and_a_new_secret_key_changes_nothing(settings):
    settings.NEWSLETTER_KEYS = {1: "a" * 32}
    token = tokens.unsubscribe_token(ID)
    settings.NEWSLETTER_KEYS = {2: "b" * 32, 1: "a" * 32}
    settings.SECRET_KEY = "another"

    assert tokens.read(token, tokens.UNSUBSCRIBE)
    assert tokens.unsubscribe_token(ID) != token


def test_a_dropped_key_is_not_believed(settings):
    token = tokens.unsubscribe_token(ID)
    settings.NEWSLETTER_KEYS = {9: "c" * 32}

    assert tokens.read(token, tokens.UNSUBSCRIBE) is None


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t[::-1], lambda t: "é" * 54, lambda t: ""]
)
def test_a_changed_token_is_none(change):
    assert tokens.read(change(tokens.unsubscribe_token(ID)), tokens.UNSUBSCRIBE) is None


def test_every_character_counts():
    token = tokens.unsubscribe_token(ID)

    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert tokens.read(token[:place] + other + token[place + 1 :], tokens.UNSUBSCRIBE) is None


def test_a_token_for_one_thing_is_no_token_for_another():
    assert tokens.read(tokens.unsubscribe_token(ID), tokens.PREFERENCES) is None
