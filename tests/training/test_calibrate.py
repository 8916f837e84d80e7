"""A fitted calibration is honest on later data, never turns the order around, and claims no certainty."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.metrics import calibration_error
from models.training.calibrate import beta, calibrate, isotonic


def drawn(rows: int, seed: int, *, curve: str = "straight") -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    margins = random.normal(-3, 2.5, rows)
    true = {"straight": 0.6 * margins - 1, "bent": np.where(margins > -2, 3.0, -5.0)}[curve]
    return margins, (random.random(rows) < 1 / (1 + np.exp(-true))).astype(np.int8)


@pytest.mark.parametrize("curve", ["straight", "bent"])
@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_the_calibrated_score_means_what_it_says_on_later_data(curve: str, weight: float) -> None:
    margins, labels = drawn(20_000, 1, curve=curve)
    calibration = calibrate(margins, labels, np.full(len(labels), weight)).calibration()

    later, truth = drawn(20_000, 2, curve=curve)
    scores = np.array([1 / (1 + np.exp(-calibration(margin))) for margin in later.tolist()])

    assert calibration_error(scores, truth) < 0.01


def test_the_shape_of_the_data_decides_between_the_two() -> None:
    assert calibrate(*drawn(20_000, 1, curve="bent")).method == "isotonic"
    assert calibrate(*drawn(1_000, 1)).method == "beta"


@given(st.integers(0, 10_000), st.integers(60, 400), st.sampled_from([beta, isotonic]))
@settings(max_examples=60, deadline=None)
def test_order_is_kept_even_beyond_the_data(seed: int, rows: int, make: object) -> None:
    margins, labels = drawn(rows, seed)
    labels[:2] = [0, 1]
    calibration = make(margins, labels, np.ones(rows))  # type: ignore[operator]

    ladder = [calibration(margin) for margin in np.linspace(margins.min() - 10, margins.max() + 10, 200).tolist()]

    assert all(before <= after for before, after in itertools.pairwise(ladder))
    assert ladder[0] < ladder[-1]
    assert ladder[-1] > ladder[-5]


def test_a_margin_that_ranks_backwards_leaves_the_base_rate() -> None:
    margins, labels = drawn(2_000, 4)

    calibration = beta(-margins, labels, np.ones(2_000))

    assert calibration(0.0) == calibration(5.0) == pytest.approx(np.log(labels.mean() / (1 - labels.mean())))


def test_perfectly_separated_data_give_no_certainty() -> None:
    margins = np.concatenate((np.full(100, -4.0), np.full(100, 4.0)))
    labels = np.repeat([0, 1], 100).astype(np.int8)

    calibration = isotonic(margins, labels, np.ones(200))

    assert calibration(4.0) == pytest.approx(np.log(100 / 0.5))
    assert calibration(-4.0) == pytest.approx(-np.log(100 / 0.5))


def test_weights_count_like_repeated_rows() -> None:
    margins, labels = drawn(500, 3)
    weights = np.random.default_rng(1).integers(1, 4, 500)

    weighted = isotonic(margins, labels, weights.astype(float))
    level_free = beta(margins, labels, weights.astype(float))
    repeated = beta(np.repeat(margins, weights), np.repeat(labels, weights), np.ones(weights.sum()))

    assert level_free.log_odds == pytest.approx(repeated.log_odds, abs=1e-3)
    assert len(weighted.margins) > 3
