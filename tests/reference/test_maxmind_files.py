"""Networks from an operator's own files in the MaxMind format, written here by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models.reference.network_kinds import NetworkKind
from models.reference.networks import load_networks

_BUILT = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


def _encoded(value: object) -> bytes:
    """A value in the format's data section (specification 2.0): strings, numbers, maps, arrays."""
    if isinstance(value, str):
        text = value.encode()
        size = bytes([2 << 5 | len(text)]) if len(text) < 29 else bytes([2 << 5 | 29, len(text) - 29])
        return size + text
    if isinstance(value, int):
        return bytes([6 << 5 | 4]) + value.to_bytes(4, "big")
    if isinstance(value, dict):
        return bytes([7 << 5 | len(value)]) + b"".join(_encoded(name) + _encoded(each) for name, each in value.items())
    if isinstance(value, bytes):
        return value
    return bytes([len(value), 4]) + b"".join(map(_encoded, value))


def _short(number: int) -> bytes:
    return bytes([5 << 5 | 2]) + number.to_bytes(2, "big")


def _long(number: int) -> bytes:
    return bytes([8, 2]) + number.to_bytes(8, "big")


def _write(path: Path, record: dict[str, object]) -> Path:
    """A file whose lower half of IPv4 has the record, and whose upper half has none."""
    nodes = 1
    tree = (nodes + 16).to_bytes(3, "big") + nodes.to_bytes(3, "big")
    about = {
        "node_count": nodes,
        "record_size": _short(24),
        "ip_version": _short(4),
        "database_type": "Test",
        "languages": ["en"],
        "binary_format_major_version": _short(2),
        "binary_format_minor_version": _short(0),
        "build_epoch": _long(_BUILT),
        "description": {"en": "A file for tests"},
    }
    path.write_bytes(tree + bytes(16) + _encoded(record) + b"\xab\xcd\xefMaxMind.com" + _encoded(about))
    return path


@pytest.fixture
def country_file(tmp_path):
    return _write(tmp_path / "country.mmdb", {"country": {"iso_code": "FR"}})


@pytest.fixture
def asn_file(tmp_path):
    return _write(
        tmp_path / "asn.mmdb",
        {"autonomous_system_number": 2200, "autonomous_system_organization": "Reseau National"},
    )


def test_both_files_answer_with_number_and_country(country_file, asn_file):
    networks = load_networks(country=country_file, asn=asn_file)

    found = networks.look_up("8.8.8.8")
    assert (found.country, found.asn, found.kind, found.key) == ("FR", 2200, NetworkKind.RESEARCH, "as2200")
    assert (networks.embedded, networks.built_on) == (False, date(2026, 11, 1))


@pytest.mark.parametrize("ip", ["129.67.1.1", "2001:630::1"])
def test_an_address_the_files_do_not_hold_is_public_but_unknown(country_file, asn_file, ip):
    found = load_networks(country=country_file, asn=asn_file).look_up(ip)

    assert (found.public, found.country, found.asn, found.kind, found.key) == (True, None, None, None, None)


def test_with_one_file_the_embedded_data_fills_the_gaps(country_file):
    networks = load_networks(country=country_file)

    assert networks.look_up("8.8.8.8").country == "FR"
    assert networks.look_up("8.8.8.8").key == "org:google"
    assert networks.look_up("129.67.1.1").country == "GB"
    assert networks.embedded
    assert networks.built_on < date(2026, 11, 1)
