"""Words as they are compared: without case, accents and punctuation. Text in, text out; no database."""

import re
import unicodedata
from functools import cache

# What stands between words: punctuation, symbols, arrows, emoji, spaces of every script. Spelled out, because what
# a database calls a letter depends on its locale. The same class is used by both databases.
GAPS = (
    "\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    "\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u3000-\u303f\ufe00-\ufe0f\ufff0-\uffff\U0001f000-\U0001faff"
)
MARKS = "\u0300-\u036f"
_GAP = re.compile(f"[\x00{GAPS}]+")
_MARK = re.compile(f"[{MARKS}]")

WORDS = 8
LETTERS = 40
JOINED = 16  # the longest name, written in one word, whose typing errors are forgiven
FILLERS = {"vs", "versus", "and", "or", "the", "a", "an", "with", "for", "of", "to", "in", "on"}


def fold(text: str) -> str:
    """Return the words of a text in lower case, without accents, with one space between them."""
    plain = _MARK.sub("", unicodedata.normalize("NFKD", text)).lower()
    return _GAP.sub(" ", plain).strip()


def squash(text: str) -> str:
    """Return a name without its gaps, so that “Lang Chain” and “LangChain” are one."""
    return fold(text).replace(" ", "")


def words_of(text: str) -> list[str]:
    """Return the words to look for: each once, eight at most, without fillers where anything else is left."""
    words = list(dict.fromkeys(word[:LETTERS] for word in fold(text[:400]).split()))
    telling = [word for word in words if word not in FILLERS]
    return (telling or words)[:WORDS]


@cache
def fold_table() -> list[tuple[str, str]]:
    """Return the characters that `fold` changes, with what each becomes: for a database that has to be told."""
    gaps = [(int(a, 16), int(b or a, 16)) for a, b in _ranges()]
    codes = [*range(0x41, 0x530), *range(0x1E00, 0x2000), *range(0xFB00, 0xFB07), *range(0xFF10, 0xFF5B)]
    codes += [code for low, high in gaps for code in range(low, high + 1)] + list(range(0x300, 0x370))
    table = {}
    for code in codes:
        character = chr(code)
        plain = _GAP.sub(" ", _MARK.sub("", unicodedata.normalize("NFKD", character)).lower())
        if plain != character:
            table[character] = plain
    return sorted(table.items())


def _ranges() -> list[tuple[str, str]]:
    return [(f"{ord(m[0]):x}", f"{ord(m[2]):x}" if len(m) == 3 else "") for m in re.findall(r".-.|.", GAPS, re.S)]


def typing_errors(typed: str, word: str) -> tuple[int, int]:
    """Return how many typing errors lie between two words, and between the first and the best beginning of the second.

    An error is a letter too many, too few, another letter, or two neighbours swapped (optimal string alignment).

    Source: F. J. Damerau (1964), "A technique for computer detection and correction of spelling errors",
    Communications of the ACM 7(3).
    """
    before: list[int] = []
    row = list(range(len(word) + 1))
    for i, letter in enumerate(typed, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(word, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == word[j - 2] and typed[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1], min(row)


def forgiven(typed: str) -> int:
    """Return how many typing errors a word of this length is forgiven: none in numbers and in two letters."""
    if len(typed) < 3 or any(character.isdigit() for character in typed):
        return 0 if len(typed) < 5 else 1
    return 1 if len(typed) < 6 else 2


def nearest(typed: str, candidates: list[str], limit: int = 5) -> list[str]:
    """Return the words that are fewest typing errors away, within what is forgiven; whole words before beginnings."""
    most = forgiven(typed)
    found = []
    for word in candidates:
        whole, beginning = typing_errors(typed, word)
        if whole <= most:
            found.append((float(whole), word))
        elif len(typed) >= 4 and beginning <= min(most, 1) and word[0] == typed[0]:
            found.append((beginning + 0.5, word))
    if not found:
        return []
    least = min(found)[0]
    likely = sorted(word for score, word in found if score == least)
    return ([word for word in likely if word[0] == typed[0]] or likely)[:limit]  # few mistype the first letter


def stem(word: str) -> str:
    """Return a word without its English ending, long enough to be the beginning of its relatives: `coding` -> `cod`."""
    for ending in ("ings", "ing", "ers", "ies", "es", "ed", "er", "s", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
