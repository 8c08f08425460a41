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
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from voting.models.signal import SALTS_KEPT, Salt, VoteSignal, oldest_kept

DIGEST, PARTS, NONCE = 8, 4, 16
SLOT = DIGEST * PARTS
_known: dict[tuple[str, datetime.date], list[tuple[datetime.date, bytes]]] = {}


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
        lengths = (32, 24, 16) if ip.version == 4 else (64, 56, 48)
        kept = ((length, ip.max_prefixlen - length) for length in lengths)
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


def digests(key: bytes, parts: list[bytes]) -> bytes:
    """Return the digests of some parts under a salt, one after the other.

    The last bit of the wider network's is not secret: 1 for IPv6, where a /48 is one household as well as a company.
    """
    found = []
    for keyed, part in zip(_keyed(key), parts, strict=True):
        digest = keyed.copy()
        digest.update(part)
        found.append(digest.digest())
    addr, net, wide, ua = found
    return addr + net + wide[:-1] + bytes([wide[-1] & 0xFE | (b":" in parts[2])]) + ua


@lru_cache(maxsize=4 * SALTS_KEPT)
def _keyed(key: bytes) -> list[Any]:
    """Return what digests each kind of part under a salt: made once and copied, since a vote needs a fortnight of them."""
    kinds = (b"addr", b"net", b"wide", b"ua")
    return [hashlib.blake2b(key=key, digest_size=DIGEST, person=kind) for kind in kinds]


def sealed(origin: Origin, at: datetime.datetime) -> dict[str, Any]:
    """Return the columns of `VoteSignal` for a vote cast at a moment, all but the vote."""
    salts = living_salts(at.date())
    day, key = salts[-1]
    parts = origin.parts()
    under = {salt_day: digests(salt_key, parts) for salt_day, salt_key in salts}
    back = (day - datetime.timedelta(days=n) for n in range(1, SALTS_KEPT))
    earlier = b"".join(under[before] for before in back)
    nonce = os.urandom(NONCE)
    own = under[day]
    names = ("addr", "net", "wide", "ua")
    return {
        "day": day,
        "at": at,
        **{name: own[n * DIGEST : (n + 1) * DIGEST] for n, name in enumerate(names)},
        "earlier": nonce + _xor(earlier, _stream(key, nonce, len(earlier))),
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


def living_salts(today: datetime.date) -> list[tuple[datetime.date, bytes]]:
    """Return the salts of the last fortnight, oldest first, today's last: made by the first who asks."""
    name = str(connection.settings_dict["NAME"]), today
    salts = _known.get(name)
    if salts is None:
        first = oldest_kept(today)
        days = [first + datetime.timedelta(days=n) for n in range(SALTS_KEPT)]
        # All days have one, also those on which nobody voted: the oldest joins everything, in whatever order votes come.
        Salt.objects.bulk_create([Salt(day=day, key=os.urandom(32)) for day in days], ignore_conflicts=True)
        kept = Salt.objects.filter(day__gte=first, day__lte=today).order_by("day")
        salts = [(day, bytes(key)) for day, key in kept.values_list("day", "key")]
        forget_salts_at_hand()
        _known[name] = salts
    return salts


def forget_salts_at_hand() -> None:
    """Let this process read the salts anew; nothing of those it knew stays."""
    _known.clear()
    _keyed.cache_clear()


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
