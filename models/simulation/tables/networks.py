"""Networks: real address ranges by country and by what they are used for."""

from __future__ import annotations

import gzip
import pickle
import random
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from itertools import chain
from typing import cast

from models.simulation.streams import Weighted, zipf
from models.simulation.tables.places import Place


class NetworkUse(StrEnum):
    """What an address range is used for."""

    HOME = "home"
    MOBILE = "mobile"
    ACADEMIC = "academic"
    HOSTING = "hosting"
    VPN = "vpn"


_ACADEMIC = re.compile(
    r"univ|colleg|educat|research and|research network|nren|academic network|forschungsnetz"
    r"|jisc|renater|surf b|garr"
    r"|rediris|pesquisa|polytech|hochschul|school|institute of technology"
    r"|cernet|uninett|sunet|funet|heanet"
    r"|cesnet",
)
_VPN = re.compile(
    r"m247|datacamp|packethub|31173|mullvad|proton|tzulo|quadranet|clouvider|leaseweb|cdn77|hostroyale|private layer"
    r"|express ?vpn|surfshark|nordvpn|ipxo|zenlayer|gthost|owl limited|path network",
)
_HOSTING = re.compile(
    r"amazon|digitalocean|ovh|hetzner|linode|akamai connected|vultr|choopa|contabo|scaleway|google-cloud|oracle-b"
    r"|hosting|hoster|\bvps\b|datacenter|data cent|server|ionos|alibaba|tencent|microsoft|cloud|colo",
)
_MOBILE = re.compile(
    r"mobil|cellular|cellco|wireless|gprs|jio|airtel|mtn|safaricom|celtel|scancom|ncell|kcell|smart broadband"
    r"|globe tele"
    r"|docomo|softbank|telefonica germany|vodafone|orange|t-mobile|tim sa|claro|\bee limited|turkcell|etisalat|zain"
    r"|telkomsel|indosat|xl axiata|viettel|dito|digi tele|maxis|celcom",
)
_NOT_PEOPLE = re.compile(
    r"dnic|dod |defen|navy|military|army|mercedes|apple|google|facebook|ford|at&t-research|bank|insurance|lilly|merck"
    r"|halliburton|gov|ministry|government|level3|uunet|exchange|transit|cloudflare|prudential|boeing|hewlett|^dupont"
    r"|microsoft|amazon|cogent|gtt comm|credito|fastly|unknown|verisign|ibm|police|fujitsu|daimler|press|backbone-only",
)
_NETWORKS_A_USE = 24
_RANGES_A_NETWORK = 16
_CARRIER_NATS = 36
_VPN_EXITS = 500


@dataclass(frozen=True, slots=True)
class Range:
    """One block of addresses of one network."""

    network: str
    first: int
    size: int
    country: str
    use: NetworkUse

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
        for key, found in _networks({place.code for place in places}, rng).items():
            largest = sorted(found, key=lambda network: (-network.addresses, network.name))[:_NETWORKS_A_USE]
            self._by_place[key] = Weighted(largest, (network.addresses**0.6 for network in largest))
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


def _use(name: str) -> NetworkUse | None:
    """What the network is for, by its lower-case name; ``None`` for those nobody browses from."""
    for use, pattern in ((NetworkUse.ACADEMIC, _ACADEMIC), (NetworkUse.VPN, _VPN), (NetworkUse.HOSTING, _HOSTING)):
        if pattern.search(name):
            return use
    if _NOT_PEOPLE.search(name):
        return None
    return NetworkUse.MOBILE if _MOBILE.search(name) else NetworkUse.HOME


def _networks(countries: set[str], rng: random.Random) -> dict[tuple[str, NetworkUse], list[Network]]:
    ranges: dict[tuple[str, NetworkUse, str], list[Range]] = defaultdict(list)
    for each in _ranges(countries):
        ranges[each.country, each.use, each.network].append(each)
    found: dict[tuple[str, NetworkUse], list[Network]] = defaultdict(list)
    for (country, use, name), blocks in ranges.items():
        chosen = blocks if len(blocks) <= _RANGES_A_NETWORK else rng.sample(blocks, _RANGES_A_NETWORK)
        found[country, use].append(Network(name, use, tuple(chosen), sum(block.size for block in blocks)))
    return dict(sorted(found.items()))


def _ranges(countries: set[str]) -> Iterable[Range]:
    # The package answers look-ups only; drawing addresses needs the table behind it. Its version is pinned.
    packed = resources.files("geoip2fast").joinpath("geoip2fast-asn.dat.gz")
    with packed.open("rb") as raw, gzip.open(raw) as stream:
        database = pickle.load(stream)[3]  # noqa: S301 - the package's own file
    country_names, network_names = database[2], database[3]
    country_starts, country_ids = list(chain(*database[4])), list(chain(*database[6]))
    codes = [name.split(":")[0] for name in country_names]
    uses: dict[int, NetworkUse | None] = {}
    for first, network_id, length in zip(*(chain(*database[part]) for part in (5, 7, 9)), strict=True):
        if not 9 <= length <= 24:
            continue
        country = codes[country_ids[bisect_right(country_starts, first) - 1]]
        if country not in countries:
            continue
        if network_id not in uses:
            uses[network_id] = _use(network_names[network_id].lower())
        use = uses[network_id]
        if use is not None:
            yield Range(network_names[network_id], cast("int", first), 1 << (32 - length), country, use)
