"""Text as people give it, made safe to keep and to show."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

import nh3
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# Invisible characters that reorder or hide text, or that XML cannot hold; joiners stay, emoji and Indic scripts need them.
_UNSEEN = r"\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
VISIBLE = rf"[^\s{_UNSEEN}]"  # a character that leaves something to read
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).disable("image")
_TAGS = {"p", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "br", "h3", "h4", "hr"}
_HEADING = re.compile(r"<(/?)h[1-6]>")


def clean_line(value: str) -> str:
    """Return one line: NFC, single spaces, no control or direction-override characters."""
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", value)).split())


def clean_text(value: str) -> str:
    """Return paragraphs: NFC, line feeds only, no control or direction-override characters."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", value)).strip()


@lru_cache(maxsize=4096)
def render_markdown(source: str) -> SafeString:
    """Return safe HTML for CommonMark text. Raw HTML is shown as text; only http, https and mailto links survive."""
    html = _HEADING.sub(r"<\1h4>", _MARKDOWN.render(source))
    return mark_safe(  # noqa: S308 - sanitised on this very line
        nh3.clean(
            html,
            tags=_TAGS,
            attributes={"a": {"href", "title"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener",
        )
    )


def plain_text(source: str) -> str:
    """Return the words of CommonMark text, without markup, in one line."""
    return clean_line(" ".join(_words(_MARKDOWN.parse(source))))


def _words(tokens: list) -> list[str]:
    words = []
    for token in tokens:
        if token.children:
            words.append(
                "".join(
                    c.content if c.type in {"text", "code_inline"} else " " * ("break" in c.type)
                    for c in token.children
                )
            )
        elif token.type in {"fence", "code_block"}:
            words.append(token.content)
    return words


_check_url = URLValidator(schemes=["http", "https"])


def validate_web_address(value: str) -> None:
    """Raise ValidationError unless the value is an http(s) address without a user name in it."""
    _check_url(value)
    if "@" in urlsplit(value).netloc:
        raise ValidationError("An address must not carry a user name.", code="invalid")
