"""Seasons: every curve has mean one, and goes by the clocks of the country."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.reference.places import load_time_zones
from models.reference.season import HOURS_A_WEEK, PEOPLE, TEACHING, Curve, Seasons, hour_of

CURVES = pytest.mark.parametrize("curve", [PEOPLE, TEACHING], ids=["people", "teaching"])
MONDAY = hour_of(datetime(2026, 11, 23, tzinfo=UTC))
WEEK = range(MONDAY, MONDAY + HOURS_A_WEEK)


@pytest.fixture(scope="module")
def seasons() -> Seasons:
    return Seasons(load_time_zones())


@CURVES
@pytest.mark.parametrize("country", ["GB", "IN", "EG", "US", "BR", None, "XX"])
def test_the_mean_over_a_week_is_one(seasons: Seasons, curve: Curve, country: str | None) -> None:
    assert sum(seasons.hour(curve, country, hour) for hour in WEEK) / len(WEEK) == pytest.approx(1.0, abs=1e-12)
    assert sum(seasons.day(curve, country, hour) for hour in WEEK) / len(WEEK) == pytest.approx(1.0, abs=1e-12)


def test_a_day_is_the_mean_of_its_hours(seasons: Seasons) -> None:
    for last in (MONDAY, MONDAY + 13, MONDAY + 100):
        hours = [seasons.hour(TEACHING, "IN", each) for each in range(last - 23, last + 1)]

        assert seasons.day(TEACHING, "IN", last) == pytest.approx(sum(hours) / 24)


@CURVES
def test_few_come_before_dawn_and_on_the_weekend(curve: Curve, seasons: Seasons) -> None:
    night, noon = (seasons.hour(curve, "GB", MONDAY + hour) for hour in (3, 12))
    tuesday, sunday = (seasons.day(curve, "GB", MONDAY + 24 * day + 23) for day in (1, 6))

    assert noon > 10 * night > 0
    assert tuesday > 1.3 * sunday


def test_schools_rest_on_the_weekend_more_than_people_do(seasons: Seasons) -> None:
    saturday = MONDAY + 5 * 24 + 23

    assert seasons.day(TEACHING, "GB", saturday) < seasons.day(PEOPLE, "GB", saturday)


def test_the_clock_is_the_country_s(seasons: Seasons) -> None:
    at_noon_in_tokyo = MONDAY + 3

    assert seasons.hour(PEOPLE, "JP", at_noon_in_tokyo) == seasons.hour(PEOPLE, "GB", MONDAY + 12)
    # Half an hour counts whole: India's clocks show 03:30 at 22:00 UTC of the day before.
    assert seasons.hour(PEOPLE, "IN", MONDAY - 2) == PEOPLE.hours[3]


def test_summer_time_moves_the_clock(seasons: Seasons) -> None:
    july = hour_of(datetime(2026, 7, 6, 11, tzinfo=UTC))

    assert seasons.hour(PEOPLE, "GB", july) == seasons.hour(PEOPLE, "GB", MONDAY + 12)


def test_where_friday_is_the_weekend_sunday_is_a_working_day(seasons: Seasons) -> None:
    friday, sunday = (seasons.day(TEACHING, "EG", MONDAY + 24 * day + 21) for day in (4, 6))

    assert sunday > 1.5 * friday


@CURVES
def test_an_unknown_place_has_no_season(seasons: Seasons, curve: Curve) -> None:
    assert {seasons.hour(curve, country, hour) for country in (None, "XX") for hour in WEEK} == {1.0}
