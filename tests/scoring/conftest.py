"""A small trained model with everything that trees can have: missing values, constraints, repeated features."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray

from models.card import Card, DataSource, DataWindow, FeatureEntry, Knots
from models.registry import digest_of

WIDTH = 12
NAMES = tuple(f"feature_{at}" for at in range(WIDTH))

Train = Callable[..., xgboost.Booster]


def rows(seed: int, count: int = 3_000) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    matrix = np.round(random.normal(size=(count, WIDTH)), 1).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.2] = np.nan
    return matrix


def train_booster(*, depth: int = 3, trees: int = 40, seed: int = 1, **parameters: object) -> xgboost.Booster:
    matrix = rows(seed)
    filled = np.nan_to_num(matrix)
    noise = np.random.default_rng(seed).normal(size=len(matrix))
    labels = (filled[:, 0] + filled[:, 1] * filled[:, 2] + np.isnan(matrix[:, 3]) + noise > 1.5).astype(int)
    settings = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.2, "nthread": 1, "seed": seed}
    booster = xgboost.train({**settings, **parameters}, xgboost.DMatrix(matrix, labels, nthread=1), trees)
    booster.set_param({"nthread": 1})
    return booster


@pytest.fixture(scope="session")
def train() -> Train:
    return train_booster


@pytest.fixture(scope="session")
def booster() -> xgboost.Booster:
    return train_booster()


@pytest.fixture(scope="session")
def model_bytes(booster: xgboost.Booster) -> bytes:
    return bytes(booster.save_raw("ubj"))


@pytest.fixture
def make_card(model_bytes: bytes) -> Callable[..., Card]:
    def make(version: str = "m-1", **changes: object) -> Card:
        base = Card(
            version=version,
            created=datetime(2026, 11, 1, tzinfo=UTC),
            summary="A model for the tests.",
            features=tuple(FeatureEntry(name=name, direction=0) for name in NAMES),
            seed=1,
            data=DataWindow(
                source=DataSource.TABLE,
                description="random numbers",
                first=datetime(2026, 1, 1, tzinfo=UTC),
                last=datetime(2026, 2, 1, tzinfo=UTC),
                rows=3_000,
                fraud=900,
                training_rows=2_000,
                sha256="0" * 64,
            ),
            model_sha256=digest_of(model_bytes),
            calibration=Knots(method="identity", margins=(-5.0, 0.0, 5.0), log_odds=(-6.0, -0.5, 4.0)),
            intended_use="tests",
            limits=("learnt nothing real",),
        )
        return base.model_copy(update=changes)

    return make


@pytest.fixture(scope="session")
def some_rows() -> NDArray[np.float32]:
    return rows(seed=99, count=300)
