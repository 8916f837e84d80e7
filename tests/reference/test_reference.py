"""The reference data: what it knows, what it does not, and what loading it costs."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from ipaddress import ip_address
from itertools import pairwise

import pytest

from models.reference.institutions import ror_is_valid
from models.reference.network_kinds import NetworkKind, network_kind
from models.reference.reference import load_reference
from models.reference.special_addresses import is_public

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def test_importing_the_modules_loads_no_data():
    program = (
        "import sys; import models.reference.reference, models.signals.signals, models.identifiers; "
        "big = [m for m in sys.modules if m.startswith(('geoip2fast', 'confusable_homoglyphs.confusables', 'faker'))]; "
        "assert not big, big"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True).returncode == 0


def test_loading_stays_small():
    # The limit is generous because memory of other parts is measured too; 55 MB is what it takes here.
    program = (
        "import resource, gc; from models.reference.reference import load_reference; "
        "pages = lambda: int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize(); "
        "before = pages(); reference = load_reference(); gc.collect(); print((pages() - before) // 2**20)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert int(done.stdout) < 90


@pytest.mark.parametrize(
    ("domain", "academic", "stoplisted"),
    [
        ("ox.ac.uk", True, False),
        ("maths.ox.ac.uk", True, False),
        ("mit.edu", True, False),
        ("gmail.com", False, False),
        ("notmit.edu.example.com", False, False),
        ("utmail.utexas.edu", False, True),
    ],
)
def test_academic_domains(reference, domain, academic, stoplisted):
    found = reference.academic.look_up(domain)

    assert (found.academic, found.stoplisted) == (academic, stoplisted)


def test_an_academic_domain_names_its_institution(reference):
    assert "University of Oxford" in reference.academic.look_up("cs.ox.ac.uk").institutions


@pytest.mark.parametrize(
    ("claimed", "domain"),
    [
        ("University of Oxford", "ox.ac.uk"),
        ("oxford university", "ox.ac.uk"),
        ("The University of Oxford!", "ox.ac.uk"),
        ("Univeristy of Oxford", "ox.ac.uk"),
        ("Universidad Nacional Autonoma de Mexico", "unam.edu"),
        ("Massachusets Institute of Technology", "mit.edu"),
    ],
)
def test_a_claimed_name_finds_its_institution(reference, claimed, domain):
    resolved = reference.institutions.resolve(claimed)

    assert resolved is not None
    assert domain in resolved.domains


@pytest.mark.parametrize("claimed", ["", "😀", "Oxford Brookings Online Institute", "of the", "x" * 5000])
def test_an_unheard_of_name_finds_none(reference, claimed):
    assert reference.institutions.resolve(claimed) is None


@pytest.mark.parametrize(
    ("ror", "valid"),
    [
        ("https://ror.org/052gg0110", True),
        ("042nb2s44", True),
        ("042nb2s45", False),
        ("142nb2s44", False),
        ("04inb2s44", False),
        ("", False),
        ("\u066042nb2s44", False),
    ],
)
def test_ror_check_digits(ror, valid):
    assert ror_is_valid(ror) is valid


@pytest.mark.parametrize(
    ("ip", "country", "kind"),
    [
        ("129.67.1.1", "GB", NetworkKind.RESEARCH),
        ("2001:630::1", "GB", NetworkKind.RESEARCH),
        ("::ffff:129.67.1.1", "GB", NetworkKind.RESEARCH),
        ("18.9.22.169", "US", NetworkKind.UNIVERSITY),
        ("3.5.6.7", "US", NetworkKind.HOSTING),
        ("49.36.1.1", "IN", NetworkKind.MOBILE),
        ("81.2.69.142", "GB", NetworkKind.ACCESS),
    ],
)
def test_addresses_have_a_country_and_a_kind_of_network(reference, ip, country, kind):
    found = reference.networks.look_up(ip)

    assert (found.public, found.country, found.kind) == (True, country, kind)
    assert found.key is not None


@pytest.mark.parametrize(
    "ip", ["10.0.0.1", "127.0.0.1", "::1", "192.0.2.7", "fe80::1%eth0", "224.0.0.1", "", "1.2.3", "0.0.0.0"]
)
def test_nothing_is_known_of_addresses_that_are_not_public(reference, ip):
    found = reference.networks.look_up(ip)

    assert (found.public, found.country, found.kind, found.key) == (False, None, None, None)


def test_the_embedded_networks_say_how_old_they_are(reference):
    assert reference.networks.embedded
    assert date(2024, 1, 1) < reference.networks.built_on < date(2027, 1, 1)


def test_embedded_ranges_are_in_order_and_answer_at_their_edges(reference):
    ranges = reference.networks._source.country_v4

    assert all(one < other for one, other in pairwise(ranges.firsts))
    first, prefix, value = ranges.firsts[5], ranges.prefixes[5], ranges.values[5]
    assert ranges.at(first) == ranges.at(first + (1 << 32 - prefix) - 1) == value


@pytest.mark.parametrize(
    ("asn", "organisation", "kind"),
    [
        (786, None, NetworkKind.RESEARCH),
        (16509, "AMAZON-02", NetworkKind.HOSTING),
        (21928, "T-MOBILE-AS21928", NetworkKind.MOBILE),
        (None, "Universidad de Chile", NetworkKind.UNIVERSITY),
        (None, "Contabo GmbH", NetworkKind.HOSTING),
        (None, "Deutsche Telekom AG", NetworkKind.ACCESS),
        (4242, None, NetworkKind.ACCESS),
        (None, None, None),
        (None, "", None),
    ],
)
def test_kinds_of_networks(asn, organisation, kind):
    assert network_kind(asn, organisation) == kind


@pytest.mark.parametrize(
    ("zone", "country", "gap"),
    [
        ("Europe/London", "GB", 0.0),
        ("Asia/Kolkata", "GB", 5.5),
        ("Asia/Calcutta", "GB", 5.5),
        ("Asia/Tokyo", "US", 5.0),  # to Hawaii, the short way over the date line
        ("UTC", "GB", 0.0),
        ("Mars/Base", "GB", None),
        ("../../etc/passwd", "GB", None),
        ("Europe/London", "ZZ", None),
    ],
)
def test_hours_between_a_time_zone_and_a_country(reference, zone, country, gap):
    assert reference.time_zones.gap_hours(zone, country, NOW) == gap


def test_summer_time_counts(reference):
    assert reference.time_zones.gap_hours("UTC", "GB", datetime(2026, 7, 1, tzinfo=UTC)) == 1.0


def test_countries_and_their_languages(reference):
    countries = reference.countries

    assert len(countries.codes) == 249
    assert countries.known("gb") == "GB"
    assert countries.known("UK") is None
    assert {"de", "fr", "it"} <= countries.languages_of("CH")
    assert "no" in countries.languages_of("NO")
    assert not [code for code in countries.codes - {"AQ", "BV", "HM", "GS", "TF"} if not countries.languages_of(code)]


def test_browser_versions_carry_their_date(reference):
    assert reference.browsers.made_on > date(2026, 1, 1)
    assert set(reference.browsers.newest) >= {"Chrome", "Firefox", "Safari", "Edge"}


def test_an_operator_s_lists_replace_the_shipped_ones():
    mine = load_reference(virtual_bins=["999999"], open_enrolment=["ox.ac.uk"])

    assert mine.bins.is_virtual("99999912")
    assert not mine.bins.is_virtual("440393")
    assert mine.mail.is_open_enrolment("ox.ac.uk")


def test_a_named_file_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_reference(country_database=tmp_path / "none.mmdb", asn_database=tmp_path / "none.mmdb")


def test_mail_lists_do_not_overlap(reference):
    mail = reference.mail

    assert not mail.free & mail.relay
    assert not [domain for domain in mail.free | mail.relay if mail.is_disposable(domain)]
    assert not [domain for domain in mail.free | mail.relay if reference.academic.look_up(domain).academic]


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        ("1.0.0.0", True),
        ("9.255.255.255", True),
        ("10.0.0.0", False),
        ("10.255.255.255", False),
        ("11.0.0.0", True),
        ("100.63.255.255", True),
        ("100.64.0.0", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("203.0.113.255", False),
        ("203.0.114.0", True),
        ("223.255.255.255", True),
        ("224.0.0.0", False),
        ("255.255.255.255", False),
        ("2001:db8::1", False),
        ("2001:200::1", True),
        ("2a00::1", True),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::", False),
    ],
)
def test_special_addresses_end_where_the_registry_says(ip, public):
    assert is_public(ip_address(ip)) is public
