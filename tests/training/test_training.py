"""Training gives the same model for the same data, an honest score, and a card that says where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models import registry
from models.card import Card, DataSource
from models.scorer import scorer_of
from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.train import TrainedModel, TrainSettings, train

CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUICK = TrainSettings(fit=FitSettings(trees=40, patience=10, threads=1), seed=3)


def value_of(trained: TrainedModel, name: str) -> float:
    found = next(metric.value for metric in trained.card.metrics if metric.name == name)
    assert found is not None
    return found


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_and_data_give_the_same_bytes(dataset: Dataset, threads: int) -> None:
    settings = replace(QUICK, fit=replace(QUICK.fit, threads=threads))

    first, second = (train(dataset, settings, created=CREATED) for _ in range(2))

    assert first.model == second.model
    assert first.card.to_json() == second.card.to_json()


def test_another_seed_gives_another_model(dataset: Dataset, trained: TrainedModel) -> None:
    assert train(dataset, replace(QUICK, seed=4), created=CREATED).model != trained.model


def test_the_model_finds_fraud_it_has_not_seen_and_says_how_much(trained: TrainedModel) -> None:
    assert value_of(trained, "roc_auc") > 0.75
    assert value_of(trained, "calibration_error") < 0.05


def test_the_constraints_hold_in_the_trained_model(dataset: Dataset, trained: TrainedModel) -> None:
    scorer = scorer_of(
        trained.model,
        features=dataset.names,
        catalogue=dataset.names,
        calibration=trained.card.calibration.calibration(),
    )
    rows = np.nan_to_num(dataset.matrix[:200])
    for column, direction in ((0, 1), (1, -1)):
        lower, higher = rows.copy(), rows.copy()
        lower[:, column], higher[:, column] = -1.0, 1.0

        difference = scorer.tables.margins_of(higher) - scorer.tables.margins_of(lower)

        assert (direction * difference >= 0).all()
        assert np.abs(difference).max() > 0.5


def test_what_is_held_out_or_unknown_does_not_touch_the_model(dataset: Dataset, trained: TrainedModel) -> None:
    strange = np.zeros(len(dataset), bool)
    strange[::10] = True
    hidden = replace(dataset, held_out=strange)
    changed_labels = np.where(strange, 1 - dataset.labels, dataset.labels).astype(np.int8)

    one = train(hidden, QUICK, created=CREATED)
    other = train(replace(hidden, labels=changed_labels), QUICK, created=CREATED)
    unknown = train(replace(dataset, labels=np.where(strange, -1, dataset.labels)), QUICK, created=CREATED)

    assert one.model == other.model == unknown.model
    assert one.model != trained.model


def test_the_model_learns_from_augmented_rows_but_is_judged_on_whole_ones(dataset: Dataset) -> None:
    augmented = dataset.matrix.copy()
    augmented[:, 0] = np.nan

    blind = train(replace(dataset, augmented=augmented), QUICK, created=CREATED)

    assert blind.evaluation is not None
    assert "f0" not in {each.feature for each in blind.evaluation.importances}


def test_a_trained_model_can_be_saved_loaded_and_promoted(trained: TrainedModel, tmp_path: Path) -> None:
    trained.save(tmp_path)
    version = trained.card.version

    registry.promote(tmp_path, version, catalogue=trained.card.feature_names)

    loaded = registry.load_active(tmp_path, catalogue=trained.card.feature_names)
    assert loaded.card == trained.card
    assert version.startswith("20261101-120000-")
    assert any("95" not in line and version in line for line in trained.lines())


def test_the_card_of_a_simulated_world_says_so(dataset: Dataset) -> None:
    trained = train(replace(dataset, source=DataSource.SIMULATED), QUICK, created=CREATED)

    stored = Card.from_json(trained.card.to_json())
    text = json.dumps(json.loads(trained.card.to_json()))
    assert "SIMULATED" in stored.summary
    assert "not comparable" in text


def test_the_card_names_the_data_it_learnt_from(make_dataset: Callable[..., Dataset], trained: TrainedModel) -> None:
    other = train(make_dataset(seed=8), QUICK, created=CREATED)

    assert trained.card.data.rows == 6_000
    assert 3_000 < trained.card.data.training_rows < 3_700
    assert trained.card.data.sha256 != other.card.data.sha256
    assert [(each.name, each.direction) for each in trained.card.features[:3]] == [("f0", 1), ("f1", -1), ("f2", 0)]


def test_a_figure_comes_from_another_world_when_one_is_given(make_dataset: Callable[..., Dataset]) -> None:
    trained = train(make_dataset(), QUICK, created=CREATED, others=[make_dataset(rows=2_000, seed=99)])

    assert trained.evaluation is not None
    assert len(trained.evaluation.truth) == 2_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.take(np.zeros(len(data), bool)), "no rows"),
        (lambda data: replace(data, labels=np.zeros(len(data), np.int8)), "every known outcome is legitimate"),
        (lambda data: replace(data, labels=np.full(len(data), -1, np.int8)), "no row has a known outcome"),
        (lambda data: replace(data, times=data.times[::-1]), "not in time order"),
        (lambda data: replace(data, matrix=np.full_like(data.matrix, np.inf)), "infinite"),
        (lambda data: replace(data, labels=(np.arange(len(data)) < 50).astype(np.int8)), "validation slice"),
    ],
)
def test_data_that_cannot_be_learnt_from_are_refused(
    dataset: Dataset, change: Callable[[Dataset], Dataset], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        train(change(dataset), QUICK, created=CREATED)


@pytest.mark.parametrize("settings", [{"depth": 0}, {"depth": 7}, {"trees": 0}, {"threads": 0}])
def test_impossible_settings_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must lie|at least one"):
        FitSettings(**settings)


def test_progress_is_told_of_every_stage(dataset: Dataset) -> None:
    stages: list[str] = []

    train(dataset, QUICK, created=CREATED, progress=lambda stage, _done, _total: stages.append(stage))

    assert {"growing trees", "calibrating", "scoring"} <= set(stages)
