"""Addresses made from names: never empty, never clashing, never ambiguous beside `-vs-`."""

import hashlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from slugify import slugify

MAX_LENGTH = 60
PLAIN = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
VS_AS_A_WORD = r"(^|-)vs(-|\Z)"
RESERVED = {"new", "compare", "search", "feed", "vote", "all", "none"}


def base_slug(name: str, homepage: str = "") -> str:
    """Return the slug a name asks for, before anything is known of the others.

    Plus signs are kept as a word, slashes, pipes and dots as hyphens, an ampersand as `and` (`R+` -> `r-plus`, `2|7B` -> `2-7b`).
    A name without a Latin letter or digit takes its homepage's host; without one, a digest of the name.
    Because `a-vs-b` means a comparison, the word `vs` is joined to what it begins (`VS Code` -> `vscode`) and spelled
    out elsewhere (`a-versus-b`).
    """
    spelled = re.sub(r"&", " and ", re.sub(r"\+", " plus ", name)).replace("’", "").replace("'", "")
    slug = ""
    if re.search(r"[A-Za-z0-9]", spelled) or not _is_foreign_script(name):
        slug = slugify(_drop_foreign_script(spelled), max_length=MAX_LENGTH, word_boundary=True, save_order=True)
    if not slug:
        slug = slugify((urlsplit(homepage).hostname or "").removeprefix("www."), max_length=MAX_LENGTH)
    if not slug:
        slug = "tool-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    slug = re.sub(r"^vs-(?!vs(-|$))", "vs", slug)
    slug = _cut(re.sub(r"(?:^|(?<=-))vs(?=-|$)", "versus", slug), MAX_LENGTH)
    return f"{slug}-tool" if slug in RESERVED else slug


def unique_slug(name: str, homepage: str, is_taken: Callable[[str], bool]) -> str:
    """Return a free slug: the name's own, else numbered from 2.

    It is cut at a word before it is made unique, so that it never grows past `MAX_LENGTH`.
    """
    base = base_slug(name, homepage)
    if not is_taken(base):
        return base
    number = 2
    while is_taken(candidate := f"{_cut(base, MAX_LENGTH - len(str(number)) - 1)}-{number}"):
        number += 1
    return candidate


def _cut(slug: str, length: int) -> str:
    """Shorten a slug. What the cut leaves of a word such as `vscode` must not become the word `vs`."""
    return re.sub(r"(-vs)?-*$", "", slug[:length])


def is_valid(slug: str) -> bool:
    """Tell whether the database would accept this slug."""
    return bool(
        len(slug) <= MAX_LENGTH
        and re.search(PLAIN, slug)
        and not re.search(VS_AS_A_WORD, slug)
        and slug not in RESERVED
    )


def _is_foreign_script(name: str) -> bool:
    return any(ord(character) > 0x24F and character.isalpha() for character in name)


def _drop_foreign_script(name: str) -> str:
    """Leave out letters of other scripts: a transliteration is a guess that nobody searches for."""
    return "".join(" " if ord(c) > 0x24F and c.isalpha() else c for c in name)
