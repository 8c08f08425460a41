"""Free ports: `port.py` prints one, `port.py 8000` fails in plain words when that one is taken."""

from __future__ import annotations

import socket
import sys


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "0"
    if not wanted.isdecimal() or int(wanted) > 65535:
        print(f"PORT must be a number up to 65535, not {wanted!r}.", file=sys.stderr)
        return 1
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError as problem:
            print(
                f"Port {wanted} cannot be used ({problem.strerror}). Try another one: make run PORT=8001",
                file=sys.stderr,
            )
            return 1
        if wanted == "0":
            print(probe.getsockname()[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
