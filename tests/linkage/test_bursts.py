"""Bursts: a key is compared with its own past, by a tail that is exact, and a first week of term is no attack."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc
from scipy.stats import nbinom

from models.linkage.burst import HABITS, LARGEST_SURPRISE, LEAST_OBSERVED_DAYS, burst_surprise, log_tail
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import PAST_KINDS, Window


def surprise(earlier: int, past: int, days: int = 28, window: Window = Window.DAY, season: float = 1.0) -> float:
    found = burst_surprise(
        IdentifierKind.EMAIL_DOMAIN, earlier=earlier, window=window, past=past, observed_days=days, season=season
    )
    assert found is not None
    return found


@settings(max_examples=400, deadline=None, database=None)
@given(
    least=st.integers(1, 257),
    log_mean=st.floats(-7, 4),
    dispersion=st.sampled_from([0.006, 0.1, 0.5, 1.0, 3.0, 7.3]),
)
def test_the_tail_is_that_of_scipy(least: int, log_mean: float, dispersion: float) -> None:
    mean = 10.0**log_mean
    expected = betainc(least, dispersion, mean / (mean + dispersion))

    found = log_tail(least, mean=mean, dispersion=dispersion)

    if expected > 1e-290:
        assert found == pytest.approx(math.log(expected), rel=1e-9, abs=1e-9)
    else:
        assert found < -660


@pytest.mark.parametrize(("least", "mean", "dispersion"), [(1, 0.01, 1.0), (5, 2.0, 3.0), (60, 48.0, 1.0)])
def test_the_tail_is_that_of_the_negative_binomial(least: int, mean: float, dispersion: float) -> None:
    expected = nbinom.sf(least - 1, dispersion, dispersion / (dispersion + mean))

    assert math.exp(log_tail(least, mean=mean, dispersion=dispersion)) == pytest.approx(expected, rel=1e-9)


def test_at_least_none_is_certain() -> None:
    assert log_tail(0, mean=1.0, dispersion=1.0) == 0.0


def test_a_university_that_always_sends_sixty_a_day_may_send_eighty() -> None:
    assert surprise(79, past=28 * 60) < 1.0


def test_the_first_week_of_term_is_no_attack_where_people_come_all_year() -> None:
    assert surprise(180, past=28 * 60) < 2.0


def test_sixty_in_ten_minutes_on_a_quiet_key_are_a_surprise_and_the_more_the_greater() -> None:
    assert surprise(59, past=1) > 12
    assert surprise(59, past=1, window=Window.HOUR) > surprise(59, past=1)
    assert surprise(255, past=1, window=Window.HOUR) == LARGEST_SURPRISE


def test_an_announced_event_is_no_attack() -> None:
    crowd = 4 * 60

    assert surprise(crowd, past=28 * 10, season=1.0) > 2.5
    assert surprise(crowd, past=28 * 10, season=20.0) < 1.0


def test_the_more_is_expected_the_less_surprises() -> None:
    found = [surprise(20, past=30, season=season) for season in (0.3, 1.0, 2.0, 5.0)]

    assert found == sorted(found, reverse=True)
    assert found[0] > 1.3 * found[-1]


def test_the_same_crowd_surprises_less_the_more_came_before() -> None:
    found = [surprise(10, past) for past in (0, 5, 50, 500, 5_000)]

    assert found == sorted(found, reverse=True)
    assert found[0] > 3
    assert found[-1] < 1


def test_more_people_never_surprise_less() -> None:
    found = [surprise(earlier, past=100) for earlier in range(257)]

    assert found == sorted(found)


def test_an_hour_expects_less_than_a_day() -> None:
    assert surprise(3, past=100, window=Window.HOUR) > surprise(3, past=100)


def test_a_new_key_in_an_old_service_is_judged_by_its_kind() -> None:
    assert surprise(0, past=0, days=28) > surprise(0, past=0, days=LEAST_OBSERVED_DAYS) > 0.5


def test_without_a_week_of_history_nothing_is_a_burst() -> None:
    for days in range(LEAST_OBSERVED_DAYS):
        assert burst_surprise(IdentifierKind.BIN, earlier=99, window=Window.DAY, past=9, observed_days=days) is None


def test_every_kind_with_a_past_has_habits() -> None:
    assert set(HABITS) == PAST_KINDS
    assert all(habit.rate_per_day > 0 and habit.dispersion > 0 for habit in HABITS.values())
