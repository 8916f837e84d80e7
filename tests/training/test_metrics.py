"""The figures are those of scikit-learn where it has them, and their intervals cover the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from models.evaluation.metrics import (
    Ranking,
    SortedRows,
    calibration_error,
    measure,
    slope_and_intercept,
    threshold_at,
)


def drawn(rows: int = 4_000, seed: int = 1, digits: int = 2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    scores = np.round(random.beta(0.6, 4.0, rows), digits)  # rounded: many equal scores
    return scores, (random.random(rows) < scores).astype(np.int8)


@given(st.integers(0, 1_000), st.integers(20, 300), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_ranking_figures_are_those_of_scikit_learn(seed: int, rows: int, digits: int) -> None:
    scores, truth = drawn(rows, seed, digits)
    truth[:2] = [0, 1]

    ranking = Ranking.of(SortedRows.of(scores, truth))

    assert ranking.roc_auc() == pytest.approx(roc_auc_score(truth, scores))
    assert ranking.pr_auc() == pytest.approx(average_precision_score(truth, scores))
    rates, recalls, _ = roc_curve(truth, scores, drop_intermediate=False)
    for rate in (0.0, 0.01, 0.05, 0.5, 1.0):
        assert ranking.recall_at(rate) == pytest.approx(recalls[rates <= rate + 1e-12].max())


def test_counting_a_row_twice_is_having_it_twice() -> None:
    scores, truth = drawn(500)
    counts = np.random.default_rng(3).integers(0, 3, 500).astype(float)
    repeated = np.repeat(np.arange(500), counts.astype(int))

    weighted = Ranking.of(SortedRows.of(scores, truth), counts)
    plain = Ranking.of(SortedRows.of(scores[repeated], truth[repeated]))

    assert weighted.roc_auc() == pytest.approx(plain.roc_auc())
    assert weighted.recall_at(0.01) == pytest.approx(plain.recall_at(0.01))
    assert slope_and_intercept(scores, truth, counts) == pytest.approx(
        slope_and_intercept(scores[repeated], truth[repeated]), abs=1e-6
    )


def test_equal_scores_are_flagged_together_or_not_at_all() -> None:
    scores = np.array([0.9] * 10 + [0.1] * 90)
    truth = np.array([1] * 5 + [0] * 95, np.int8)

    assert Ranking.of(SortedRows.of(scores, truth)).recall_at(0.05) == 0.0
    assert (scores >= threshold_at(scores, truth, 0.05)).sum() == 0
    assert (scores >= threshold_at(scores, truth, 0.06)).sum() == 10


def test_precision_moves_with_the_prevalence() -> None:
    scores = np.array([0.9] * 100 + [0.1] * 900)
    truth = np.array([1] * 80 + [0] * 20 + [1] * 20 + [0] * 880, np.int8)
    ranking = Ranking.of(SortedRows.of(scores, truth))

    assert ranking.precision_at_recall(0.8, 0.1) == pytest.approx(0.08 / (0.08 + 0.9 * 20 / 900))
    assert ranking.precision_at_recall(0.8, 0.2) > ranking.precision_at_recall(0.8, 0.01)


def test_an_honest_score_has_slope_1_and_a_boastful_one_less() -> None:
    scores, truth = drawn(50_000, digits=6)
    slope, intercept = slope_and_intercept(scores, truth)
    boastful = 1 / (1 + (1 / np.clip(scores, 1e-6, 1 - 1e-6) - 1) ** 2)

    assert slope == pytest.approx(1.0, abs=0.05)
    assert intercept == pytest.approx(0.0, abs=0.1)
    assert slope_and_intercept(boastful, truth)[0] == pytest.approx(0.5, abs=0.05)
    assert calibration_error(scores, truth) < 0.01 < calibration_error(boastful, truth)


def test_intervals_hold_the_figure_and_shrink_with_more_rows() -> None:
    few, many = measure(*drawn(1_000), seed=1), measure(*drawn(20_000), seed=1)

    for narrow, wide in zip(many, few, strict=True):
        assert narrow.low is not None
        assert narrow.high is not None
        assert wide.low is not None
        assert wide.high is not None
        assert narrow.high - narrow.low < wide.high - wide.low
    auc = many[0]
    assert auc.value is not None
    assert auc.low is not None
    assert auc.low < auc.value < (auc.high or 0)
    assert measure(*drawn(1_000), seed=1) == few


def test_one_class_alone_gives_no_figures() -> None:
    assert measure(np.array([0.1, 0.2]), np.array([0, 0], np.int8), seed=1) == ()
