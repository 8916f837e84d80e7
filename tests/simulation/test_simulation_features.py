"""Guards over the catalogue: no feature alone finds the fraud, whatever its group but linkage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.features.catalogue import FEATURES
from models.features.feature import Group
from models.features.known import BASE_RATE
from models.reference.reference import Reference
from models.simulation.truth import SimulatedSignup
from models.simulation.world import simulate
from models.training.dataset import Dataset
from models.training.replayed import ReplaySettings, dataset_of

_NOTHING_KNOWN = {
    "strong_fraud_count": 0.0,
    "replacement_pressure": 0.0,
    "neighbour_challenge_fail_share": None,
    "network_challenge_fail_share": None,
    "prefix_fraud_share_90d": BASE_RATE,
    "domain_fraud_share_180d": BASE_RATE,
    "bin_fraud_share_90d": BASE_RATE,
    "inviter_fraud_count": 0.0,
    "cluster_fraud_count": 0.0,
    "cluster_fraud_share": BASE_RATE,
    "cluster_ban_recency": 0.0,
}
"""Features of labels, with what they are where nothing is known; any may be missing instead."""


@pytest.fixture(scope="module")
def with_and_without_labels(reference: Reference) -> tuple[Dataset, Dataset]:
    """One world with a feed of outcomes, bans and challenge results, and without."""
    start = datetime(2026, 4, 6, tzinfo=UTC)
    world = tuple(simulate(days=8, seed=5, start=start, honest_per_day=200, prevalence=0.3))
    fed = ReplaySettings(omission_rate=0.0)
    told, silent = (
        dataset_of(world, reference=reference, settings=settings, description="fed or not")
        for settings in (fed, replace(fed, labels_fed=False))
    )
    return told, silent


def test_features_of_labels_tell_nothing_when_nobody_tells_labels(
    with_and_without_labels: tuple[Dataset, Dataset],
) -> None:
    _, silent = with_and_without_labels

    for name, neutral in _NOTHING_KNOWN.items():
        values = silent.matrix[:, silent.names.index(name)]
        known = values[~np.isnan(values)]

        assert set(known.tolist()) <= {float(np.float32(neutral))} if neutral is not None else not known.size, name


def test_no_other_feature_hears_of_labels(with_and_without_labels: tuple[Dataset, Dataset]) -> None:
    """The feed is the only way in: nothing that it moves is outside the table above, and all of that is moved by it."""
    told, silent = with_and_without_labels

    moved = {
        name
        for at, name in enumerate(told.names)
        if not np.array_equal(told.matrix[:, at], silent.matrix[:, at], equal_nan=True)
    }

    assert moved == set(_NOTHING_KNOWN)


@pytest.fixture(scope="module")
def judged(world: tuple[SimulatedSignup, ...], reference: Reference) -> Dataset:
    settings = ReplaySettings(omission_rate=0.0)
    return dataset_of(world, reference=reference, settings=settings, description="the world of these tests")


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
