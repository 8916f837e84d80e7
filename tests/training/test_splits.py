"""A split never lets the future, or an operator, leak across a cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.training.dataset import DatasetError
from models.training.splits import Shares, Split, split_by_time

DAY = np.timedelta64(86_400_000_000, "us")
START = np.datetime64("2026-01-01", "us")

WORLDS = st.lists(st.tuples(st.integers(0, 10_000_000), st.integers(-1, 5)), min_size=60, max_size=400)


def parts(split: Split) -> list[np.ndarray]:
    return [split.training, split.validation, split.calibration, split.test]


@given(WORLDS)
@settings(max_examples=150, deadline=None)
def test_slices_follow_one_another_with_a_gap_and_share_no_entity(world: list[tuple[int, int]]) -> None:
    world.sort()
    times = START + np.array([second for second, _ in world]) * np.timedelta64(1_000_000, "us")
    entities = np.array([entity for _, entity in world])
    try:
        split = split_by_time(times, entities, gap_days=2)
    except DatasetError:
        return  # too little time for four slices

    found = parts(split)
    filled = [part for part in found if len(part)]  # the test slice may be empty, or belong to earlier owners
    for earlier, later in itertools.pairwise(filled):
        assert times[later].min() - times[earlier].max() > 2 * DAY
    owners = [set(entities[part].tolist()) - {-1} for part in found]
    assert sum(len(each) for each in owners) == len(set().union(*owners))
    assert split.dropped + sum(len(part) for part in found) == len(world)
    assert len({row for part in found for row in part.tolist()}) == sum(len(part) for part in found)


def test_the_rows_right_after_a_cut_are_left_out() -> None:
    times = START + np.arange(1_000) * (DAY // 10)
    split = split_by_time(times, np.full(1_000, -1), gap_days=3)

    assert times[split.validation[0]] - times[split.training[-1]] >= 3 * DAY
    assert times[split.calibration[0]] - times[split.validation[-1]] >= 3 * DAY
    assert times[split.test[0]] - times[split.calibration[-1]] >= 3 * DAY
    assert split.dropped == 90


def test_an_operator_stays_where_its_accounts_are_densest() -> None:
    times = START + np.arange(1_000) * DAY
    entities = np.full(1_000, -1)
    entities[[10, 620, 900, 910, 920]] = 7

    split = split_by_time(times, entities, gap_days=0)

    assert {900, 910, 920} <= set(split.test.tolist())
    assert 10 not in split.training
    assert 620 not in split.validation


def test_equal_times_are_never_torn_apart() -> None:
    times = START + (np.arange(1_000) // 50) * DAY

    split = split_by_time(times, np.full(1_000, -1), gap_days=0)

    seen = [set(times[part].tolist()) for part in parts(split)]
    assert sum(len(each) for each in seen) == len(set().union(*seen))


def test_too_little_time_for_the_gap_is_said_plainly() -> None:
    times = START + np.arange(1_000) * np.timedelta64(1_000_000, "us")

    with pytest.raises(DatasetError, match="too little time for a gap of 7 days"):
        split_by_time(times, np.full(1_000, -1), gap_days=7)


def test_a_test_slice_is_not_needed() -> None:
    times = START + np.arange(1_000) * DAY

    split = split_by_time(times, np.full(1_000, -1), shares=Shares(0.7, 0.1, 0.2), gap_days=0)

    assert len(split.test) == 0
    assert len(split.calibration) == pytest.approx(200, abs=1)


@pytest.mark.parametrize("shares", [(0.0, 0.5, 0.5), (0.8, 0.2, 0.1), (0.5, -0.1, 0.2)])
def test_impossible_shares_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        Shares(*shares)
