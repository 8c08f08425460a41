"""Signals without addresses: days join while their salts live, and never afterwards."""

import datetime
import hashlib
import secrets
from types import SimpleNamespace

import pytest
from django.core import serializers
from django.utils import timezone

from tests import factories
from voting import origins
from voting.casting import cast
from voting.erasing import forget_voter
from voting.models import Salt, VoteSignal
from voting.origins import Origin

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
HOME, OTHER = "203.0.113.77", "198.51.100.4"


def vote(address, days_ago=0, **fields):
    at = timezone.now() - datetime.timedelta(days=days_ago)
    reader = factories.guest()
    outcome = cast(reader, factories.tool(), 1, origin=Origin(address, "Browser/1", **fields), at=at)
    return VoteSignal.objects.get(pk=outcome.vote_id), reader


def test_while_the_salts_live_days_can_be_joined():
    signals = [vote(HOME, 13)[0], vote(OTHER, 6)[0], vote(HOME, 6)[0], vote(HOME)[0]]

    found = origins.joined(signals, TODAY)

    assert [it.vote_id for it in found] == [signal.pk for signal in signals]
    assert [it.addr == found[0].addr for it in found] == [True, False, True, True]
    assert len({it.ua for it in found}) == 1


def seen(address, day, vote_id=0):
    """What a vote of some day keeps of its origin."""
    at = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    return SimpleNamespace(vote_id=vote_id, **origins.sealed(Origin(address, "Browser/1"), at))


@pytest.mark.parametrize("ago", range(14))
def test_on_each_day_of_a_fortnight_all_days_that_are_kept_can_be_joined(ago):
    today = TODAY - datetime.timedelta(days=ago)
    days = [today - datetime.timedelta(days=n) for n in range(14)]

    found = origins.joined([seen(address, day) for day in days for address in (HOME, OTHER)], today)

    assert len(found) == 28
    assert len({(it.addr, it.net, it.wide, it.ua) for it in found}) == 2


def test_signals_of_the_release_before_are_joined_as_far_as_this_fortnight_goes():
    first = origins.first_of_fortnight(TODAY)
    salts = {first + datetime.timedelta(days=n): secrets.token_bytes(32) for n in range(-13, 14)}
    Salt.objects.bulk_create([Salt(day=day, key=key) for day, key in salts.items()])

    def written_before(day):
        """It sealed the digests under each of the thirteen days before, the latest first."""
        row = seen(HOME, day)
        parts = Origin(HOME, "Browser/1").parts()
        earlier = [origins.Salts.of(day, [salts.get(day - datetime.timedelta(days=n), b"")]) for n in range(1, 14)]
        body, nonce = b"".join(it.digests(parts) for it in earlier), secrets.token_bytes(16)
        row.earlier = nonce + origins._xor(body, origins._stream(salts[day], nonce, len(body)))
        return row

    rows = [written_before(day) for day in salts if day <= TODAY] + [seen(HOME, TODAY)]
    found = origins.joined(rows, TODAY)

    assert len(found) == (TODAY - first).days + 2
    assert len({(it.addr, it.net, it.wide, it.ua) for it in found}) == 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("203.0.113.7", "203.0.113.8", (False, True, True)),
        ("203.0.113.7", "203.0.114.7", (False, False, True)),
        ("2001:db8:1:1::1", "2001:db8:1:1::2", (True, True, True)),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", (False, True, True)),
        ("2001:db8:1:1::1", "2001:db8:2:1::1", (False, False, False)),
    ],
)
def test_addresses_are_told_apart_by_address_network_and_wider_network(first, second, same):
    one, other = origins.joined([vote(first)[0], vote(second, 3)[0]], TODAY)

    assert (one.addr == other.addr, one.net == other.net, one.wide == other.wide) == same


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:1:1::1"])
def test_a_digest_is_keyed_with_the_salt_of_its_day_and_says_only_whether_it_is_ipv6(address):
    signal, _ = vote(address)
    key = bytes(Salt.objects.get(day=TODAY).key)

    for name, part in zip(("addr", "net", "wide", "ua"), Origin(address, "Browser/1").parts(), strict=True):
        digest = hashlib.blake2b(part, key=key, digest_size=8, person=name.encode()).digest()
        if name == "wide":
            digest = digest[:-1] + bytes([digest[-1] & 0xFE | (":" in address)])
        assert bytes(getattr(signal, name)) == digest, name


def everything_in(signal):
    """What a dump without salts holds of a signal, in pieces as long as a digest at every place."""
    columns = [bytes(getattr(signal, name)) for name in ("addr", "net", "wide", "ua", "earlier")]
    return {column[n : n + 8] for column in columns for n in range(len(column) - 7)}


def test_a_dump_without_salts_joins_no_two_days_and_holds_no_address():
    signals = [vote(HOME, days)[0] for days in (2, 1, 0)]

    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert not everything_in(signals[one]) & everything_in(signals[other])
    dump = serializers.serialize("json", VoteSignal.objects.all())
    assert "203.0.113" not in dump
    Salt.objects.all().delete()
    origins.forget_salts_at_hand()
    assert origins.joined(VoteSignal.objects.all(), TODAY) == []


def test_the_day_of_a_deleted_salt_can_never_be_joined_again():
    signals = [vote(HOME, 2)[0], vote(HOME, 1)[0], vote(HOME)[0]]

    Salt.objects.filter(day=signals[1].day).delete()

    assert [it.vote_id for it in origins.joined(signals, TODAY)] == [signals[0].pk, signals[2].pk]


def test_after_a_fortnight_salts_and_signals_are_gone():
    kept, _ = vote(HOME, 13)
    vote(HOME, 14)

    assert origins.prune(TODAY) == 1

    assert [signal.pk for signal in VoteSignal.objects.all()] == [kept.pk]
    assert min(Salt.objects.values_list("day", flat=True)) == kept.day


def test_signals_of_a_reader_who_was_forgotten_go_with_the_next_pruning():
    _, reader = vote(HOME)
    forget_voter(reader)

    origins.prune(TODAY)

    assert not VoteSignal.objects.exists()


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://news.example.org/x?y=1", "news.example.org"),
        ("", ""),
        ("nonsense", ""),
        ("http://[", ""),
        ("//self", "self"),
    ],
)
def test_of_a_referrer_only_the_host_is_kept(referrer, host):
    assert vote(HOME, referrer=referrer)[0].ref_host == host
