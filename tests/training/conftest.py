"""A small feature table in time order, with fraud that a model can find and groups that belong together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from models.card import DataSource, FeatureEntry
from models.training.dataset import Dataset
from models.training.fit import FitSettings
from models.training.train import TrainedModel, TrainSettings, train

CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUICK = TrainSettings(fit=FitSettings(trees=40, patience=10, threads=1), seed=3)


def invented_dataset(rows: int = 6_000, seed: int = 7) -> Dataset:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 6)).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    filled = np.nan_to_num(matrix)
    chance = 1 / (1 + np.exp(-(-3.5 + 1.8 * filled[:, 0] - 1.2 * filled[:, 1] + filled[:, 2] * filled[:, 3])))
    truth = (random.random(rows) < chance).astype(np.int8)
    start = np.datetime64("2026-01-01", "us")
    times = start + np.sort(random.integers(0, 90 * 86_400, rows)) * np.timedelta64(1_000_000, "us")
    entities = np.where(truth == 1, random.integers(0, 200, rows), -1)
    return Dataset(
        features=tuple(FeatureEntry(name=f"f{at}", direction=(1, -1, 0, 0, 0, 0)[at]) for at in range(6)),
        matrix=matrix,
        labels=truth,
        truth=truth,
        times=times,
        entities=entities,
        source=DataSource.TABLE,
        description="invented numbers",
        slices={"account type": random.choice(["educational", "research"], rows)},
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return invented_dataset()


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    return invented_dataset


@pytest.fixture(scope="session")
def trained(dataset: Dataset) -> TrainedModel:
    return train(dataset, QUICK, created=CREATED)
