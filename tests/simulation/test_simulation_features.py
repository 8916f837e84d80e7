"""Guards over the catalogue: no feature alone finds the fraud, whatever its group but linkage."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.features.catalogue import FEATURES
from models.features.feature import Group
from models.reference.reference import load_reference
from models.simulation.truth import SimulatedSignup
from models.training.dataset import Dataset
from models.training.replayed import ReplaySettings, dataset_of


@pytest.fixture(scope="module")
def judged(world: tuple[SimulatedSignup, ...]) -> Dataset:
    settings = ReplaySettings(omission_rate=0.0)
    return dataset_of(world, reference=load_reference(), settings=settings, description="the world of these tests")


def _auc(values: NDArray[np.float32], truth: NDArray[np.int8]) -> float:
    """Either way round; a missing value says nothing."""
    missing = np.isnan(values)
    if missing.all():
        return 0.5
    found = float(roc_auc_score(truth, np.where(missing, np.nanmedian(values), values)))
    return max(found, 1 - found)


@pytest.mark.slow
def test_no_feature_alone_finds_the_fraud(judged: Dataset) -> None:
    found = {name: _auc(judged.matrix[:, at], judged.truth) for at, name in enumerate(judged.names)}

    assert {name: auc for name, auc in found.items() if auc > 0.90} == {}
    assert max(found.values()) > 0.6, "the measure finds what is there to be found"


@pytest.mark.slow
def test_no_feature_but_those_of_linkage_finds_the_stealthy(judged: Dataset) -> None:
    stealthy = np.isin(judged.slices["kind"], [f"A{number}" for number in range(3, 16)]) | (judged.truth == 0)
    found = {
        feature.name: _auc(judged.matrix[stealthy, at], judged.truth[stealthy])
        for at, feature in enumerate(FEATURES)
        if feature.group is not Group.LINKAGE
    }

    assert {name: auc for name, auc in found.items() if auc > 0.80} == {}
