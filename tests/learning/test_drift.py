"""Drift alarms when something moved, and stays silent when only chance did, however small the sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.features.catalogue import FEATURES
from models.monitoring.drift import Drift, Ripened, Sample, drift
from models.monitoring.stability import stability
from service.metrics import Metrics
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.drift import MeasureDrift, latest_drift
from service.usecases.ports import NewRecord
from service.usecases.ripeness import RIPE_AFTER

Store = MemoryStore | SqlStore
CATALOGUE = tuple(feature.name for feature in FEATURES)


def sample(rows: int, seed: int, *, shift: float = 0.0, missing: float = 0.1, unseen: float = 0.05) -> Sample:
    random = np.random.default_rng(seed)
    features = {f"f{at}": random.normal(size=rows).astype(np.float32) for at in range(40)}
    features["f0"] += np.float32(shift)
    features["f1"][random.random(rows) < missing] = np.nan
    return Sample(
        features=features,
        scores=random.beta(1, 20, rows),
        unseen={"network": (random.random(rows) < unseen).astype(np.int8)},
    )


@pytest.mark.parametrize("rows", [100, 1_000])
def test_chance_raises_no_alarm_in_samples_of_any_size(rows: int) -> None:
    alarms = [drift("m", sample(4 * rows, 2 * seed), sample(rows, 2 * seed + 1)).alarms for seed in range(5)]

    assert [each for each in alarms if each] == []


def test_the_plain_index_would_have_cried_wolf() -> None:
    """What the floor is for: of small samples the index alone passes the usual line of 0.1 by chance."""
    random = np.random.default_rng(1)
    found = [stability(random.normal(size=100), random.normal(size=100), seed=1) for _ in range(20)]

    assert max(each.index for each in found) > 0.1
    assert max(each.above_floor for each in found) < 0.1


def test_a_feature_that_moved_alarms_and_comes_first() -> None:
    found = drift("m", sample(4_000, 1), sample(1_000, 2, shift=0.8))

    assert found.alarms == ("f0",)
    assert found.features[0].name == "f0"
    assert any(line.startswith("ALARM") and "f0" in line for line in found.lines())


def test_values_that_go_missing_alarm() -> None:
    found = drift("m", sample(4_000, 1), sample(1_000, 2, missing=0.6))

    assert found.alarms == ("f1",)
    assert found.features[0].missing_now == pytest.approx(0.6, abs=0.05)


def test_a_rush_of_networks_never_seen_alarms() -> None:
    assert drift("m", sample(4_000, 1), sample(1_000, 2, unseen=0.3)).alarms == ("unseen network",)


def test_too_few_rows_say_nothing() -> None:
    found = drift("m", sample(4_000, 1), sample(50, 2, shift=3, unseen=0.9))

    assert (found.alarms, found.features, found.score) == ((), (), None)


@pytest.mark.parametrize(("off", "alarms"), [(0.0, 0), (1.0, 1)])
def test_scores_that_no_longer_mean_what_they_say_alarm_as_outcomes_ripen(off: float, alarms: int) -> None:
    random = np.random.default_rng(3)
    log_odds = random.normal(-3, 1, 6_000)
    labels = (random.random(6_000) < 1 / (1 + np.exp(-log_odds - off))).astype(np.int8)
    labels[::3] = -1

    found = drift("m", sample(200, 1), sample(200, 2), [Ripened("of May", 1 / (1 + np.exp(-log_odds)), labels)])

    (calibrated,) = found.calibration
    assert len(found.alarms) == alarms
    assert calibrated.outcomes == 4_000
    assert calibrated.off_by == pytest.approx(off, abs=0.2)


def test_few_outcomes_leave_calibration_open() -> None:
    labels = np.array([0] * 500 + [1] * 5, np.int8)

    found = drift("m", sample(200, 1), sample(200, 2), [Ripened("of May", np.full(505, 0.5), labels)])

    assert found.calibration[0].off_by is None
    assert found.alarms == ()
    assert any("too few to say" in line for line in found.lines())


@pytest.fixture
def recorded(store: Store, decide: Callable[..., NewRecord], record_all: Callable[..., None], noon: datetime) -> Store:
    """Four weeks of decisions, and a last one in which the first feature moved and networks are new."""
    random = np.random.default_rng(5)
    for number in range(400):
        moved = number >= 280
        vector = random.normal(size=len(CATALOGUE)).astype(np.float32)
        vector[0] += 2 * moved
        at = noon - timedelta(days=35) + timedelta(days=35) * number / 400
        record_all(store, decide(number, at=at, vector=vector, unseen=moved and number % 2 == 0))
    return store


def test_recorded_decisions_are_measured_kept_and_shown_as_gauges(
    recorded: Store, directory: Path, noon: datetime
) -> None:
    measure = MeasureDrift(recorded.begin, directory, CATALOGUE)
    nothing_yet = latest_drift(recorded.begin)

    did = [measure.when_due(noon + timedelta(minutes=minutes)) for minutes in (0, 30, 61)]

    measured = latest_drift(recorded.begin)
    assert nothing_yet is None
    assert did == [1, 0, 1]
    assert measured is not None
    assert measured.at == noon + timedelta(minutes=61)
    # Five weeks lie between the first decision and noon; an hour later the first one is too old.
    assert (measured.drift.model, measured.drift.rows_before + measured.drift.rows_now) == ("m-1", 399)
    metrics = Metrics()
    metrics.drift_measured(measured)
    shown = {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for each in family.samples
        if each.name.startswith("gatehouse_drift")
    }
    assert shown["gatehouse_drift_alarms",] == len(measured.drift.alarms)
    assert shown["gatehouse_drift_unseen_share", "network"] == measured.drift.unseen[0].now > 0.3


def test_the_last_week_is_compared_with_the_four_before(recorded: Store, directory: Path, noon: datetime) -> None:
    found = MeasureDrift(recorded.begin, directory, CATALOGUE)(
        now=noon, recent=timedelta(days=10), before=timedelta(days=25)
    )

    assert CATALOGUE[0] in found.alarms
    assert "unseen network" in found.alarms
    assert "score" in found.alarms
    assert Drift.of_json(json.dumps(found.as_document())) == found


def test_an_empty_database_is_no_alarm(store: Store, directory: Path, noon: datetime) -> None:
    assert MeasureDrift(store.begin, directory, CATALOGUE)(now=noon).alarms == ()


def test_silence_ripens_as_in_training() -> None:
    from models.training.replayed import MATURITY

    assert RIPE_AFTER == MATURITY
