"""Networks: real address ranges by country and by what they are used for."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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


_RANGES_A_NETWORK = 16
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
class Network:
    """One autonomous system's ranges in one country."""

    name: str
    use: NetworkUse
    ranges: tuple[Range, ...]
    addresses: int

    def ip(self, rng: random.Random) -> str:
        """An address of one of its blocks."""
        return rng.choice(self.ranges).ip(rng)


class Networks:
    """Networks by country and use; what a country has none of falls back to its homes."""

    def __init__(self, places: Sequence[Place], rng: random.Random) -> None:
        self._by_place: dict[tuple[str, NetworkUse], Weighted[Network]] = {}
        for key, found in _networks(rng).items():
            self._by_place[key] = Weighted(found, (network.addresses**0.6 for network in found))
        self._everywhere = {
            use: Weighted(*_joined([w for (_, u), w in sorted(self._by_place.items()) if u is use]))
            for use in (NetworkUse.HOSTING, NetworkUse.VPN)
        }
        self._vpn_exits = zipf([self._everywhere[NetworkUse.VPN].draw(rng).ip(rng) for _ in range(_VPN_EXITS)], 0.7)
        self._carrier_nats = {
            place.code: tuple(self.mobile(place, rng).ip(rng) for _ in range(_CARRIER_NATS)) for place in places
        }

    def home(self, place: Place, rng: random.Random) -> Network:
        """A residential provider of the country."""
        return self._by_place[place.code, NetworkUse.HOME].draw(rng)

    def mobile(self, place: Place, rng: random.Random) -> Network:
        """A mobile carrier of the country."""
        return (self._by_place.get((place.code, NetworkUse.MOBILE)) or self._home(place)).draw(rng)

    def academic_or_home(self, place: Place, rng: random.Random) -> Network:
        """A university or research network of the country; small schools sit behind a home provider."""
        return (self._by_place.get((place.code, NetworkUse.ACADEMIC)) or self._home(place)).draw(rng)

    def carrier_nat(self, place: Place, rng: random.Random) -> str:
        """An address that a mobile carrier of the country puts hundreds of people behind."""
        return rng.choice(self._carrier_nats[place.code])

    def vpn_exit(self, rng: random.Random) -> str:
        """An address that the customers of a VPN share."""
        return self._vpn_exits.draw(rng)

    def exit(self, use: NetworkUse, rng: random.Random, place: Place | None = None) -> Network:
        """A hosting or VPN exit, in that country when it has any."""
        nearby = self._by_place.get((place.code, use)) if place else None
        return (nearby or self._everywhere[use]).draw(rng)

    def _home(self, place: Place) -> Weighted[Network]:
        return self._by_place[place.code, NetworkUse.HOME]


def _joined(tables: Sequence[Weighted[Network]]) -> tuple[list[Network], list[float]]:
    networks = [network for table in tables for network in table.items]
    return networks, [network.addresses**0.5 for network in networks]


def _networks(rng: random.Random) -> dict[tuple[str, NetworkUse], list[Network]]:
    found: dict[tuple[str, NetworkUse], list[Network]] = defaultdict(list)
    for country, use, name, addresses, v4, _ in shipped_rows("networks.csv.gz"):
        blocks = v4.split("|")
        chosen = blocks if len(blocks) <= _RANGES_A_NETWORK else rng.sample(blocks, _RANGES_A_NETWORK)
        ranges = tuple(_range(block) for block in chosen)
        found[country, NetworkUse(use)].append(Network(name, NetworkUse(use), ranges, int(addresses)))
    return found


def _range(block: str) -> Range:
    first, length = block.split("/")
    return Range(int(first, 16), 1 << (32 - int(length)))
