"""Cells as people fill them, read as the facts a tool can hold.

Each reader returns the value and a note, which is empty unless something was kept aside or added.
It raises ValidationError if the cell refuses its row.
"""

import datetime
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.core.exceptions import ValidationError

from tools.importing.licences import spdx
from tools.importing.reading import COLUMNS, Row
from tools.models import Category, Entry, Tool
from tools.text import clean_line, clean_text

type Reading = tuple[object, str]

TRACKING = {"ref", "trk", "sc_channel", "fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "igshid", "ad_source"}
APP_STORE_TRACKING = {"ct", "pt", "mt", "at", "uo"}
NO_SCHEME = re.compile(r"^[\w-]+(\.[\w-]+)*\.[^\W\d_]{2,}(:\d+)?([/?#].*)?$")
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")

FREE, FREEMIUM, PAID, CONTACT = Entry.FREE, Entry.FREEMIUM, Entry.PAID, Entry.CONTACT
# A trial ends, so it costs what comes after it. Freemium is its own entry price here: what messy_values.csv calls `free`
# in its last column and `freemium` in the one before is the latter, because Entry can say so.
WORDS = {
    FREE: {
        "free",
        "免费",
        "free to use",
        "free of charge",
        "gratis",
        "kostenlos",
        "gratuit",
        "open source (free)",
        "$0",
    },
    FREEMIUM: {"freemium", "free plan", "free tier", "free trial or paid", "免费版"},
    PAID: {"paid", "付费", "commercial", "vip", "paid plan", "paid plans", "subscription", "usage-based", "paid only"}
    | {"free trial", "trial", "免费试用", "有免费的试用额度", "paid with trial", "paid_with_trial", "pay as you go"},
    CONTACT: {
        "contact",
        "contact sales",
        "contact us",
        "contact for pricing",
        "talk to sales",
        "custom",
        "custom pricing",
    }
    | {"enterprise", "request a quote", "on request", "quote", "联系销售", "询价"},
}
SENTENCES = {
    "free version to use with text word limit / paid upgrade available": FREEMIUM,
    "paid / 500,000 characters per month free": FREEMIUM,
    "预览期免费": FREE,
    "免费，需要 api 密钥（推荐 openai/anthropic/gemini）": FREE,
    "photoshop 订阅会员可下载beta版本试用": PAID,
    "提供一定的免费ai试用额度，ai功能每月$10": PAID,
    "免费，有企业付费版": FREEMIUM,
    "付费/非 vip 每天可试用 5 次": PAID,
}
_PRICES = {word: entry for entry, words in WORDS.items() for word in words}


@dataclass
class Facts:
    """What one row says about a tool: only the cells that are filled in."""

    row: Row
    values: dict[str, object] = field(default_factory=dict)
    slug: str = ""
    category: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.values.get("name", ""))

    @property
    def has_address(self) -> bool:
        return bool(self.values.get("homepage") or self.values.get("repository"))


def read_facts(row: Row) -> Facts:
    """Return what a row says. Its faults are added to `row.problems`."""
    facts = Facts(row)
    for column in COLUMNS:
        cell = row.cells.get(column, "")
        if not cell or column in row.problems:
            continue
        try:
            value, note = _read_cell(column, cell)
        except ValidationError as error:
            row.problems[column] = [message.rstrip(".") for message in error.messages]
            continue
        if note:
            facts.notes.append(f"{column} {quoted(cell)} {note}")
        if column in {"slug", "category"}:
            setattr(facts, column, value)
        elif value:
            facts.values[column] = value
    if "name" in facts.values and (reason := _junk(row, facts)):
        row.problems["name"] = [f"{quoted(row.cells['name'])} {reason}"]
    if facts.category and not any(character.isalnum() for character in facts.category):
        row.problems["category"] = [f"{quoted(facts.category)} is no name"]
    return facts


def _read_cell(column: str, cell: str) -> Reading:
    if "\0" in cell:
        raise ValidationError("holds a NUL byte")
    if any("\ud800" <= character <= "\udfff" for character in cell):
        raise ValidationError("holds half a character (a lone surrogate)")
    value, note = READERS.get(column, _line)(cell)
    model_field: Any = Category._meta.get_field("name") if column == "category" else Tool._meta.get_field(column)
    if isinstance(value, str) and len(value) > (most := model_field.max_length):
        raise ValidationError(f"has {len(value):,} characters; {most:,} is the most")
    return (model_field.clean(value, None) if value else value), note


def _junk(row: Row, facts: Facts) -> str:
    """Return why a name is no name but a scraper's waste; empty if it may be one. `01` with a homepage may be."""
    name = facts.name
    has_address = any(row.cells.get(column) for column in ("homepage", "repository"))
    if not any(character.isalpha() for character in name):
        is_sign = any(c.isdigit() or unicodedata.category(c) == "So" for c in name)
        if not (is_sign and has_address) or "\\" in name:
            return "is no name: it has no letters" + ("" if has_address else " and there is no homepage")
    if FLAG.search(name) and not has_address:
        return "looks like a country label, and there is no homepage"
    return ""


def quoted(cell: str, most: int = 60) -> str:
    """Return a cell as a report may show it: one short line in quotation marks, without control characters."""
    line = clean_line(cell)
    return f"“{line[: most - 1]}…”" if len(line) > most else f"“{line}”"


def _line(cell: str) -> Reading:
    return clean_line(cell), ""


def _text(cell: str) -> Reading:
    return clean_text(cell), ""


def read_address(cell: str) -> Reading:
    """Return a web address without tracking; one that lacks only its scheme is given https."""
    address, note = clean_line(cell).replace("&amp;", "&"), ""
    if NO_SCHEME.match(address):
        address, note = f"https://{address}", "has no scheme: https:// was added"
    if re.match(r"[a-z][a-z0-9+.-]*:", address, re.I) and not re.match(r"https?:", address, re.I):
        raise ValidationError(f"{quoted(cell)} does not start with http:// or https://")
    try:
        Tool._meta.get_field("homepage").run_validators(address)
        parts = urlsplit(address)
    except (ValidationError, ValueError) as error:
        if len(address) > 500:
            raise ValidationError(f"has {len(address):,} characters; 500 is the most") from error
        raise ValidationError(f"{quoted(cell)} is not a web address") from error
    query = _without_tracking(parts.query, parts.hostname or "")
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, query, parts.fragment)), note


def _without_tracking(query: str, host: str) -> str:
    tracking = TRACKING | (APP_STORE_TRACKING if host == "apps.apple.com" else set())
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if key.lower() not in tracking and not key.lower().startswith("utm_")]
    return query if len(kept) == len(pairs) else urlencode(kept)


def read_licence(cell: str) -> Reading:
    licence = spdx(clean_line(cell))
    return licence, "" if licence else "needs a person: no SPDX identifier is known for it"


def read_entry(cell: str) -> Reading:
    """Return what it costs to start, from any of the spellings people use; empty with a note if it is none of them."""
    entry = _entry(clean_line(cell).lower())
    return entry, "" if entry else "was not understood: left empty"


def _entry(spelling: str) -> str:
    if spelling.startswith("{"):
        return _entry_of_json(spelling)
    if spelling in SENTENCES:
        return SENTENCES[spelling]
    parts = re.split(r"\s*[/,，、;|]\s*", re.sub(r"\s*\([^)]*\)\s*$", "", spelling))
    prices = {_PRICES.get(spelling) or _PRICES.get(part) or "" for part in parts}
    if "" in prices:
        return ""
    is_trial = any("trial" in part or "试用" in part for part in parts)
    if FREEMIUM in prices or (FREE in prices and len(prices) > 1 and not is_trial):
        return FREEMIUM
    return next((entry for entry in (PAID, FREE, CONTACT) if entry in prices), "")


def _entry_of_json(spelling: str) -> str:
    try:
        pricing = json.loads(spelling)
    except (ValueError, RecursionError):
        return ""
    model = pricing.get("model")
    entry = _PRICES.get(model, "") if isinstance(model, str) else ""
    return FREEMIUM if entry == PAID and pricing.get("has_free_tier") is True else entry


def read_day(cell: str) -> Reading:
    """Return a day written as 2023-05-17, with or without a time. A month or a year is not a day: empty with a note."""
    day = clean_line(cell)
    if re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", day, re.A):
        return None, "is not a whole date: left empty"
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?", day, re.A):
        raise ValidationError(f"{quoted(cell)} is not a date such as 2023-05-17")
    try:
        return datetime.date.fromisoformat(day[:10]), ""
    except ValueError as error:
        raise ValidationError(f"{quoted(cell)} is a day that does not exist") from error


READERS: dict[str, Callable[[str], Reading]] = {
    "description": _text,
    "homepage": read_address,
    "repository": read_address,
    "licence": read_licence,
    "entry": read_entry,
    "released_on": read_day,
}
