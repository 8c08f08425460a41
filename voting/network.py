"""Where a request comes from, told so that nobody can choose it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 - no address to listen on: what a request without an address is filed under


def client_address(request: HttpRequest) -> str:
    """Return the address of the reader, normalised; UNKNOWN when the server gives none.

    Each of the settings.TRUSTED_PROXIES proxies writes whom it heard from at the right end of X-Forwarded-For. So the
    reader is that many hops left of the connection itself; whatever stands further left was sent by the reader and is
    not looked at. A hop that is no address (a proxy's "unknown") is passed over towards our side, never away from it.
    """
    heard = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        heard = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), *heard]
    hops = [normalised(hop) for hop in heard[-settings.TRUSTED_PROXIES - 1 :]]
    return next((hop for hop in hops if hop), UNKNOWN)


def network_of(address: str) -> str:
    """Return the network that one household or office usually shares: the /24 of an IPv4 address, the /56 of an IPv6 one."""
    bits = 56 if ":" in address else 24
    return str(ip_network(f"{address}/{bits}", strict=False))


def normalised(hop: str) -> str:
    """Return one spelling of an address, without port or zone; an IPv4 address written as IPv6 becomes IPv4; else ''."""
    text = hop.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)
