"""Addresses from which nobody signs up over the Internet: private, reserved, documentation, multicast.

The IANA special-purpose registries as a sorted table: a look-up costs under a microsecond where ``ipaddress`` takes
ten, and the answer does not change with the version of Python.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

_SPECIAL_V4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
)
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")


def _bounds(networks: Sequence[str]) -> tuple[list[int], list[int]]:
    parsed = [ip_network(each) for each in networks]
    return [int(each.network_address) for each in parsed], [int(each.broadcast_address) for each in parsed]


_FIRST_V4, _LAST_V4 = _bounds(_SPECIAL_V4)
_FIRST_V6, _LAST_V6 = _bounds(_SPECIAL_V6)
_FIRST_GLOBAL_V6, _LAST_GLOBAL_V6 = int(_GLOBAL_V6.network_address), int(_GLOBAL_V6.broadcast_address)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the Internet routes the address to somebody in particular."""
    number = int(address)
    if isinstance(address, IPv4Address):
        return not _within(number, _FIRST_V4, _LAST_V4)
    return _FIRST_GLOBAL_V6 <= number <= _LAST_GLOBAL_V6 and not _within(number, _FIRST_V6, _LAST_V6)


def _within(number: int, firsts: list[int], lasts: list[int]) -> bool:
    at = bisect_right(firsts, number) - 1
    return at >= 0 and number <= lasts[at]
