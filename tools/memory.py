"""What a process remembers, up to some size: the least recently used is given up first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable


class Memory[T]:
    """Things by what they were made of, each with its size; `most` is what all of them may take together."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self.things: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        with self.lock:
            found = self.things.get(key)
            if found is None:
                return None
            self.things.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, thing: T, size: int) -> None:
        """Remember a thing in place of what stood under its key; one that is larger than everything may be is let go."""
        with self.lock:
            self.size -= self.things.pop(key, (None, 0))[1]
            if size > self.most:
                return
            self.things[key] = thing, size
            self.size += size
            while self.size > self.most:
                self.size -= self.things.popitem(last=False)[1][1]

    def clear(self) -> None:
        with self.lock:
            self.things.clear()
            self.size = 0
