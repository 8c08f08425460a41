"""Where a request comes from."""

import pytest
from django.test import RequestFactory

from voting.network import UNKNOWN, client_address, network_of


def request_from(remote, forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9, 10.0.0.5", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_forged_header_buys_no_other_address(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies

    assert client_address(request_from("192.0.2.1", forwarded)) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("", "192.0.2.1"),
        ("unknown", "192.0.2.1"),
        ("198.51.100.7, <script>", "192.0.2.1"),
        ("198.51.100.7, ", "192.0.2.1"),
        ("198.51.100.7,, ,\x00", "192.0.2.1"),
        ("9" * 5000, "192.0.2.1"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8:0::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
    ],
)
def test_an_address_has_one_spelling_and_garbage_falls_back_to_our_side(settings, forwarded, expected):
    settings.TRUSTED_PROXIES = 1

    assert client_address(request_from("192.0.2.1", forwarded)) == expected


@pytest.mark.parametrize(("remote", "expected"), [("::ffff:192.0.2.1", "192.0.2.1"), ("", UNKNOWN), ("unix:", UNKNOWN)])
def test_the_connection_itself_is_normalised(remote, expected):
    assert client_address(request_from(remote)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1234:56ff::1", "2001:db8:1234:5600::/56"),
        (UNKNOWN, "0.0.0.0/24"),
    ],
)
def test_a_network_is_what_a_household_or_office_shares(address, expected):
    assert network_of(address) == expected
