"""What changed between two texts, word by word."""

import re
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MAX_WORDS = 4_000


def marked_changes(old: str, new: str) -> SafeString:
    """Return the new text with what was added in <ins> and what was taken out in <del>; everything is escaped.

    Texts too long to compare word by word are shown whole, one after the other.
    """
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    if max(len(before), len(after)) > MAX_WORDS:
        return format_html("<del>{}</del> <ins>{}</ins>", old, new)
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(format_html("{}", "".join(after[c:d])))
            continue
        parts += [format_html("<del>{}</del>", "".join(before[a:b]))] if b > a else []
        parts += [format_html("<ins>{}</ins>", "".join(after[c:d]))] if d > c else []
    return format_html_join("", "{}", ((part,) for part in parts))
