"""Text in pictures: which font can write it, how wide it is, where it breaks.

Our two fonts hold Latin letters. What they lack is written in a font of the machine, where one has every letter
(DejaVu has Greek, Cyrillic, Hebrew and Arabic; CJK needs a Noto font). Where none has, or right-to-left text cannot be
shaped, the name's address stands in for the name. Symbols that no font has, such as emoji, are left out.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from PIL import ImageFont, features

from tools.text import clean_line

type Font = ImageFont.FreeTypeFont

FOLDER = Path(settings.BASE_DIR) / "config" / "static" / "fonts"
AXES = {"inter": lambda weight: [weight], "serif": lambda weight: [weight, 40]}
ELSEWHERE = (
    "DejaVuSans-Bold.ttf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansArabic-Bold.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
)
MISSING = "\U000f0000"  # a private character: no font has it
SHORTENED = "…"


@lru_cache(maxsize=256)
def font(family: str, size: int, weight: int = 400) -> Font:
    """Return one of our fonts (`inter`, `serif`) or a font of the machine by its file name. Raises OSError without one."""
    if family not in AXES:
        return ImageFont.truetype(family, size)
    found = ImageFont.truetype(FOLDER / f"{family}.woff2", size)
    found.set_variation_by_axes(AXES[family](weight))
    return found


@lru_cache(maxsize=8_192)
def _has(family: str, character: str) -> bool:
    if not character.isprintable() or character.isspace():
        return True
    try:
        drawn = font(family, 24)
    except OSError:
        return False
    shape, nothing = drawn.getmask(character), drawn.getmask(MISSING)
    return (shape.size, bytes(shape)) != (nothing.size, bytes(nothing))


def has_all(family: str, text: str) -> bool:
    return all(_has(family, character) for character in text)


def is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)


def written(text: str, instead: str, family: str = "serif") -> tuple[str, str]:
    """Return a text as it can be written, and the font that can: the given one, one of the machine's, or `instead`."""
    text = clean_line(text)
    text = clean_line("".join(c for c in text if _is_word(c) or _has(family, c)))
    if text and has_all(family, text):
        return text, family
    can_shape = features.check("raqm") or not is_right_to_left(text)
    for other in ELSEWHERE if text and can_shape else ():
        if has_all(other, text):
            return text, other
    return instead, family


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNMZ"


def lines_of(text: str, drawn: Font, width: int, most: int) -> list[str]:
    """Return the text in lines no wider than `width`; what does not fit into `most` lines ends in an ellipsis."""
    lines, line = [], ""
    for word in text.split():
        for piece in _pieces(word, drawn, width):
            longer = f"{line} {piece}".strip()
            if drawn.getlength(longer) <= width:
                line = longer
            else:
                lines.append(line)
                line = piece
    lines = [line for line in [*lines, line] if line]
    if len(lines) <= most or most < 1:
        return lines[: max(0, most)]
    last = lines[most - 1]
    while last and drawn.getlength(last + SHORTENED) > width:
        last = last[:-1].rstrip()
    return [*lines[: most - 1], last + SHORTENED]


def _pieces(word: str, drawn: Font, width: int) -> list[str]:
    """Return a word in pieces that fit: one, unless it is wider than a line."""
    pieces = [""]
    for character in word:
        if pieces[-1] and drawn.getlength(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def fitted(text: str, family: str, width: int, sizes: Sequence[int], most: int) -> tuple[Font, list[str]]:
    """Return the largest font in which the text fits into the lines, and the lines; the smallest cuts what is too long."""
    for size in sizes:
        drawn = font(family, size, 600)
        lines = lines_of(text, drawn, width, most)
        if not lines or (not lines[-1].endswith(SHORTENED) and all(word in " ".join(lines) for word in text.split())):
            break
    return drawn, lines
