"""From what a reader typed to tools, best first. Works alike on PostgreSQL and SQLite.

A query costs the same number of statements whatever it finds, and never ranks more than `MOST` tools: a word that
half the catalogue shares would otherwise cost as much as the catalogue is large.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection

from tools.search import folding

MOST = 1_000
LAST = "\U0010ffff"  # sorts after everything that begins alike


@dataclass(frozen=True, slots=True)
class Want:
    """One word to look for: as it was typed, what it is taken to mean, and whether it is known to be whole.

    Else it may be a beginning, from two letters on.
    """

    typed: str
    meant: tuple[str, ...] = ()
    is_whole: bool = False

    @property
    def forms(self) -> tuple[str, ...]:
        return self.meant or (self.typed,)

    @property
    def is_beginning(self) -> bool:
        return not self.meant and not self.is_whole and len(self.typed) >= 2

    def fits(self, word: str) -> bool:
        """Tell whether a word of a text is what was looked for."""
        return word.startswith(self.typed) if self.is_beginning else word in self.forms


@dataclass(frozen=True, slots=True)
class Found:
    """Keys of tools, best first, and how they were found: `kind` is exact, alike (typing errors forgiven), part or any."""

    keys: list[int]
    wants: list[Want]
    kind: str = "exact"

    @property
    def is_cut(self) -> bool:
        return len(self.keys) >= MOST

    @property
    def meant(self) -> str:
        """What the reader is taken to have meant; empty where that is what was typed."""
        if self.kind != "alike":
            return ""
        return " ".join(want.forms[0] for want in self.wants)


def find(text: str, limit: int = MOST, *, names_first: bool = False) -> Found:
    """Return the public tools for what a reader typed.

    First tools that have every word, in name, former names, vendor, tagline or description; the last word may be the
    beginning of one. Where there are none, all words are, without their endings; then they are taken for the nearest ones that the catalogue knows; then for parts of words;
    then any word is enough. With `names_first` the other fields count only where no name fits.
    """
    words = folding.words_of(text)
    if not words:
        return Found([], [])
    wants = [*[Want(word, is_whole=True) for word in words[:-1]], Want(words[-1])]
    folded = folding.fold(text[:400])
    matching = partial(_matching, limit=limit, names_first=names_first)
    if keys := matching(folded, wants):
        return Found(keys, wants)
    stems = [Want(folding.stem(want.typed)) for want in wants]
    if stems != wants and (keys := matching(folded, stems)):
        return Found(keys, stems)
    for kind, guessed in alike(wants):
        if keys := matching(" ".join(want.forms[0] for want in guessed), guessed):
            return Found(keys, guessed, kind)
    if len(wants) > 1 and (keys := matching(folded, wants, operator="or")):
        return Found(keys, wants, "any")
    return Found([], wants)


def suggest(text: str, limit: int = 8) -> Found:
    """Return the first few tools for a name that is still being typed."""
    found = find(text, limit=limit * 8, names_first=True)
    return Found(found.keys[:limit], found.wants, found.kind)


def alike(wants: Sequence[Want]) -> list[tuple[str, list[Want]]]:
    """Return what the words may mean instead: the nearest known words, and known words they are a part of."""
    candidates = {want.typed: _candidates(want.typed) for want in wants}
    nearest, parts = [], []
    for want in wants:
        known = candidates[want.typed]
        begins = any(word.startswith(want.typed) for word in known)
        near = [] if begins else folding.nearest(want.typed, known)
        part = [word for word in known if want.typed in word] if len(want.typed) >= 3 else []
        nearest.append(Want(want.typed, tuple(near)))
        parts.append(Want(want.typed, tuple(sorted(part)[:20])))
    whole = "".join(want.typed for want in wants)
    joined = folding.nearest(whole, _candidates(whole)) if len(wants) > 1 else []
    guesses = [("alike", nearest), ("alike", [Want(whole, tuple(joined))] if joined else []), ("part", parts)]
    return [(kind, guess) for kind, guess in guesses if any(want.meant for want in guess)]


def former_names(keys: Sequence[int]) -> dict[int, list[str]]:
    """Return the names and addresses that some tools have had, by tool."""
    names: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        places = ", ".join(["%s"] * len(keys)) or "NULL"
        cursor.execute(
            f"SELECT tool_id, former FROM tools_searchformer WHERE tool_id IN ({places}) ORDER BY former", list(keys)
        )
        for key, name in cursor.fetchall():
            names.setdefault(key, []).append(name)
    return names


def _candidates(word: str) -> list[str]:
    """Return known words that share something with this one: by trigrams."""
    if len(word) < 3:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT * FROM tools_near(%s)", [word])
        else:
            padded = f"__{word}_"
            grams = " OR ".join(f'"{padded[i : i + 3]}"' for i in range(len(padded) - 2))
            cursor.execute(
                "SELECT word FROM (SELECT word FROM tools_searchgram WHERE tools_searchgram MATCH %s ORDER BY rank LIMIT 80)"
                " UNION SELECT word FROM (SELECT word FROM tools_searchgram WHERE tools_searchgram MATCH %s LIMIT 20)"
                " UNION SELECT word FROM (SELECT word FROM tools_searchword WHERE length(%s) <= 5 AND word >= %s AND word < %s"
                "   AND length(word) BETWEEN %s AND %s LIMIT 1000)",
                [grams, f'"{word}"', word, word[0], word[0] + LAST, len(word) - 1, len(word) + 1],
            )
        return sorted(row[0].strip("_") for row in cursor.fetchall())


def _matching(folded: str, wants: Sequence[Want], *, limit: int, names_first: bool, operator: str = "and") -> list[int]:
    """Return the keys of tools that have the words, best first: by name, then by anything else."""
    statement, params = (_postgres if connection.vendor == "postgresql" else _sqlite)(folded, wants, limit, operator)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows = cursor.fetchall()
    if names_first:
        rows = [row for row in rows if row[1] < 2] or rows
    best: dict[int, tuple[int, str, int]] = {}
    squashed = folded.replace(" ", "")
    for key, tier, name in rows:
        rank = (_rank(tier, name, folded, squashed), name, key)
        best[key] = min(best.get(key, rank), rank)
    return [key for _, _, key in sorted(best.values())[:limit]]


def _rank(tier: int, name: str, folded: str, squashed: str) -> int:
    if name == folded or name.replace(" ", "") == squashed:
        return 0
    if name.startswith(folded):
        return 1
    return 2 if tier == 0 else tier + 2


# What begins like the words comes from two sorted indexes. Only where that leaves room is the text searched, and only
# where the text has more than may be ranked is it searched for names alone: a prefix that all tools share is dear.
_NAMED = """
WITH a AS MATERIALIZED (
  SELECT * FROM (SELECT tool_id, 0 AS tier, folded FROM tools_searchentry WHERE folded >= %s AND folded < %s ORDER BY folded LIMIT {limit}) x
  UNION ALL SELECT * FROM (SELECT tool_id, 0, folded FROM tools_searchentry WHERE squashed >= %s AND squashed < %s ORDER BY squashed LIMIT {limit}) y
), c AS MATERIALIZED (
  SELECT e.tool_id, {tier} AS tier, e.folded FROM {texts} AND (SELECT count(*) FROM a) < {limit} {end}
), d AS MATERIALIZED (
  SELECT e.tool_id, 1 AS tier, e.folded FROM {names} AND (SELECT count(*) FROM c) >= {limit} {end}
)
SELECT * FROM a UNION ALL SELECT * FROM c UNION ALL SELECT * FROM d
"""


def _named(folded: str) -> list[str]:
    squashed = folded.replace(" ", "")
    return [folded, folded + LAST, squashed, squashed + LAST]


def _postgres(folded: str, wants: Sequence[Want], limit: int, operator: str) -> tuple[str, list[Any]]:
    def words(weight: str) -> str:
        sign = {"and": " & ", "or": " | "}[operator]
        return sign.join("(" + " | ".join(_lexeme(want, form, weight) for form in want.forms) + ")" for want in wants)

    source = "tools_searchentry e WHERE e.document @@ %s::tsquery"
    tier = "CASE WHEN e.document @@ %s::tsquery THEN 1 ELSE 2 END"
    statement = _NAMED.format(limit=limit, tier=tier, texts=source, names=source, end=f"LIMIT {limit}")
    return statement, [*_named(folded), words("A"), words(""), words("A")]


def _lexeme(want: Want, form: str, weight: str) -> str:
    marks = ("*" if want.is_beginning else "") + weight
    return f"'{form}'" + (f":{marks}" if marks else "")


def _sqlite(folded: str, wants: Sequence[Want], limit: int, operator: str) -> tuple[str, list[Any]]:
    sign = {"and": " AND ", "or": " OR "}[operator]
    words = sign.join(
        "(" + " OR ".join(f'"{form}"' + ("*" if want.is_beginning else "") for form in want.forms) + ")"
        for want in wants
    )
    source = (
        "tools_searchentry e WHERE e.tool_id IN (SELECT rowid FROM tools_searchtext WHERE tools_searchtext MATCH %s"
        f" LIMIT {limit})"
    )
    tier = f"CASE WHEN e.tool_id IN (SELECT rowid FROM tools_searchtext WHERE tools_searchtext MATCH %s LIMIT {limit}) THEN 1 ELSE 2 END"
    statement = _NAMED.format(limit=limit, tier=tier, texts=source, names=source, end="")
    named = f"{{names}} : ({words})"
    return statement, [*_named(folded), named, words, named]
