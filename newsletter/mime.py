"""A mail as bytes with slots: made once, filled for each recipient by joining pieces.

A slot is a name between two control characters. Quoted-printable never lets these through from a text, so a slot can
only be one that was put there. In a body an inline slot stands between two soft line breaks, which vanish when the mail
is read; one whose name
begins with `block` stands on a line of its own, and is filled with whole encoded lines.
"""

import binascii
import re
from collections.abc import Mapping
from email.header import Header

START, END = "\x02", "\x03"
SLOT = re.compile(rb"\x02(\w+)\x03")
_INLINE_OR_BLOCK = re.compile(r"(?:^(\x02block\w*\x03)\n|(\x02\w+\x03))", re.MULTILINE)


def slot(name: str) -> str:
    return f"{START}{name}{END}"


def quoted(text: str) -> bytes:
    """Return a text as quoted-printable with CRLF line ends; its slots stay as they are."""
    pieces, place = [], 0
    for found in _INLINE_OR_BLOCK.finditer(text):
        pieces.append(_encode(text[place : found.start()]))
        block, inline = found.groups()
        if block:
            pieces.append(block.encode())
        else:
            pieces.append(b"=\r\n" + inline.encode() + b"=\r\n")
        place = found.end()
    pieces.append(_encode(text[place:]))
    return b"".join(pieces)


def _encode(text: str) -> bytes:
    clean = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c >= " " or c in "\n\t")
    return binascii.b2a_qp(clean.encode(), istext=True).replace(b"\n", b"\r\n")


def header(name: str, value: str) -> bytes:
    """Return a header as bytes; a value that is not ASCII is encoded. Raises ValueError for a line break."""
    if "\r" in value or "\n" in value:
        raise ValueError(f"{name} cannot hold a line break.")
    if value.isascii():
        return f"{name}: {value}\r\n".encode()
    return f"{name}: {Header(value, 'utf-8', maxlinelen=75, header_name=name).encode(linesep=chr(13) + chr(10))}\r\n".encode()


def listed(name: str, *addresses: str) -> bytes:
    """Return a header of RFC 2369: addresses in angle brackets, one a line, never broken inside."""
    return f"{name}: {(',' + chr(13) + chr(10) + ' ').join(f'<{address}>' for address in addresses)}\r\n".encode(
        "ascii"
    )


def alternative(headers: list[bytes], text: str, html: str, boundary: str) -> bytes:
    """Return a whole mail with a plain and an HTML part."""
    edge = f"--{boundary}".encode()
    lines = [
        *headers,
        b"MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode(),
    ]
    for kind, body in (("plain", text), ("html", html)):
        lines.append(edge + f"\r\nContent-Type: text/{kind}; charset=utf-8\r\n".encode())
        lines.append(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")
        lines.append(quoted(body.rstrip("\n") + "\n"))
    lines.append(edge + b"--\r\n")
    return b"".join(lines)


class Template:
    """The pieces of a mail between its slots."""

    def __init__(self, mail: bytes) -> None:
        pieces = SLOT.split(mail)  # text, name, text, name, … text
        self._pieces = pieces
        self._slots = [(place, pieces[place].decode()) for place in range(1, len(pieces), 2)]

    @property
    def slots(self) -> list[str]:
        return [name for _, name in self._slots]

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the mail of one recipient."""
        pieces = self._pieces[:]
        for place, name in self._slots:
            pieces[place] = values[name]
        return b"".join(pieces)
