"""What is lost under omission, noise and other prevalences is measured, and measured right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.card import DataSource, FeatureEntry
from models.evaluation.evaluation import judge
from models.evaluation.intervals import wilson
from models.evaluation.lines import Lines
from models.evaluation.metrics import PREVALENCES, calibration_error
from models.evaluation.prevalence import calibration_elsewhere, weights_to
from models.monitoring.log_odds import in_the_large, logit_offset, shifted
from models.scorer import Scorer, scorer_of
from models.training.dataset import ALL_FIELDS, Dataset, Probes
from models.training.fit import FitSettings
from models.training.robustness import labels_twice_as_wrong
from models.training.train import TrainedModel, TrainSettings, train

QUICK = TrainSettings(fit=FitSettings(trees=40, patience=10, threads=1), seed=3)


def scorer_from(trained: TrainedModel) -> Scorer:
    names = trained.card.feature_names
    return scorer_of(trained.model, features=names, catalogue=names, calibration=trained.card.calibration.calibration())


def figures(metrics: object) -> dict[str, float]:
    return {each.name: each.value for each in metrics}  # type: ignore[attr-defined]


def with_probes(dataset: Dataset) -> Dataset:
    """Fraud without f0, which tells much, without f5, which tells nothing, and without anything."""
    rows = np.flatnonzero(dataset.truth == 1)[:150]
    vectors = np.stack([dataset.matrix[rows]] * 3, axis=1)
    vectors[:, 0, 0] = np.nan
    vectors[:, 1, 5] = np.nan
    vectors[:, 2, :] = np.nan
    return replace(dataset, probes=Probes(("telling", "idle", ALL_FIELDS), rows, vectors))


def test_leaving_out_a_telling_field_costs_recall_and_an_idle_one_does_not(
    dataset: Dataset, trained: TrainedModel
) -> None:
    lines = {"educational": Lines(0.05, 0.8), "research": Lines(0.04, 0.7)}

    found = judge(version="m", scorer=scorer_from(trained), dataset=with_probes(dataset), seed=1, lines=lines)

    lost = {each.field: each.lost for each in found.silences}
    assert lost["telling"] > 0.05
    assert abs(lost["idle"]) < 0.03
    values = figures(found.robustness())
    assert values["omission_recall_lost_worst_field_telling"] == pytest.approx(lost["telling"], abs=1e-6)
    assert values["omission_recall_lost_all_fields"] == pytest.approx(lost[ALL_FIELDS], abs=1e-6)
    assert 0 <= values["omission_challenged_all_fields"] <= 1
    telling = next(each for each in found.silences if each.field == "telling")
    assert telling.low < telling.lost < telling.high


def linked(dataset: Dataset) -> Dataset:
    """The strongest feature is one of linkage, the world is simulated, the fraud of two families."""
    names = ("device_signups_24h", "form_haste", "f2", "f3", "f4", "f5")
    features = tuple(
        FeatureEntry(name=name, direction=each.direction) for name, each in zip(names, dataset.features, strict=True)
    )
    kind = np.where(dataset.truth == 0, "H1", np.where(np.arange(len(dataset)) % 2, "A3", "A9"))
    random = np.random.default_rng(2)
    labels = np.where(random.random(len(dataset)) < 0.03, 1 - dataset.truth, dataset.truth).astype(np.int8)
    return replace(
        dataset,
        features=features,
        labels=labels,
        source=DataSource.SIMULATED,
        slices={**dataset.slices, "kind": kind},
    )


def test_linkage_lifts_and_noise_costs_and_the_card_says_how_much(dataset: Dataset) -> None:
    from datetime import UTC, datetime

    trained = train(linked(dataset), QUICK, created=datetime(2026, 11, 1, tzinfo=UTC))

    found = figures(trained.card.robustness)
    name = "recall_at_fpr_0.5%_A3_to_A8"
    assert found[f"linkage_lift_{name}"] > 0
    assert found[f"linkage_lift_{name}"] == pytest.approx(found[name] - found[f"{name}_without_linkage"], abs=2e-6)
    assert "label_noise_doubled_recall_lost_at_fpr_0.5%" in found
    assert any("linkage_lift" in line for line in trained.lines())


def test_noise_doubles_class_by_class_and_leaves_the_unknown_alone(dataset: Dataset) -> None:
    noisy = linked(dataset)
    noisy = replace(noisy, labels=np.where(np.arange(len(noisy)) % 9 == 0, -1, noisy.labels).astype(np.int8))

    doubled = labels_twice_as_wrong(noisy, seed=1)

    for truth in (0, 1):
        before = ((noisy.labels == 1 - truth) & (noisy.truth == truth)).sum()
        after = ((doubled == 1 - truth) & (noisy.truth == truth)).sum()
        assert after == 2 * before > 0
    assert ((doubled == -1) == (noisy.labels == -1)).all()


def test_a_true_score_stays_true_at_other_prevalences_after_one_offset() -> None:
    random = np.random.default_rng(1)
    scores = random.beta(0.4, 4.0, 40_000)
    truth = (random.random(40_000) < scores).astype(np.int8)
    times = np.datetime64("2026-01-01", "us") + np.arange(40_000) * np.timedelta64(60, "s")

    found = calibration_elsewhere(scores, truth, times)

    assert len(found) == len(PREVALENCES)
    assert all(each.value is not None and each.value < 0.02 for each in found)
    unmoved = calibration_error(scores, truth, weights_to(truth, 0.4))
    assert unmoved > 0.1


@pytest.mark.parametrize("mean", [0.001, 0.2, 0.97])
def test_the_offset_moves_the_mean_to_where_it_should_be(mean: float) -> None:
    scores = np.random.default_rng(1).beta(0.3, 6.0, 5_000)
    weights = np.random.default_rng(2).random(5_000)

    moved = shifted(scores, logit_offset(scores, weights, mean))

    assert np.average(moved, weights=weights) == pytest.approx(mean, rel=1e-5)


def test_scores_that_are_too_low_are_so_in_the_large() -> None:
    random = np.random.default_rng(3)
    true = random.beta(0.5, 5.0, 30_000)
    truth = (random.random(30_000) < true).astype(np.int8)

    assert in_the_large(true, truth) == pytest.approx(0.0, abs=0.06)
    assert in_the_large(shifted(true, -0.7), truth) == pytest.approx(0.7, abs=0.06)


@pytest.mark.parametrize(("counted", "of", "low", "high"), [(0, 100, 0.0, 0.03699), (50, 100, 0.40383, 0.59617)])
def test_intervals_of_shares_are_wilsons(counted: int, of: int, low: float, high: float) -> None:
    assert wilson(counted, of) == pytest.approx((low, high), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_class_weights_do_not_break_the_calibration(dataset: Dataset, trained: TrainedModel) -> None:
    from datetime import UTC, datetime

    heavy = replace(QUICK, fit=replace(QUICK.fit, fraud_weight=20.0))

    weighted = train(dataset, heavy, created=datetime(2026, 11, 1, tzinfo=UTC))

    assert weighted.model != trained.model
    plain, after = figures(trained.card.metrics), figures(weighted.card.metrics)
    assert abs(after["calibration_in_the_large"] - plain["calibration_in_the_large"]) < 0.15
    assert after["calibration_error"] < plain["calibration_error"] + 0.01


def test_fraud_that_is_not_found_raises_the_scores_and_nothing_else(dataset: Dataset, trained: TrainedModel) -> None:
    from datetime import UTC, datetime

    audited = train(dataset, replace(QUICK, fraud_found=0.8), created=datetime(2026, 11, 1, tzinfo=UTC))

    assert audited.model == trained.model
    rows = dataset.matrix[:500]
    before, after = (
        np.array([each.probability for each in scorer_from(model).score_rows(rows)]) for model in (trained, audited)
    )
    assert 1.1 < after.mean() / before.mean() < 1.35
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        TrainSettings(fraud_found=0.1)
