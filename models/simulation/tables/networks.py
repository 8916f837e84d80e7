"""Networks: real address ranges by country and by what they are used for."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

from models.simulation.streams import Weighted, zipf
from models.simulation.tables.places import Place
from models.simulation.tables.shipped import shipped_rows


class NetworkUse(StrEnum):
    """What an address range is used for."""

    HOME = "home"
    MOBILE = "mobile"
    ACADEMIC = "academic"
    HOSTING = "hosting"
    VPN = "vpn"


_RANGES_A_NETWORK = 12
_MANY, _PRESENT = 6, 0.6
_CARRIER_NATS = 36
_VPN_EXITS = 500


@dataclass(frozen=True, slots=True)
class Range:
    """One block of addresses of one network."""

    first: int
    size: int

    def ip(self, rng: random.Random) -> str:
        """An address of the block that a host can have."""
        number = self.first + rng.randrange(self.size)
        last = number & 0xFF
        if last in {0, 255}:
            number = (number & ~0xFF) | rng.randrange(1, 255)
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass(frozen=True, slots=True)
class WideRange:
    """One IPv6 allocation, by the upper 64 bits: each subscriber gets a /64 of it."""

    first: int
    size: int

    def ip(self, rng: random.Random) -> str:
        """A device at one subscriber, with an interface number of the kind that changes daily."""
        return _spelt_v6(self.first + rng.randrange(self.size), rng.getrandbits(64))


def connection_of(ip: str) -> str:
    """What tells one household from another: the IPv4 address, or the /64."""
    return ip if ":" not in ip else f"{int(IPv6Address(ip)) >> 64:x}"


def neighbouring_device(ip: str, interface: int) -> str:
    """Another device on the same connection: behind the same IPv4 address, or in the same /64."""
    return ip if ":" not in ip else _spelt_v6(int(IPv6Address(ip)) >> 64, interface)


def _spelt_v6(subnet: int, interface: int) -> str:
    return str(IPv6Address(subnet << 64 | interface))


@dataclass(frozen=True, slots=True)
class Network:
    """One autonomous system's ranges in one country."""

    name: str
    use: NetworkUse
    ranges: tuple[Range, ...]
    addresses: int
    wide: tuple[WideRange, ...] = ()

    def ip(self, rng: random.Random) -> str:
        """An IPv4 address of one of its blocks."""
        return rng.choice(self.ranges).ip(rng)


class Networks:
    """Networks by country and use; what a country has none of falls back to its homes."""

    def __init__(self, places: Sequence[Place], rng: random.Random) -> None:
        self._by_place: dict[tuple[str, NetworkUse], Weighted[Network]] = {}
        for key, every in _networks(rng).items():
            # Another seed is a world of other vendors: each table lacks some.
            found = every if len(every) < _MANY else sorted(rng.sample(every, round(len(every) * _PRESENT)), key=_size)
            self._by_place[key] = Weighted(found, (network.addresses**0.6 for network in found))
        self._everywhere = {
            use: Weighted(*_joined([w for (_, u), w in sorted(self._by_place.items()) if u is use]))
            for use in (NetworkUse.HOSTING, NetworkUse.VPN)
        }
        self._vpn_exits = zipf([self._everywhere[NetworkUse.VPN].draw(rng).ip(rng) for _ in range(_VPN_EXITS)], 0.7)
        self._carrier_nats = {
            place.code: tuple(self.mobile(place, rng).ip(rng) for _ in range(_CARRIER_NATS)) for place in places
        }

    def home(self, place: Place, rng: random.Random, *, ipv6: float = 1.0) -> str:
        """A household of the country; ``ipv6`` scales how many of them show their IPv6 address."""
        network = self._home(place).draw(rng)
        return _preferred(network, place.ipv6 * ipv6, rng) or network.ip(rng)

    def mobile(self, place: Place, rng: random.Random) -> Network:
        """A mobile carrier of the country."""
        return (self._by_place.get((place.code, NetworkUse.MOBILE)) or self._home(place)).draw(rng)

    def academic_or_home(self, place: Place, rng: random.Random) -> Network:
        """A university or research network of the country; small schools sit behind a home provider."""
        return (self._by_place.get((place.code, NetworkUse.ACADEMIC)) or self._home(place)).draw(rng)

    def carrier(self, place: Place, rng: random.Random) -> str:
        """A mobile connection: an IPv4 address with hundreds of people behind it, or a /64 of the session's own."""
        own = _preferred(self.mobile(place, rng), place.ipv6, rng)
        return own or rng.choice(self._carrier_nats[place.code])

    def vpn_exit(self, rng: random.Random) -> str:
        """An address that the customers of a VPN share."""
        return self._vpn_exits.draw(rng)

    def exit(self, use: NetworkUse, rng: random.Random, place: Place | None = None) -> Network:
        """A hosting or VPN exit, in that country when it has any."""
        nearby = self._by_place.get((place.code, use)) if place else None
        return (nearby or self._everywhere[use]).draw(rng)

    def _home(self, place: Place) -> Weighted[Network]:
        return self._by_place[place.code, NetworkUse.HOME]


def _size(network: Network) -> tuple[int, str]:
    return -network.addresses, network.name


def _joined(tables: Sequence[Weighted[Network]]) -> tuple[list[Network], list[float]]:
    networks = [network for table in tables for network in table.items]
    # People and operators alike rent where most servers are.
    return networks, [network.addresses**0.8 for network in networks]


def _preferred(network: Network, share: float, rng: random.Random) -> str | None:
    """An IPv6 address of the network for that share of its people, when it has any."""
    return rng.choice(network.wide).ip(rng) if rng.random() < share and network.wide else None


def _networks(rng: random.Random) -> dict[tuple[str, NetworkUse], list[Network]]:
    found: dict[tuple[str, NetworkUse], list[Network]] = defaultdict(list)
    for country, use, name, addresses, v4, v6 in shipped_rows("networks.csv.gz"):
        blocks = v4.split("|")
        chosen = blocks if len(blocks) <= _RANGES_A_NETWORK else rng.sample(blocks, _RANGES_A_NETWORK)
        ranges = tuple(_range(block) for block in chosen)
        wide = tuple(_wide_range(block) for block in v6.split("|") if block)
        found[country, NetworkUse(use)].append(Network(name, NetworkUse(use), ranges, int(addresses), wide))
    return found


def _range(block: str) -> Range:
    first, length = block.split("/")
    return Range(int(first, 16), 1 << (32 - int(length)))


def _wide_range(block: str) -> WideRange:
    first, length = block.split("/")
    return WideRange(int(first, 16), 1 << (64 - int(length)))
