"""Links that act for a reader stay out of logs and error reports: what is logged shows where, not with what."""

import re
from collections.abc import MutableMapping
from typing import Any

TOKENS = re.compile(r"(/newsletter/(?:confirm|move|export|erase|u|p)/)[^/\s?\"']+")


def hidden(value: Any) -> Any:
    """Return the value with every token in it replaced, however deep it lies."""
    if isinstance(value, str):
        return TOKENS.sub(r"\1[token]", value)
    if isinstance(value, dict):
        return {key: hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(hidden, value)) if type(value) in (list, tuple) else value
    return value


def hide_tokens(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: the same, on every line."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = hidden(value)
    return event
