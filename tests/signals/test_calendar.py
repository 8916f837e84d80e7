"""What is expected of a moment: the hour of the week at the key's place, and events for whom they were announced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.reference.events import AnnouncedEvent, AnnouncedEvents
from models.reference.reference import Reference
from models.signals.calendar import CalendarSignals
from models.signals.signals import derive_signals
from models.signup import Institution, Signup

Make = Callable[..., Signup]
START = datetime(2026, 11, 23, 8, tzinfo=UTC)
ALL = ("prefix_1h", "profile_network_24h", "email_domain_24h", "institution_24h", "bin_24h")


@pytest.fixture
def calendar_of(make_signup: Make, reference: Reference) -> Callable[..., CalendarSignals]:
    def calendar(*events: AnnouncedEvent, at: datetime = START, **changes: Any) -> CalendarSignals:
        known = replace(reference, events=AnnouncedEvents(events, reference.institutions))
        return derive_signals(replace(make_signup(**changes), occurred_at=at), known).calendar

    return calendar


def event(**scope: tuple[str, ...]) -> AnnouncedEvent:
    return AnnouncedEvent("release", START - timedelta(days=2), START + timedelta(days=2), 4.0, **scope)


def raised(plain: CalendarSignals, rushed: CalendarSignals) -> dict[str, float]:
    return {name: round(getattr(rushed, name) / getattr(plain, name), 9) for name in ALL}


def test_an_event_for_everybody_is_expected_of_every_key(calendar_of: Callable[..., CalendarSignals]) -> None:
    assert raised(calendar_of(), calendar_of(event())) == dict.fromkeys(ALL, 4.0)


def test_an_event_that_has_just_begun_is_only_in_the_last_hours(calendar_of: Callable[..., CalendarSignals]) -> None:
    begun = replace(event(), start=START)

    found = raised(calendar_of(), calendar_of(begun))

    assert found["prefix_1h"] == 4.0
    assert 1.0 < found["bin_24h"] < 1.3


def test_a_scoped_event_makes_room_for_its_keys_only(calendar_of: Callable[..., CalendarSignals]) -> None:
    plain = calendar_of()

    at_domain = raised(plain, calendar_of(event(domains=("ac.uk",))))
    at_institution = raised(plain, calendar_of(event(institutions=("Oxford University",))))
    elsewhere = raised(plain, calendar_of(event(domains=("mit.edu",), institutions=("Yale University",))))

    assert at_domain == dict.fromkeys(ALL, 1.0) | {"email_domain_24h": 4.0}
    assert at_institution == dict.fromkeys(ALL, 1.0) | {"institution_24h": 4.0}
    assert elsewhere == dict.fromkeys(ALL, 1.0)


def test_without_a_place_every_hour_is_alike(calendar_of: Callable[..., CalendarSignals]) -> None:
    nowhere = calendar_of(
        device__ip="10.0.0.1", payment=None, email="jane@somewhere.example",
        identity__institution=Institution(name="Unheard College"), at=START.replace(hour=3),
    )  # fmt: skip

    assert nowhere == CalendarSignals(1.0, 1.0, 1.0, 1.0, 1.0)


def test_the_hour_is_that_of_the_network_s_country(calendar_of: Callable[..., CalendarSignals]) -> None:
    night, day = calendar_of(at=START.replace(hour=3)), calendar_of(at=START.replace(hour=11))

    assert day.prefix_1h > 10 * night.prefix_1h
    # A whole day holds every hour of the clock.
    assert day.bin_24h == pytest.approx(night.bin_24h, rel=0.35)
