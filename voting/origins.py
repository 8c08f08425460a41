"""Where a vote came from, kept as digests that die with the salts of their days.

A digest is keyed with the salt of the day on which the vote was cast, so that votes of one day can be told apart by
address and votes of two days cannot. To look back over a fortnight while the salts live, a signal also carries two more
digests of each part, sealed under its own day's salt: those under the salts of the first days of this fortnight and of
the next one, counted from a fixed day. Whatever is kept on some day is of that day's fortnight or of the one before, so
the salt of the first day of that fortnight joins all of it. Deleting a salt closes its day for good.
"""

import datetime
import hashlib
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from voting.models.signal import SALTS_KEPT, Salt, VoteSignal, oldest_kept

DIGEST, PARTS, NONCE = 8, 4, 16
SLOT = DIGEST * PARTS
_BEFORE = SLOT * (SALTS_KEPT - 1)  # what the release before sealed: the digests under each of the earlier thirteen days
COMMON = 1_000  # browsers and wider networks that a process knows by heart
_known: dict[tuple[str, datetime.date], "Salts"] = {}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a request says about where a vote comes from. It is digested at once, and never stored."""

    address: str
    user_agent: str = ""
    referrer: str = ""
    dwell_ms: int | None = None
    pages: int = 1
    honeypot: bool = False
    pow: bool = False
    waits: bool = False  # sent under alert without the work that is asked for then

    def parts(self) -> list[bytes]:
        """Return what is digested: the address (a /64 for IPv6), its network, the wider network, and the browser."""
        try:
            a, b, c, d = socket.inet_pton(socket.AF_INET, self.address)
            nets = [f"{a}.{b}.{c}.{d}/32", f"{a}.{b}.{c}.0/24", f"{a}.{b}.0.0/16"]
        except OSError:
            ip = ipaddress.IPv6Address(self.address)
            kept = ((length, ip.max_prefixlen - length) for length in (64, 56, 48))
            nets = [f"{type(ip)(int(ip) >> rest << rest)}/{length}" for length, rest in kept]
        return [text.encode() for text in (*nets, self.user_agent[:400])]

    @property
    def ref_host(self) -> str:
        """The host that led here, without its path; empty for none or nonsense."""
        try:
            return (urlsplit(self.referrer).hostname or "")[:100]
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class Joined:
    """The digests of a signal under one salt for all days."""

    vote_id: int
    at: datetime.datetime
    addr: bytes
    net: bytes
    wide: bytes
    ua: bytes

    @property
    def is_v6(self) -> bool:
        return bool(self.wide[-1] & 1)


@dataclass(frozen=True, slots=True)
class Salts:
    """The salts of a day, as what digests each kind of part: its own, and those that join the days around it.

    What digests is made once and copied. The last bit of each wider network's digest is not secret: 1 for IPv6, where a
    /48 is one household as well as a company.
    """

    day: datetime.date
    key: bytes
    by_kind: tuple[tuple[Any, ...], ...]
    kind_bit: int  # the bit of every day's digests that tells IPv6
    common: dict[bytes, list[bytes]]  # the digests of browsers and wider networks, which many share: nobody's address

    @classmethod
    def of(cls, day: datetime.date, keys: list[bytes]) -> "Salts":
        kinds = (b"addr", b"net", b"wide", b"ua")
        keyed = tuple(tuple(hashlib.blake2b(key=k, digest_size=DIGEST, person=it).copy for k in keys) for it in kinds)
        bit = bytes(3 * DIGEST - 1) + b"\1" + bytes(DIGEST)
        return cls(day, keys[0], keyed, int.from_bytes(bit * len(keys), "big"), {})

    def digests(self, parts: list[bytes]) -> bytes:
        """Return the digests of some parts under each salt, one after the other."""
        addr, net, wide, ua = parts
        columns = self._under(0, addr), self._under(1, net), self._common(2, wide), self._common(3, ua)
        found = b"".join([digest for under_one in zip(*columns, strict=True) for digest in under_one])
        number = int.from_bytes(found, "big") | self.kind_bit
        return (number if b":" in wide else number ^ self.kind_bit).to_bytes(len(found), "big")

    def _under(self, kind: int, part: bytes) -> list[bytes]:
        found = []
        for copy in self.by_kind[kind]:
            digest = copy()
            digest.update(part)
            found.append(digest.digest())
        return found

    def _common(self, kind: int, part: bytes) -> list[bytes]:
        name = b"%d%b" % (kind, part)
        if name not in self.common:
            if len(self.common) >= COMMON:
                self.common.clear()
            self.common[name] = self._under(kind, part)
        return self.common[name]


def sealed(origin: Origin, at: datetime.datetime) -> dict[str, Any]:
    """Return the columns of `VoteSignal` for a vote cast at a moment, all but the vote."""
    salts = salts_at_hand(at.date())
    found = salts.digests(origin.parts())
    own, earlier, nonce = found[:SLOT], found[SLOT:], os.urandom(NONCE)
    names = ("addr", "net", "wide", "ua")
    return {
        "day": salts.day,
        "at": at,
        **{name: own[n * DIGEST : (n + 1) * DIGEST] for n, name in enumerate(names)},
        "earlier": nonce + _xor(earlier, _stream(salts.key, nonce, len(earlier))),
        "ref_host": origin.ref_host,
        "dwell_ms": None if origin.dwell_ms is None else min(max(origin.dwell_ms, 0), 2_000_000_000),
        "pages": min(max(origin.pages, 0), 30_000),
        "honeypot": origin.honeypot,
        "pow": origin.pow,
    }


def joined(signals: Iterable[VoteSignal], today: datetime.date) -> list[Joined]:
    """Return the signals under the salt that joins the days kept today, as far as it can be told.

    Those of dead days are left out, and so are those that the release before wrote in an earlier fortnight than today's.
    Rows with just the columns that are read here do as well.
    """
    salts = dict(Salt.objects.filter(day__gte=oldest_kept(today), day__lte=today).values_list("day", "key"))
    first = first_of_fortnight(today)
    found = []
    for signal in signals:
        if signal.day not in salts:
            continue
        nonce, body = bytes(signal.earlier[:NONCE]), bytes(signal.earlier[NONCE:])
        start = 0 if signal.day >= first else SLOT
        if len(body) == _BEFORE:
            start = SLOT * ((signal.day - first).days - 1)
            if signal.day < first:
                continue
        opened = _xor(body, _stream(bytes(salts[signal.day]), nonce, len(body)))
        parts = [opened[start + n * DIGEST : start + (n + 1) * DIGEST] for n in range(PARTS)]
        if start < 0:  # it was the first day itself: under its own salt nothing was sealed
            parts = [bytes(part) for part in (signal.addr, signal.net, signal.wide, signal.ua)]
        found.append(Joined(signal.vote_id, signal.at, *parts))
    return found


def first_of_fortnight(day: datetime.date) -> datetime.date:
    """Return the first day of the fortnight that a day is in, counted from a fixed one."""
    return day - datetime.timedelta(days=day.toordinal() % SALTS_KEPT)


def salts_at_hand(today: datetime.date) -> Salts:
    """Return a day's salts: made by the first who asks, and kept in this process until they change."""
    name = str(connection.settings_dict["NAME"]), today
    salts = _known.get(name)
    if salts is None:
        first = first_of_fortnight(today)
        days = [today, first, first + datetime.timedelta(days=SALTS_KEPT)]
        Salt.objects.bulk_create([Salt(day=day, key=os.urandom(32)) for day in set(days)], ignore_conflicts=True)
        keys = {day: bytes(key) for day, key in Salt.objects.filter(day__in=days).values_list("day", "key")}
        salts = Salts.of(today, [keys[day] for day in days])
        forget_salts_at_hand()
        _known[name] = salts
    return salts


def forget_salts_at_hand() -> None:
    """Let this process read the salts anew; nothing of those it knew stays."""
    _known.clear()


def prune(today: datetime.date) -> int:
    """Delete salts and signals of more than a fortnight ago, and signals of readers who asked to be forgotten."""
    forget_salts_at_hand()
    Salt.objects.filter(day__lt=oldest_kept(today)).delete()
    old, _ = VoteSignal.objects.filter(day__lt=oldest_kept(today)).delete()
    forgotten, _ = VoteSignal.objects.filter(vote__voter__erased_at__isnull=False).delete()
    return old + forgotten


def _stream(key: bytes, nonce: bytes, length: int) -> bytes:
    return hashlib.shake_256(b"seal" + key + nonce).digest(length)


def _xor(left: bytes, right: bytes) -> bytes:
    mixed = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return mixed.to_bytes(len(left), "big")
