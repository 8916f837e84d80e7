"""A calibration never turns the order of two scores around and never leaves its knots' range."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import Calibration, probability_of

STEPS = st.lists(st.tuples(st.floats(0.001, 10), st.floats(0, 5)), min_size=1, max_size=12)


def knots(steps: list[tuple[float, float]]) -> Calibration:
    return Calibration(
        tuple(accumulate(step for step, _ in steps)), tuple(accumulate((rise for _, rise in steps), initial=-6.0))[1:]
    )


@given(STEPS, st.floats(-30, 150), st.floats(-30, 150))
def test_a_larger_margin_never_gives_a_smaller_score(
    steps: list[tuple[float, float]], one: float, other: float
) -> None:
    calibration = knots(steps)

    low, high = calibration(min(one, other)), calibration(max(one, other))

    assert low <= high
    assert calibration.log_odds[0] <= low
    assert high <= calibration.log_odds[-1]


@given(STEPS, st.floats(-30, 150))
def test_between_the_knots_it_is_a_straight_line(steps: list[tuple[float, float]], margin: float) -> None:
    calibration = knots(steps)

    expected = np.interp(margin, calibration.margins, calibration.log_odds)

    assert calibration(margin) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("margins", "log_odds", "message"),
    [
        ((), (), "at least one"),
        ((0.0,), (0.0, 1.0), "as many"),
        ((0.0, 0.0), (0.0, 1.0), "margins of a calibration must rise"),
        ((0.0, 1.0), (1.0, 0.0), "must not fall"),
        ((0.0, math.nan), (0.0, 1.0), "finite"),
        ((0.0, 1.0), (0.0, math.inf), "finite"),
    ],
)
def test_knots_that_are_no_calibration_are_refused(
    margins: tuple[float, ...], log_odds: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Calibration(margins, log_odds)


@pytest.mark.parametrize("log_odds", [-1e6, -40.0, -1.0, 0.0, 1.0, 40.0, 1e6])
def test_a_probability_stays_between_0_and_1(log_odds: float) -> None:
    probability = probability_of(log_odds)

    assert 0.0 <= probability <= 1.0
    assert probability + probability_of(-log_odds) == pytest.approx(1.0)
