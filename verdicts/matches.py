"""Why a tool is among the results: which of its texts has the words."""

import re
from collections.abc import Sequence

from tools import search
from tools.models import Tool
from tools.text import plain_text
from verdicts.scored import ScoredTool

AROUND = 8  # words of a description on each side of the one that fits
_VERSUS = re.compile(r"\s+(?:vs\.?|versus)\s+", re.I)


def explain(tools: list[ScoredTool], found: search.Found) -> list[ScoredTool]:
    """Set `match` on each tool: where the words were found, unless its name says so itself. Costs one query."""
    former = search.former_names([tool.pk for tool in tools])
    for tool in tools:
        tool.match = _match(tool, former.get(tool.pk, []), found)
    return tools


def _match(tool: ScoredTool, former: list[str], found: search.Found) -> tuple[str, str]:
    """Return a label and the text that fits; both empty where the name does."""
    open_wants = [want for want in found.wants if not _fits(want, f"{tool.name} {tool.slug}")]
    whole = "".join(form for want in found.wants for form in want.forms[:1])
    if not open_wants or search.squash(tool.name).startswith(whole):
        return ("", "")
    texts = [("Formerly", name) for name in former] + [("Vendor", tool.vendor), ("Tagline", tool.tagline)]
    for label, text in texts:
        if any(_fits(want, text) for want in open_wants):
            return (label, text)
    return ("Description", _excerpt(plain_text(tool.description), open_wants))


def _fits(want: search.Want, text: str) -> bool:
    return any(want.fits(word) for word in search.fold(text).split())


def _excerpt(text: str, wants: Sequence[search.Want]) -> str:
    words = text.split()
    place = next((n for n, word in enumerate(words) if any(_fits(want, word) for want in wants)), 0)
    first, last = max(0, place - AROUND), place + AROUND + 1
    return "… " * (first > 0) + " ".join(words[first:last]) + " …" * (last < len(words))


def tools_against_each_other(words: str) -> list[Tool]:
    """Return the two tools that “a vs b” means; none where it is not asked, or where one of them is not there."""
    names = _VERSUS.split(words[:200])
    if len(names) != 2:
        return []
    keys = [search.suggest(name, limit=1).keys for name in names]
    tools = Tool.objects.public().in_bulk([key for found in keys for key in found])
    return list(tools.values()) if len(tools) == 2 else []
