"""Where a webhook may be sent: what is right about a URL, and which addresses are nobody else's business."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network
from urllib.parse import urlsplit

from models.reference.special_addresses import is_public

URL_LIMIT = 2_048

_NAT64 = ip_network("64:ff9b::/96")
_HOSTS_OF_CLOUDS = frozenset({IPv4Address("168.63.129.16")})
"""Public by their number, yet answered by the machine's own host: Azure's metadata and key service."""


class UrlError(Exception):
    """What would be right in place of the URL; it never repeats the URL."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. ``path`` has the query behind it and may hold the receiver's own token."""

    secure: bool
    host: str
    port: int
    path: str = field(repr=False)


def target_of(url: str, *, private_allowed: bool) -> Target:
    """The parts of a webhook's URL.

    Args:
        url: as somebody entered it.
        private_allowed: whether plain HTTP and addresses that are not public are.

    Raises:
        UrlError: nothing may be sent there.
    """
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        raise UrlError(f"must have {URL_LIMIT} characters at most, all of them printable ASCII and none a space")
    try:
        parts = urlsplit(url)
        port = parts.port
        # Resolvers and TLS take no empty and no overlong label.
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise UrlError("must be a URL, such as https://example.org/hooks") from None
    allowed = ("https", "http") if private_allowed else ("https",)
    if parts.scheme not in allowed or not parts.hostname or port == 0:
        raise UrlError("must be a URL, such as https://example.org/hooks; plain http only where private addresses are")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlError("must hold no user, password or fragment")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(secure, parts.hostname, port or (443 if secure else 80), path)
    if not private_allowed and _is_plainly_ours(target.host.rstrip(".")):
        raise UrlError("must not name a private, loopback, link-local or otherwise reserved address")
    return target


def may_be_sent(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to somebody on the Internet, and not to us, our network or our cloud."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return may_be_sent(inner)
    return is_public(address) and address not in _HOSTS_OF_CLOUDS


def _is_plainly_ours(host: str) -> bool:
    """What a look at the name tells; the address it leads to is looked at when something is sent."""
    try:
        return not may_be_sent(ipaddress.ip_address(host))
    except ValueError:
        return f".{host}".endswith(".localhost")
