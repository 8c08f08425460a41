"""Addresses of this site's pages, each worked out once."""

from functools import lru_cache

from django.urls import get_script_prefix, reverse


def address(name: str, *args: str) -> str:
    """Return what `reverse` does. A page names some tools many times, and looking through the patterns takes its time."""
    return _reversed(get_script_prefix(), name, args)


@lru_cache(maxsize=10_000)
def _reversed(prefix: str, name: str, args: tuple[str, ...]) -> str:
    return reverse(name, args=args)
