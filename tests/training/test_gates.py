"""A challenger passes the gates when it is as good as the champion, and each gate refuses what it is there for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.card import Card, DataSource, Knots
from models.evaluation.gates import Bounds, Judgement, judge_promotion, latency_gate
from models.evaluation.lines import Lines
from models.evaluation.newest import newest_slice
from models.registry import LoadedModel
from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.train import TrainedModel, TrainSettings, train

LINES = {"educational": Lines(0.3, 0.6), "research": Lines(0.3, 0.6)}
Judge = Callable[..., Judgement]


@pytest.fixture(scope="module")
def world(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(rows=12_000)


@pytest.fixture(scope="module")
def champion(world: Dataset) -> TrainedModel:
    from datetime import UTC, datetime

    settings = TrainSettings(fit=FitSettings(trees=60, patience=10, threads=1), seed=3)
    return train(world, settings, created=datetime(2026, 11, 1, tzinfo=UTC), version="champion")


@pytest.fixture(scope="module")
def newest(make_dataset: Callable[..., Dataset]) -> Dataset:
    other = make_dataset(rows=8_000, seed=99)
    slices = {**other.slices, "region": np.where(other.matrix[:, 5] > 0.8, "north", "south")}
    return replace(other, slices=slices)


@pytest.fixture
def load(tmp_path: Path, world: Dataset) -> Callable[[TrainedModel], LoadedModel]:
    def loading(trained: TrainedModel) -> LoadedModel:
        trained.save(tmp_path)
        return registry.load(tmp_path, trained.card.version, catalogue=world.names)

    return loading


@pytest.fixture
def judged(load: Callable[[TrainedModel], LoadedModel], champion: TrainedModel, newest: Dataset) -> Judge:
    def judging(challenger: TrainedModel, **options: Any) -> Judgement:
        # A clock on which every round takes as long as any other: what is not about time must not depend on it.
        ticks = itertools.count()
        return judge_promotion(
            load(champion), load(challenger), newest, **{"lines": LINES, "clock": lambda: float(next(ticks)), **options}
        )

    return judging


def trained_on(champion: TrainedModel, dataset: Dataset, *, version: str = "challenger") -> TrainedModel:
    settings = TrainSettings.of_card(champion.card)
    return train(dataset, settings, created=champion.card.created, version=version)


def changed(trained: TrainedModel, **changes: Any) -> TrainedModel:
    return replace(trained, card=trained.card.model_copy(update={"version": "challenger", **changes}))


def test_the_same_model_under_another_name_passes_every_gate(judged: Judge, champion: TrainedModel) -> None:
    found = judged(changed(champion))

    assert found.refused_by == ()
    assert len(found.gates) == 8
    assert all(gate.figures for gate in found.gates)


def test_a_model_that_learnt_from_wrong_labels_is_refused_by_recall(
    judged: Judge, champion: TrainedModel, world: Dataset
) -> None:
    wrong = world.labels.copy()
    turned = np.random.default_rng(1).permutation(np.flatnonzero(wrong == 1))[: int((wrong == 1).sum() * 0.7)]
    wrong[turned] = 0

    refused = judged(trained_on(champion, replace(world, labels=wrong, matrix=world.matrix[:, [3, 4, 5, 0, 1, 2]])))

    assert "recall" in refused.refused_by
    assert any("recall at" in figure for figure in refused.gates[1].figures)
    assert any("REFUSES  recall" in line for line in refused.lines())


def test_scores_that_claim_too_much_are_refused_by_calibration_alone_of_the_ranking_gates(
    judged: Judge, champion: TrainedModel
) -> None:
    knots = champion.card.calibration
    raised = Knots(method="raised", margins=knots.margins, log_odds=tuple(each + 1.5 for each in knots.log_odds))

    refused = judged(changed(champion, calibration=raised))

    assert "calibration" in refused.refused_by
    assert "decision rates" in refused.refused_by
    assert "recall" not in refused.refused_by


def test_a_move_of_all_scores_is_left_to_the_calibration(judged: Judge, champion: TrainedModel) -> None:
    knots = champion.card.calibration
    moved = Knots(method="moved", margins=knots.margins, log_odds=tuple(each + 1.5 for each in knots.log_odds))

    found = judged(changed(champion, calibration=moved))

    assert "score distribution" not in found.refused_by
    assert any("log-odds +1.5" in figure for gate in found.gates for figure in gate.figures)


def test_scores_of_another_shape_are_refused(judged: Judge, champion: TrainedModel) -> None:
    knots = champion.card.calibration
    middle = knots.log_odds[len(knots.log_odds) // 2]
    spread = tuple(middle + 3.0 * (each - middle) for each in knots.log_odds)

    found = judged(changed(champion, calibration=Knots(method="spread", margins=knots.margins, log_odds=spread)))

    assert "score distribution" in found.refused_by


def test_a_loss_in_one_group_is_refused_and_the_group_is_named(
    judged: Judge, champion: TrainedModel, world: Dataset
) -> None:
    labels = world.labels.copy()
    labels[(world.matrix[:, 5] > 0.8) & (labels == 1)] = 0

    refused = judged(trained_on(champion, replace(world, labels=labels)))

    assert "no group worse" in refused.refused_by
    assert any("region = north" in figure for figure in refused.gates[3].figures)


def test_a_model_that_flags_one_group_more_is_refused_by_equality(
    judged: Judge, champion: TrainedModel, world: Dataset
) -> None:
    labels = world.labels.copy()
    invented = np.random.default_rng(1).random(len(labels)) < 0.25
    labels[(world.matrix[:, 5] > 0.8) & invented] = 1

    refused = judged(trained_on(champion, replace(world, labels=labels)))

    assert "predictive equality" in refused.refused_by


def test_a_feature_constrained_the_other_way_round_is_refused(judged: Judge, champion: TrainedModel) -> None:
    first, *others = champion.card.features
    turned = (first.model_copy(update={"direction": -first.direction}), *others)

    refused = judged(changed(champion, features=turned))

    assert refused.refused_by == ("digest and features",)


@pytest.mark.parametrize(("seconds", "holds"), [(1.9, True), (2.1, False)])
def test_latency_is_judged_as_a_ratio(
    champion: TrainedModel, load: Callable[[TrainedModel], LoadedModel], newest: Dataset, seconds: float, holds: bool
) -> None:
    scorer = load(champion).scorer
    times = itertools.accumulate(itertools.cycle([7.0, 1.0, 7.0, seconds]))

    gate = latency_gate(scorer, scorer, newest.matrix, Bounds(), lambda: next(times))

    assert gate.holds is holds
    assert f"{seconds:.2f} times" in gate.figures[0]


def test_the_newest_slice_leaves_out_what_either_model_learnt_from(champion: TrainedModel, world: Dataset) -> None:
    until = champion.card.data.learnt_until
    assert until is not None

    newest = newest_slice(world, [champion.card], share=0.5)

    assert newest.times.min() > np.datetime64(until.replace(tzinfo=None), "us")


def test_a_slice_too_small_to_judge_is_refused(champion: TrainedModel, world: Dataset) -> None:
    with pytest.raises(DatasetError, match="too few to judge"):
        newest_slice(world.take(np.arange(3_000)), [champion.card])


def test_another_simulated_world_is_new_to_a_model_whatever_its_dates(
    champion: TrainedModel, make_dataset: Callable[..., Dataset]
) -> None:
    simulated = replace(make_dataset(rows=12_000, seed=8), source=DataSource.SIMULATED)
    card: Card = champion.card.model_copy(
        update={"data": champion.card.data.model_copy(update={"source": DataSource.SIMULATED})}
    )

    assert len(newest_slice(simulated, [card], share=0.5)) == 6_000
