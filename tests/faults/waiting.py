"""Waiting for something to be so, on a machine that may be busy."""

import time


def until(is_so, seconds=120, words=""):
    """Return what `is_so` gives as soon as it is true; AssertionError when it never is. `words` may be a function."""
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end, words() if callable(words) else words
        time.sleep(0.1)
    return found
