"""How a finding of `manage.py doctor` is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is `error` (something does not work), `warning` (it will, one day) or `ok`."""

    level: str
    words: str


def error(words: str) -> Finding:
    return Finding("error", words)


def warning(words: str) -> Finding:
    return Finding("warning", words)


def ok(words: str) -> Finding:
    return Finding("ok", words)
