"""A search keeps to its budget and never does worse; a sweep leaves each family out in turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.search import search
from models.training.splits import split_by_time
from models.training.sweep import sweep
from models.training.train import TrainSettings, grow, rows_to_learn_from

QUICK = TrainSettings(fit=FitSettings(trees=40, patience=10, threads=1), seed=3)


def validation_loss(dataset: Dataset, settings: TrainSettings) -> float:
    split = split_by_time(dataset.times, dataset.entities)
    _, validation = rows_to_learn_from(dataset, split)
    margins = grow(dataset, split, settings).scorer.tables.margins_of(validation.matrix)
    surprise = np.logaddexp(0.0, np.where(validation.labels == 1, -margins, margins))
    return float(np.average(surprise, weights=validation.weights))


def test_a_search_finds_settings_no_worse_than_those_it_began_with(dataset: Dataset) -> None:
    poor = replace(QUICK, fit=replace(QUICK.fit, learning_rate=0.3, depth=5, feature_share=0.3, min_child_weight=1.0))
    told: list[int] = []

    found = search(dataset, poor, minutes=1.0, trials=8, progress=lambda _stage, done, _total: told.append(done))

    assert told == list(range(1, 9))
    assert validation_loss(dataset, found) < validation_loss(dataset, poor)
    assert (found.fit.trees, found.fit.threads, found.seed) == (40, 1, 3)


def test_the_same_seed_tries_the_same_settings(dataset: Dataset) -> None:
    assert search(dataset, QUICK, minutes=1.0, trials=3) == search(dataset, QUICK, minutes=1.0, trials=3)


def test_no_trial_begins_after_the_budget(dataset: Dataset) -> None:
    told: list[int] = []

    search(dataset, QUICK, minutes=0.01, progress=lambda _stage, done, _total: told.append(done))

    assert 1 <= len(told) < 60


@pytest.fixture
def families(dataset: Dataset) -> Dataset:
    """A2 is found by the features that find A1; A10 looks like honest people in all of them."""
    kind = np.where(dataset.truth == 0, "H1", np.array(["A1", "A2", "A10"])[np.arange(len(dataset)) % 3])
    matrix = dataset.matrix.copy()
    hidden = kind == "A10"
    matrix[hidden] = matrix[dataset.truth == 0][: hidden.sum()]
    return replace(dataset, matrix=matrix, slices={**dataset.slices, "kind": kind})


def test_each_family_is_left_out_and_the_hardest_comes_first(families: Dataset) -> None:
    told: list[str] = []

    found = sweep(families, QUICK, progress=lambda stage, _done, _total: told.append(stage))

    assert found.families[0].family == "A10"
    assert sorted(each.family for each in found.families) == ["A1", "A10", "A2"]
    assert told == [f"training without {family}" for family in ("A1", "A2", "A10")]
    for each in found.families:
        assert each.rows == (families.slices["kind"] == each.family).sum()
        for recall, low, high in each.unseen:
            assert low <= recall <= high
    lines = list(found.lines())
    assert any(line.startswith("A10") for line in lines)


def test_a_sweep_is_judged_on_another_world_when_one_is_given(families: Dataset) -> None:
    other = families.take(np.arange(3_000))

    found = sweep(families, QUICK, only=["A2"], other=other)

    assert [(each.family, each.rows) for each in found.families] == [("A2", (other.slices["kind"] == "A2").sum())]


def test_a_family_that_is_not_there_cannot_be_left_out(families: Dataset) -> None:
    with pytest.raises(DatasetError, match="A99"):
        sweep(families, QUICK, only=["A99"])


def test_a_data_set_without_families_cannot_be_swept(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="no attack families"):
        sweep(dataset, QUICK)
