"""The features that read a history: their values over histories told in a line, and when they are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.features import bursts, identity, linkage
from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.history import Link
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import NO_HISTORY, day_of
from models.reference.reference import Reference
from models.signals.anomalies import Anomaly, anomalies_of
from models.signals.mailbox import sequence_of
from models.signals.signals import derive_signals
from models.signup import Device, Identity, Institution, Signup, Sponsor

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Past:
    """A history that is filled by saying who came when; sign-ups differ in what is changed."""

    def __init__(self, make_signup: Callable[..., Signup], reference: Reference) -> None:
        self._make = make_signup
        self._reference = reference
        self._history = MemoryHistory()
        self._number = 0

    def came(self, ago: timedelta, times: int = 1, **changes: Any) -> None:
        for _ in range(times):
            self._number += 1
            signup = replace(self._make(**changes), occurred_at=NOW - ago)
            identifiers = identifiers_of(signup, derive_signals(signup, self._reference))
            at = signup.occurred_at
            self._history.record(Link(self._number, at, at, signup.account_type, identifiers))

    def facts(self, **changes: Any) -> Facts:
        self._history.roll_up(day_of(NOW))
        signup = self._make(**changes)
        signals = derive_signals(signup, self._reference)
        found = self._history.linkage_of(identifiers_of(signup, signals), now=NOW)
        return Facts(signup, signals, found)


@pytest.fixture
def history(make_signup: Callable[..., Signup], reference: Reference) -> Past:
    return Past(make_signup, reference)


@pytest.fixture
def observed(history: Past) -> Past:
    """Four weeks in which strangers came, and nobody like the ordinary sign-up."""
    stranger = {"email": "x@elsewhere.example", "device": Device(ip="8.8.8.8"), "phone": None, "payment": None}
    history.came(timedelta(days=28), identity=Identity(full_name="Ann Other"), **stranger)
    return history


# feature, what the ordinary sign-up must change to make it missing
BURSTS = [
    (bursts.prefix_burst_1h, {"device__ip": "10.0.0.1"}),
    (bursts.profile_network_burst_24h, {"device__screen": None}),
    (bursts.email_pattern_burst_24h, None),
    (bursts.email_domain_burst_24h, {"email": "jane.marple@gmail.com"}),
    (bursts.institution_burst_24h, {"identity__institution": None}),
    (bursts.bin_burst_24h, {"payment": None}),
]
NAMES = [feature.__name__ for feature, _ in BURSTS]


@pytest.mark.parametrize(("feature", "missing"), BURSTS, ids=NAMES)
def test_bursts_are_missing_without_what_they_compare_or_a_week_of_history(
    observed: Past, feature: Any, missing: dict[str, Any] | None
) -> None:
    assert feature(observed.facts()) is not None
    if missing is not None:
        assert feature(observed.facts(**missing)) is None
    assert feature(Facts(observed.facts().signup, observed.facts().signals, NO_HISTORY)) is None


@pytest.mark.parametrize(("feature", "_"), BURSTS, ids=NAMES)
def test_a_young_service_sees_no_bursts(history: Past, feature: Any, _: Any) -> None:
    history.came(timedelta(days=6), times=3)

    assert feature(history.facts()) is None


@pytest.mark.parametrize(("feature", "_"), BURSTS, ids=NAMES)
def test_a_crowd_in_ten_minutes_is_a_burst_where_nobody_came_before(observed: Past, feature: Any, _: Any) -> None:
    alone = feature(observed.facts())
    observed.came(timedelta(minutes=5), times=59)

    assert alone < 4
    assert feature(observed.facts()) > 14


@pytest.mark.parametrize("feature", [bursts.institution_burst_24h, bursts.email_domain_burst_24h])
def test_a_busy_first_week_of_term_is_no_burst(observed: Past, feature: Any) -> None:
    for day in range(1, 29):
        observed.came(timedelta(days=day, hours=1), times=60)
    observed.came(timedelta(hours=2), times=79)

    assert feature(observed.facts()) < 1


def test_a_domain_is_as_old_as_its_first_sign_up(history: Past) -> None:
    first = linkage.email_domain_age_days(history.facts())
    history.came(timedelta(days=3, hours=12))
    history.came(timedelta(minutes=1), times=300)

    assert (first, linkage.email_domain_age_days(history.facts())) == (0.0, 3.5)


def test_a_domain_grows_no_older_than_two_years(history: Past) -> None:
    history.came(timedelta(days=900))

    assert linkage.email_domain_age_days(history.facts()) == 730.0


def test_without_a_history_the_age_of_a_domain_is_unknown(facts_of: Callable[..., Facts]) -> None:
    assert linkage.email_domain_age_days(facts_of()) is None


@pytest.mark.parametrize(
    ("mailbox", "count"),
    [
        ("s1042@ox.ac.uk", 3.0),
        ("s1100@ox.ac.uk", 2.0),
        ("s1140@ox.ac.uk", 1.0),
        ("s1141@ox.ac.uk", 0.0),
        ("s992@ox.ac.uk", 1.0),
        ("s991@ox.ac.uk", 0.0),
        ("s1042@cam.ac.uk", 0.0),
        ("t1042@ox.ac.uk", 0.0),
        ("jane@ox.ac.uk", None),
    ],
)
def test_numbered_mailboxes_are_counted_around_the_own_number(history: Past, mailbox: str, count: float | None) -> None:
    for neighbour in ("s1042", "s1050", "s1090+tag"):
        history.came(timedelta(days=6), email=f"{neighbour}@ox.ac.uk")
    history.came(timedelta(days=8), email="s1043@ox.ac.uk")

    assert linkage.email_sequence_7d(history.facts(email=mailbox)) == count


@pytest.mark.parametrize("number", [0, 1, 49, 50, 51, 99, 100, 101, 149, 150, 200])
def test_no_neighbour_is_lost_or_counted_twice_at_the_edge_of_a_bucket(history: Past, number: int) -> None:
    everybody = range(260)
    for each in everybody:
        history.came(timedelta(days=1), email=f"s{each}@ox.ac.uk")

    expected = sum(abs(each - number) <= 50 for each in everybody)
    assert linkage.email_sequence_7d(history.facts(email=f"s{number}@ox.ac.uk")) == expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("s1042", ("s#", 1042)),
        ("john.smith42", ("john.smith#", 42)),
        ("a1b22c", ("a1b#c", 22)),
        ("007", ("#", 7)),
        ("1234567890123", ("1#", 234567890123)),
        ("jane", None),
        ("", None),
        ("٣٤", None),
    ],
)
def test_a_series_is_the_mailbox_without_its_last_number(local: str, expected: tuple[str, int] | None) -> None:
    assert sequence_of(local) == expected


def test_people_odd_in_the_same_way_in_the_same_place_are_counted(history: Past) -> None:
    disposable = {"email": "jane@mailinator.com"}
    before = linkage.sync_anomaly_24h(history.facts(**disposable))
    history.came(timedelta(hours=1), times=2, email="jack@mailinator.com")
    history.came(timedelta(hours=1), times=5)
    history.came(timedelta(hours=25), times=3, email="jack@mailinator.com")

    assert before == 0.0
    assert linkage.sync_anomaly_24h(history.facts(**disposable)) == 2.0
    assert linkage.sync_anomaly_24h(history.facts()) == 0.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Anomaly(0)),
        ({"email": "jane@mailinator.com"}, Anomaly.DISPOSABLE_MAIL),
        ({"identity__country": "BR"}, Anomaly.COUNTRY_DIFFERS),
        ({"identity__country": None}, Anomaly(0)),
        ({"identity__country": None, "identity__institution": Institution("X", country="FR")}, Anomaly.COUNTRY_DIFFERS),
        ({"device__timezone": "Pacific/Auckland"}, Anomaly(0)),
        ({"device__timezone": "America/Los_Angeles"}, Anomaly.SMALL_HOURS),
        ({"identity__full_name": "Xkqzv Wqxjk"}, Anomaly.NAME_SURPRISING),
    ],
)
def test_what_is_odd(signals_of: Callable[..., Any], changes: dict[str, Any], expected: Anomaly) -> None:
    assert anomalies_of(signals_of(**changes)) == expected


def test_the_bits_of_all_anomalies_fit_the_column() -> None:
    assert sum(Anomaly) < 2**15


@pytest.mark.parametrize(
    ("sponsor", "value"),
    [
        (None, None),
        (Sponsor(), 0.0),
        (Sponsor(email="boss@gmail.com"), 0.0),
        (Sponsor(orcid="0000-0005-9999-0012"), 0.0),
        (Sponsor(email="boss@cam.ac.uk"), 1.0),
        (Sponsor(email="boss@maths.ox.ac.uk"), 2.0),
    ],
)
def test_a_sponsor_supports_by_where_the_mailbox_is(
    facts_of: Callable[..., Facts], sponsor: Sponsor | None, value: float | None
) -> None:
    assert identity.sponsor_supports(facts_of(identity__sponsor=sponsor)) == value
