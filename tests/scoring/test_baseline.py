"""The shipped baseline loads, is small, and never hides that it has not seen a real sign-up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import models.registry
from models import registry
from models.card import DataSource
from models.features.catalogue import FEATURES
from models.registry import LoadedModel

CATALOGUE = [feature.name for feature in FEATURES]


@pytest.fixture(scope="module")
def baseline() -> LoadedModel:
    return registry.baseline(catalogue=CATALOGUE)


def test_the_baseline_scores_a_signup_of_which_nothing_is_known(baseline: LoadedModel) -> None:
    explanation = baseline.scorer.explain(np.full(len(CATALOGUE), np.nan, np.float32))

    assert 0.0 < explanation.score.probability < 1.0
    assert len(explanation.contributions) == len(CATALOGUE)


def test_the_baseline_is_small_enough_to_ship() -> None:
    place = Path(models.registry.__file__).parent / "baseline"

    assert sum(path.stat().st_size for path in place.iterdir() if path.is_file()) < 3_000_000


def test_the_card_says_that_it_learnt_from_simulated_signups(baseline: LoadedModel) -> None:
    card = baseline.card

    assert card.data.source is DataSource.SIMULATED
    assert "SIMULATED" in card.summary
    assert any("not comparable" in limit for limit in card.limits)
    assert card == registry.baseline_card()


def test_the_card_tells_how_good_the_baseline_is_and_for_whom(baseline: LoadedModel) -> None:
    figures = {metric.name: metric.value for metric in baseline.card.metrics}

    assert {"roc_auc", "recall_at_fpr_1.0%", "calibration_error"} <= set(figures)
    assert {"account type", "kind", "learnt"} <= {entry.column for entry in baseline.card.slices}


def test_without_a_promotion_the_baseline_is_active(baseline: LoadedModel, tmp_path: Path) -> None:
    assert registry.load_active(tmp_path / "none yet", catalogue=CATALOGUE).card == baseline.card


def test_the_directions_of_the_catalogue_are_those_that_the_baseline_was_grown_with(baseline: LoadedModel) -> None:
    directions = {feature.name: int(feature.direction) for feature in FEATURES}

    assert {each.name: each.direction for each in baseline.card.features}.items() <= directions.items()
