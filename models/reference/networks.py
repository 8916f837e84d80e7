"""Networks: the country, the organisation and the kind of network behind an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import maxminddb

from models.frozen import frozen
from models.reference.embedded_networks import load_embedded_networks
from models.reference.network_kinds import NetworkKind, network_kind
from models.reference.network_source import Address, Found, Source
from models.reference.special_addresses import is_public


@frozen
class NetworkFacts:
    """The network behind one address.

    Attributes:
        public: false for private, reserved, documentation and malformed addresses, about which nothing else is known.
        country: ISO 3166-1 alpha-2.
        asn: the number of the autonomous system; the embedded data has none.
        organisation: its registered name.
        kind: what the network is for.
        key: what identifies the network among sign-ups: its number, else its organisation's name.
        household: a public address as text, IPv6 as its /64.
        prefix: the /24 or /48 around it.
        version: 4 or 6, of a malformed one ``None``.
    """

    public: bool
    country: str | None = None
    asn: int | None = None
    organisation: str | None = None
    kind: NetworkKind | None = None
    key: str | None = None
    household: str | None = None
    prefix: str | None = None
    version: int | None = None


_MALFORMED = NetworkFacts(public=False)


class Networks:
    """Addresses to networks, with a cache: a class of sixty shares one address."""

    def __init__(self, source: Source, *, embedded: bool) -> None:
        self._source = source
        self.embedded = embedded
        self.look_up = lru_cache(maxsize=16384)(self._look_up)
        self._kind = lru_cache(maxsize=8192)(network_kind)

    @property
    def built_on(self) -> date:
        """When the older part of the data was made; readiness reports its age."""
        return self._source.built_on

    def _look_up(self, ip: str) -> NetworkFacts:
        """The network of an address as text; nothing is known of what is not a public address."""
        address = parsed_address(ip)
        if address is None:
            return _MALFORMED
        if not is_public(address):
            return NetworkFacts(public=False, version=address.version)
        found = self._source.find(address)
        organisation = " ".join(found.organisation.split()) if found.organisation else None
        key = f"as{found.asn}" if found.asn is not None else None
        if key is None and organisation:
            key = f"org:{organisation.casefold()}"
        household, prefix = _forms_of(address)
        return NetworkFacts(
            public=True,
            country=found.country,
            asn=found.asn,
            organisation=organisation,
            kind=self._kind(found.asn, organisation),
            key=key,
            household=household,
            prefix=prefix,
            version=address.version,
        )


def _forms_of(address: Address) -> tuple[str, str]:
    """What one household has of an address, and the prefix around it."""
    if isinstance(address, IPv4Address):
        text = str(address)
        return text, f"{text.rpartition('.')[0]}.0/24"
    groups = [f"{int.from_bytes(address.packed[at : at + 2]):x}" for at in (0, 2, 4, 6)]
    return f"{_with_zeros(groups)}/64", f"{_with_zeros(groups[:3])}/48"


def _with_zeros(groups: list[str]) -> str:
    """A public IPv6 address that begins with these groups and ends in four or more of zeros, as RFC 5952 writes it."""
    while groups[-1] == "0":
        groups = groups[:-1]
    return f"{':'.join(groups)}::"


def parsed_address(ip: str) -> Address | None:
    """The address, an IPv4-mapped one in its IPv4 form; ``None`` when the text is no address."""
    try:
        # A zone ("fe80::1%eth0") only has a meaning on the machine that wrote it.
        text = ip.strip().partition("%")[0]
        address = IPv6Address(text) if ":" in text else IPv4Address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class MaxMindFiles:
    """A source in the MaxMind format: a country (or city) file, an ASN file, or both."""

    def __init__(self, *, country: Path | None, asn: Path | None) -> None:
        self._country = None if country is None else maxminddb.open_database(country)
        self._asn = None if asn is None else maxminddb.open_database(asn)

    @property
    def built_on(self) -> date:
        """See ``Source``: the older of the two files."""
        readers = [reader for reader in (self._country, self._asn) if reader is not None]
        return datetime.fromtimestamp(min(reader.metadata().build_epoch for reader in readers), UTC).date()

    def find(self, address: Address) -> Found:
        """See ``Source``."""
        place = _record(self._country, address)
        system = _record(self._asn, address)
        country = place.get("country") or place.get("registered_country")
        code = country.get("iso_code") if isinstance(country, Mapping) else None
        asn, organisation = system.get("autonomous_system_number"), system.get("autonomous_system_organization")
        return Found(
            country=code if isinstance(code, str) else None,
            asn=asn if isinstance(asn, int) else None,
            organisation=organisation if isinstance(organisation, str) else None,
        )


class Both:
    """A source that asks a second one for what the first does not know."""

    def __init__(self, first: Source, second: Source) -> None:
        self._first, self._second = first, second

    @property
    def built_on(self) -> date:
        """See ``Source``."""
        return min(self._first.built_on, self._second.built_on)

    def find(self, address: Address) -> Found:
        """See ``Source``."""
        found, other = self._first.find(address), self._second.find(address)
        named = found if found.asn is not None or found.organisation else other
        return Found(found.country or other.country, named.asn, named.organisation)


def _record(reader: maxminddb.Reader | None, address: Address) -> Mapping[str, object]:
    if reader is None:
        return {}
    try:
        record = reader.get(address)
    except ValueError:  # an IPv6 address in an IPv4-only file
        return {}
    return record if isinstance(record, Mapping) else {}


def load_networks(*, country: Path | None = None, asn: Path | None = None) -> Networks:
    """Networks from MaxMind-format files where given, the embedded data for the rest.

    Raises:
        FileNotFoundError: a file that was named does not exist.
        maxminddb.InvalidDatabaseError: a file is not in the format.
    """
    if country is not None and asn is not None:
        return Networks(MaxMindFiles(country=country, asn=asn), embedded=False)
    embedded = load_embedded_networks()
    if country is None and asn is None:
        return Networks(embedded, embedded=True)
    return Networks(Both(MaxMindFiles(country=country, asn=asn), embedded), embedded=True)
