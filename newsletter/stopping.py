"""Whether this worker has been asked to end. A byte that a worker's processes share, for only their parent is told."""

import mmap

_asked = mmap.mmap(-1, 1)


def ask(*args: object, **kwargs: object) -> None:
    """Ask every process forked from this one, and this one, to finish the message in hand and let go."""
    _asked[0] = 1


def is_asked() -> bool:
    return _asked[0] == 1


def forget() -> None:
    _asked[0] = 0
