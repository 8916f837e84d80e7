"""Backing off: quick at first, patient later, over after three days."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from service.domain.backoff import GIVEN_UP_AFTER, LONGEST_PAUSE, next_try


def tries(noon: datetime, chance: float) -> list[timedelta]:
    """When attempts are made that all fail at once, since the first."""
    made, at = [timedelta(0)], next_try(attempts=1, queued_at=noon, now=noon, chance=chance)
    while at is not None:
        made.append(at - noon)
        at = next_try(attempts=len(made), queued_at=noon, now=at, chance=chance)
    return made


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_attempts_thin_out_over_three_days_and_end_with_them(noon: datetime, chance: float) -> None:
    made = tries(noon, chance)

    assert made[-1] == GIVEN_UP_AFTER == timedelta(days=3)
    assert 13 <= len(made) <= 17
    assert sum(each <= timedelta(hours=1) for each in made) >= 6
    pauses = [later - earlier for earlier, later in pairwise(made)]
    assert max(pauses) <= LONGEST_PAUSE * 1.25


def test_the_pauses_triple(noon: datetime) -> None:
    assert [each.total_seconds() for each in tries(noon, 0.5)[:6]] == [0, 5, 20, 65, 200, 605]


def test_what_fails_together_does_not_come_back_together(noon: datetime) -> None:
    def after(chance: float) -> float:
        at = next_try(attempts=4, queued_at=noon, now=noon, chance=chance)
        assert at is not None
        return (at - noon).total_seconds()

    assert (after(0.0), after(0.5), after(1.0)) == (101.25, 135, 168.75)


@pytest.mark.parametrize(("asked", "pause"), [(60, 60), (1, 5), (10**6, 12 * 3600)])
def test_a_receiver_can_ask_for_a_longer_pause_up_to_the_longest(noon: datetime, asked: int, pause: int) -> None:
    at = next_try(attempts=1, queued_at=noon, now=noon, chance=0.5, retry_after_s=asked)

    assert at == noon + timedelta(seconds=pause)


def test_any_number_of_attempts_has_a_next_one_within_the_three_days(noon: datetime) -> None:
    assert next_try(attempts=10**6, queued_at=noon, now=noon, chance=1.0) == noon + timedelta(hours=15)
