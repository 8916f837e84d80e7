"""Decisions taken again in time order: who gets in before the first stop, and what honest people go through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.card import DataSource, FeatureEntry
from models.evaluation.lines import Lines, or_worse
from models.evaluation.operations import Operations, operate
from models.training.dataset import Dataset

LINES = {"educational": Lines(0.1, 0.5, 0.9), "research": Lines(0.2, 0.6)}
HOUR = np.timedelta64(3_600, "s")
SCORES = np.array([0.05, 0.05, 0.15, 0.95, 0.05, 0.7, 0.05, 0.15, 0.01, 0.6])
OPERATOR = np.array([1, 1, 1, 1, 2, 2, -1, -1, -1, -1])
TYPES = np.array(["educational"] * 4 + ["research"] * 2 + ["educational", "educational", "research", "research"])


@pytest.fixture
def stream() -> Dataset:
    truth = (OPERATOR > 0).astype(np.int8)
    return Dataset(
        features=(FeatureEntry(name="f", direction=0),),
        matrix=np.zeros((10, 1), np.float32),
        labels=truth,
        truth=truth,
        times=np.datetime64("2026-01-01", "us") + np.arange(10) * HOUR,
        entities=OPERATOR,
        source=DataSource.SIMULATED,
        description="a stream",
        slices={"account type": TYPES, "kind": np.where(truth == 1, "A3", "H1")},
    )


def decided(stream: Dataset, scores: np.ndarray = SCORES) -> Operations:
    found = operate(stream, scores, LINES)
    assert found is not None
    return found


def figures(found: Operations) -> dict[str, float | None]:
    return {each.name: each.value for each in found.metrics}


def test_accounts_let_in_before_the_first_stop_are_counted_operator_by_operator(stream: Dataset) -> None:
    found = decided(stream)

    assert [(each.accounts, each.let_in, each.hours, each.hours_to_review) for each in found.operators] == [
        (4, 2, 2.0, 3.0),
        (2, 1, 1.0, 1.0),
    ]
    assert figures(found)["accounts_let_in_before_first_stop_worst"] == 2
    assert figures(found)["operators_never_stopped"] == 0


def test_an_operator_that_is_never_stopped_lets_everything_in_and_has_no_hour(stream: Dataset) -> None:
    found = decided(stream, np.where(OPERATOR == 1, 0.01, SCORES))

    assert (found.operators[0].let_in, found.operators[0].hours) == (4, None)
    assert figures(found)["operators_never_stopped"] == 0.5
    assert figures(found)["hours_to_first_stop_p90"] is None


def test_the_load_is_out_of_a_thousand_signups_of_everybody(stream: Dataset) -> None:
    found = figures(decided(stream))

    assert found["challenges_per_1000_signups"] == 200
    assert found["reviews_per_1000_signups"] == 200
    assert found["denials_per_1000_signups"] == 100
    assert found["honest_step_up_or_worse"] == 0.5
    assert found["honest_review_or_worse"] == 0.25


def test_honest_people_are_told_apart_by_group_with_intervals(stream: Dataset) -> None:
    rates = {(each.column, each.group): each for each in decided(stream).rates}

    assert rates["account type", "educational"].step_up == 0.5
    assert rates["account type", "research"].review == 0.5
    assert ("kind", "A3") not in rates
    overall = rates["everybody", "all"]
    assert overall.honest == 4
    assert overall.step_up_low < overall.step_up < overall.step_up_high


def test_lines_are_those_of_the_account_type() -> None:
    reached = or_worse(LINES, "step_up", np.array([0.15, 0.15]), np.array(["educational", "research"]))

    assert reached.tolist() == [True, False]


def test_rows_of_unknown_account_types_are_not_decided(stream: Dataset) -> None:
    strange = replace(stream, slices={"account type": np.full(10, "other")})

    assert operate(strange, SCORES, LINES) is None
    assert operate(replace(stream, slices={}), SCORES, LINES) is None
