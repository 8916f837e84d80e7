"""The network data in the ``geoip2fast`` wheel, repacked into arrays a tenth of its size in memory."""

from __future__ import annotations

import gc
import gzip
import io
import pickle
import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from ipaddress import IPv4Address
from itertools import accumulate
from typing import Any  # Any: the package's file is nested lists of numbers

from models.reference.network_source import Address, Found

_DATA = "geoip2fast-asn-ipv6.dat.gz"
_FIRST_V6 = 1 << 32
_NOBODY = frozenset({"", "<unknown>", "IANA.ORG"})
_RESERVED_COUNTRIES = 16
"""The package lists its special-purpose ranges first, in place of countries."""


class _PlainUnpickler(pickle.Unpickler):
    """Reads numbers, strings and lists, and refuses to construct anything else."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"the network data names {module}.{name}; plain lists were expected")


@dataclass(frozen=True, slots=True)
class Ranges:
    """Address ranges in order: where each starts, how long its prefix is, and the number it stands for."""

    firsts: array[int]
    prefixes: array[int]
    values: array[int]
    bits: int

    def at(self, address: int) -> int | None:
        """The value of the range that holds the address."""
        index = bisect_right(self.firsts, address) - 1
        if index < 0:
            return None
        if address - self.firsts[index] >> (self.bits - self.prefixes[index]):
            return None
        return self.values[index]


@dataclass(frozen=True, slots=True)
class Names:
    """Many names in one piece of memory: 72,000 small strings would hold on to all that the loader allocated."""

    text: bytes
    ends: array[int]

    def at(self, index: int) -> str | None:
        """The name with that number; ``None`` for the placeholders of unknown owners."""
        start = self.ends[index - 1] if index else 0
        name = self.text[start : self.ends[index]].decode()
        return None if name in _NOBODY else name


@dataclass(frozen=True, slots=True)
class EmbeddedNetworks:
    """Country and organisation by address; this data has no AS numbers. IPv6 is kept to /64."""

    built_on: date
    countries: Sequence[str | None]
    organisations: Names
    country_v4: Ranges
    country_v6: Ranges
    organisation_v4: Ranges
    organisation_v6: Ranges

    def find(self, address: Address) -> Found:
        """See ``models.reference.network_source.Source``."""
        if isinstance(address, IPv4Address):
            number, country, organisation = int(address), self.country_v4, self.organisation_v4
        else:
            number, country, organisation = int(address) >> 64, self.country_v6, self.organisation_v6
        place, owner = country.at(number), organisation.at(number)
        return Found(
            country=None if place is None else self.countries[place],
            organisation=None if owner is None else self.organisations.at(owner),
        )


def load_embedded_networks() -> EmbeddedNetworks:
    """Read the wheel's file (0.5 s). The package's own code is not imported: it alters the process's environment."""
    collecting = gc.isenabled()
    # 1,400,000 numbers in lists: the collector would walk them again and again and find nothing.
    gc.disable()
    try:
        return _loaded()
    finally:
        if collecting:
            gc.enable()


def _loaded() -> EmbeddedNetworks:
    with gzip.open(io.BytesIO((files("geoip2fast") / _DATA).read_bytes())) as packed:
        _, about, _, lists = _PlainUnpickler(packed).load()
    _, _, countries, organisations, firsts, system_firsts, places, owners, prefixes, system_prefixes = lists
    country_v4, country_v6 = _split(firsts, prefixes, places, "H")
    organisation_v4, organisation_v6 = _split(system_firsts, system_prefixes, owners, "I")
    return EmbeddedNetworks(
        built_on=_date(about["info"]),
        countries=tuple(None if at < _RESERVED_COUNTRIES else name.split(":")[0] for at, name in enumerate(countries)),
        organisations=_names(organisations),
        country_v4=country_v4,
        country_v6=country_v6,
        organisation_v4=organisation_v4,
        organisation_v6=organisation_v6,
    )


def _names(names: Sequence[str]) -> Names:
    encoded = [name.encode() for name in names]
    return Names(b"".join(encoded), array("I", accumulate(map(len, encoded))))


def _date(info: str) -> date:
    found = re.search(r"(\d{4})(\d{2})(\d{2})$", info)
    if found is None:
        raise RuntimeError(f"bug: the network data carries no date: {info!r}")
    return date(int(found[1]), int(found[2]), int(found[3]))


def _split(
    firsts: list[list[int]], prefixes: list[list[int]], values: list[list[int]], code: str
) -> tuple[Ranges, Ranges]:
    """One table of both families as two: IPv4 by its 32 bits, IPv6 by its upper 64; it takes the lists apart."""
    v4 = Ranges(array("I"), array("B"), array(code), 32)
    v6 = Ranges(array("Q"), array("B"), array(code), 64)
    while firsts:
        chunk = firsts.pop(0), prefixes.pop(0), values.pop(0)
        border = bisect_right(chunk[0], _FIRST_V6 - 1)
        _append(v4, chunk[0][:border], chunk[1][:border], chunk[2][:border])
        _append(v6, [first >> 64 for first in chunk[0][border:]], chunk[1][border:], chunk[2][border:])
    return v4, v6


def _append(ranges: Ranges, firsts: list[int], prefixes: list[int], values: list[int]) -> None:
    ranges.firsts.fromlist(firsts)
    # Ranges narrower than the bits that are kept count as wide as those.
    ranges.prefixes.fromlist([min(prefix, ranges.bits) for prefix in prefixes])
    ranges.values.fromlist(values)
