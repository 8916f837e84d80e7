"""Another data set beside one's own: trees learn from it too, and everything else rests on one's own rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from models.evaluation.evaluation import scores_of
from models.evaluation.metrics import threshold_at
from models.scorer import scorer_of
from models.training.beside import Beside
from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.pipeline import Training
from models.training.rebuild import rebuild
from models.training.train import TrainedModel, TrainSettings

CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUICK = TrainSettings(fit=FitSettings(trees=60, patience=10, threads=1), seed=3)
MakeDataset = Callable[..., Dataset]


@pytest.fixture(scope="module")
def own(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(rows=1_500)


@pytest.fixture(scope="module")
def other(make_dataset: MakeDataset) -> Dataset:
    return replace(make_dataset(rows=12_000, seed=11), description="the other world")


def trained(own: Dataset, beside: Beside | None = None) -> TrainedModel:
    return Training(created=CREATED, settings=QUICK, beside=beside).on(own)


def caught(model: TrainedModel, judged: Dataset) -> float:
    """The share of fraud caught at 1 % false positives."""
    names = model.card.feature_names
    scorer = scorer_of(model.model, features=names, catalogue=names, calibration=model.card.calibration.calibration())
    scores, fraud = scores_of(scorer, judged), judged.truth == 1
    return float((scores[fraud] >= threshold_at(scores, judged.truth, 0.01)).mean())


def test_few_rows_of_ones_own_catch_more_beside_many_others(
    own: Dataset, other: Dataset, make_dataset: MakeDataset
) -> None:
    judged = make_dataset(rows=8_000, seed=99)

    assert caught(trained(own, Beside(other)), judged) > caught(trained(own), judged) + 0.03


def test_the_card_names_the_other_data_set_and_its_model_comes_out_again(own: Dataset, other: Dataset) -> None:
    beside = Beside(other, 0.5)

    model = trained(own, beside)

    assert model.card.settings["beside_sha256"] == other.sha256()
    assert model.card.settings["beside_weight"] == 0.5
    assert rebuild(own, model.card, engine=beside).differences == ()
    assert rebuild(own, model.card).differences != ()


def test_what_was_held_out_or_is_unknown_there_is_not_learnt_from(own: Dataset, other: Dataset) -> None:
    held_out = np.arange(len(other)) % 2 == 0
    unknown = np.where(np.arange(len(other)) % 4 == 1, -1, other.labels).astype(np.int8)
    kept = ~held_out & (unknown >= 0)

    model = trained(own, Beside(replace(other, labels=unknown, held_out=held_out)))

    assert model.model == trained(own, Beside(other.take(kept))).model


def test_the_order_of_its_columns_does_not_matter(own: Dataset, other: Dataset) -> None:
    order = [3, 1, 5, 0, 2, 4]
    turned = replace(other, matrix=other.matrix[:, order], features=tuple(other.features[at] for at in order))

    assert trained(own, Beside(turned)).model == trained(own, Beside(other)).model


def test_a_data_set_without_a_feature_is_refused(own: Dataset, other: Dataset) -> None:
    lacking = replace(other, matrix=other.matrix[:, :5], features=other.features[:5])

    with pytest.raises(DatasetError, match="the other world lacks the feature 'f5'"):
        trained(own, Beside(lacking))
