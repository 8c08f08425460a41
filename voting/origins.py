"""Where a vote came from, kept as digests that die with the salts of their days.

A digest is keyed with the salt of the day on which the vote was cast, so that votes of one day can be told apart by
address and votes of two days cannot. To look back over a fortnight while the salts live, a signal also carries its
digests under the earlier salts, sealed under its own day's: the oldest living salt was alive when any of the signals
kept was made, so the digests under it join all days. Deleting a salt closes its day for good.
"""

import datetime
import hashlib
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from voting.models.signal import SALTS_KEPT, Salt, VoteSignal, oldest_kept

DIGEST, PARTS, NONCE = 8, 4, 16
SLOT = DIGEST * PARTS
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
        ip = ipaddress.ip_address(self.address)
        if ip.version == 4:
            a, b, c, d = ip.packed
            nets = [f"{a}.{b}.{c}.{d}/32", f"{a}.{b}.{c}.0/24", f"{a}.{b}.0.0/16"]
        else:
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
    """The salts of a fortnight, as what digests each kind of part: today's first, then back day by day.

    What digests is made once and copied. The last bit of each wider network's digest is not secret: 1 for IPv6, where a
    /48 is one household as well as a company.
    """

    day: datetime.date
    key: bytes
    by_kind: tuple[tuple[Any, ...], ...]
    kind_bit: int  # the bit of every day's digests that tells IPv6
    common: dict[bytes, list[bytes]]  # the digests of browsers and wider networks, which many share: nobody's address

    @classmethod
    def of(cls, salts: list[tuple[datetime.date, bytes]]) -> "Salts":
        kinds = (b"addr", b"net", b"wide", b"ua")
        back = [key for _, key in reversed(salts)]
        keyed = tuple(tuple(hashlib.blake2b(key=k, digest_size=DIGEST, person=it).copy for k in back) for it in kinds)
        bit = bytes(3 * DIGEST - 1) + b"\1" + bytes(DIGEST)
        return cls(*salts[-1], keyed, int.from_bytes(bit * len(back), "big"), {})

    def digests(self, parts: list[bytes]) -> bytes:
        """Return the digests of some parts under each salt, one after the other."""
        addr, net, wide, ua = parts
        columns = self._under(0, addr), self._under(1, net), self._common(2, wide), self._common(3, ua)
        found = b"".join([digest for of_a_day in zip(*columns, strict=True) for digest in of_a_day])
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
    """Return the signals under the oldest living salt, so that days can be compared; those of dead days are left out.

    Rows with just the columns that are read here do as well.
    """
    salts = dict(Salt.objects.filter(day__gte=oldest_kept(today), day__lte=today).values_list("day", "key"))
    if not salts:
        return []
    oldest = min(salts)
    found = []
    for signal in signals:
        if signal.day not in salts:
            continue
        if signal.day == oldest:
            parts = [bytes(part) for part in (signal.addr, signal.net, signal.wide, signal.ua)]
        else:
            nonce, body = bytes(signal.earlier[:NONCE]), bytes(signal.earlier[NONCE:])
            opened = _xor(body, _stream(bytes(salts[signal.day]), nonce, len(body)))
            start = ((signal.day - oldest).days - 1) * SLOT
            parts = [opened[start + n * DIGEST : start + (n + 1) * DIGEST] for n in range(PARTS)]
        found.append(Joined(signal.vote_id, signal.at, *parts))
    return found


def salts_at_hand(today: datetime.date) -> Salts:
    """Return the salts of the last fortnight: made by the first who asks, and kept in this process until they change."""
    name = str(connection.settings_dict["NAME"]), today
    salts = _known.get(name)
    if salts is None:
        first = oldest_kept(today)
        days = [first + datetime.timedelta(days=n) for n in range(SALTS_KEPT)]
        # All days have one, also those on which nobody voted: the oldest joins everything, in whatever order votes come.
        Salt.objects.bulk_create([Salt(day=day, key=os.urandom(32)) for day in days], ignore_conflicts=True)
        kept = Salt.objects.filter(day__gte=first, day__lte=today).order_by("day")
        salts = Salts.of([(day, bytes(key)) for day, key in kept.values_list("day", "key")])
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
