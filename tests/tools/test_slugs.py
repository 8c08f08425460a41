"""Addresses made from names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import slugs


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Command R+", "command-r-plus"),
        ("Gemma-2|7B", "gemma-2-7b"),
        ("fast.ai", "fast-ai"),
        ("anthropics/skills", "anthropics-skills"),
        ("Weights & Biases", "weights-and-biases"),
        ("Langfuse 🪢", "langfuse"),
        ("VS Code Chat Copilot Samples", "vscode-chat-copilot-samples"),
        ("Cats vs Dogs", "cats-versus-dogs"),
        ("New", "new-tool"),
        ("Agentic-Ai-", "agentic-ai"),
    ],
)
def test_a_name_asks_for_its_plainest_slug(name, slug):
    assert slugs.base_slug(name) == slug


def test_a_name_of_another_script_takes_its_host():
    assert slugs.base_slug("豆包", "https://www.doubao.com/") == "doubao-com"


def test_a_name_of_another_script_without_homepage_has_a_slug_of_its_own():
    assert slugs.base_slug("微信") != slugs.base_slug("豆包")


def test_a_taken_slug_is_numbered():
    assert slugs.unique_slug("Beam", "", {"beam", "beam-2"}.__contains__) == "beam-3"


@pytest.mark.parametrize("length", range(40, 62))
def test_cutting_a_long_name_never_leaves_the_word_vs(length):
    name = "x" * length + " vscode versus VS Code"

    base = slugs.base_slug(name)
    numbered = slugs.unique_slug(name, "", {base}.__contains__)

    assert (slugs.is_valid(base), slugs.is_valid(numbered)) == (True, True)


@given(st.text(min_size=1, max_size=130), st.sampled_from(["", "https://vs.com", "https://www.例え.jp/"]))
def test_any_name_gives_a_valid_slug(name, homepage):
    name = name.encode("utf-8", "ignore").decode()
    base = slugs.base_slug(name, homepage)

    assert slugs.is_valid(base)
    assert slugs.is_valid(slugs.unique_slug(name, homepage, {base}.__contains__))
