"""Goals and parts: every goal is a figure that can be measured, and parts are told apart at one threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from models.card import DataSource, SliceEntry
from models.evaluation.apart import figures_apart
from models.evaluation.codes import CODES
from models.evaluation.goals import GOALS, Goal, against_goals
from models.evaluation.lines import Lines
from models.evaluation.metrics import FALSE_POSITIVE_RATES, shown_rate
from models.evaluation.report import render
from models.simulation.attackers.families import FAMILIES
from models.simulation.honest.kinds import HONEST_KINDS
from models.training.dataset import Dataset
from models.training.fit import FitSettings
from models.training.train import TrainedModel, TrainSettings, train

QUICK = TrainSettings(fit=FitSettings(trees=20, patience=10, threads=1), seed=3)
LINES = {"educational": Lines(0.3, 0.6, 0.99), "research": Lines(0.3, 0.6, 0.99)}


@pytest.fixture(scope="module")
def simulated(dataset: Dataset) -> Dataset:
    """Invented numbers with the columns of a simulated world: families by turns, some held out."""
    at = np.arange(len(dataset))
    families, people = np.array(["A3", "A7", "A9", "A16"]), np.array(["H1", "H2", "H8"])
    kind = np.where(dataset.truth == 1, families[at % 4], people[at % 3])
    # Every hundredth sixty are a class.
    in_class = (at // 60 % 100 == 0) & (dataset.truth == 0)
    kind = np.where(in_class, "H4", kind)
    columns = {
        "kind": kind,
        "country group": np.array(["Asia", "Europe"])[at % 2],
        "institution listed": np.array(["yes", "no"])[at % 2],
        "free mail": np.array(["yes", "no"])[at // 2 % 2],
        "name script": np.array(["latin", "han"])[at % 2],
        "age": np.array(["up to 25", "over 50"])[at // 2 % 2],
        "shared address": np.array(["few", "carrier NAT"])[at // 3 % 2],
    }
    columns["institution listed"] = np.where(in_class, "no", columns["institution listed"])
    entities = np.where(in_class, 1_000_000 + at // 60, dataset.entities)
    changed = replace(dataset, source=DataSource.SIMULATED, slices={**dataset.slices, **columns}, entities=entities)
    return changed.holding_out(["A9", "H8"])


@pytest.fixture(scope="module")
def of_worlds(simulated: Dataset) -> TrainedModel:
    others = [replace(simulated, description=f"world {number}") for number in (1, 2)]
    later = [replace(each, times=each.times + np.timedelta64(200, "D")) for each in others]
    return train(simulated, QUICK, created=datetime(2026, 11, 1, tzinfo=UTC), others=later, lines=LINES)


def test_rates_are_named_without_rounding() -> None:
    assert [shown_rate(each) for each in FALSE_POSITIVE_RATES] == ["0.1%", "0.35%", "0.5%", "1.0%", "5.0%"]


def test_every_goal_is_measured_on_each_world_or_by_training_again(of_worlds: TrainedModel) -> None:
    evaluation = of_worlds.evaluation
    assert evaluation is not None
    found = list(against_goals(of_worlds.card, (*evaluation.card_metrics(), *evaluation.robustness())))

    missing = {each.goal.name for each in found if each.mean is None}
    assert missing == {
        "linkage_lift_recall_at_fpr_0.5%_A3_to_A8",  # these features are not the catalogue's
        "omission_challenged_all_fields",  # nothing was probed
    }
    assert {each.worlds for each in found if each.goal.name in _names(of_worlds.card.worlds[0])} == {2}


def _names(world: SliceEntry) -> set[str]:
    return {metric.name for metric in world.metrics}


def test_the_report_holds_the_goals_and_says_what_codes_mean(of_worlds: TrainedModel) -> None:
    assert of_worlds.evaluation is not None
    page = render(of_worlds.evaluation, of_worlds.card)

    assert "Against the goals" in page
    assert "A3 hydra" in page
    assert "A9 resellers, held out" in page
    assert all(goal.words in page for goal in GOALS)


def test_a_table_of_somebody_else_has_no_goals(dataset: Dataset, trained: TrainedModel) -> None:
    assert trained.evaluation is not None

    assert "Against the goals" not in render(trained.evaluation, trained.card)


@pytest.mark.parametrize(("at_most", "value", "met"), [(False, 0.8, True), (False, 0.79, False), (True, 0.81, False)])
def test_a_goal_is_met_from_its_value_on(at_most: bool, value: float, met: bool) -> None:
    assert Goal("g", "name", "words", 0.8, at_most=at_most).met(value) is met


def test_parts_are_judged_at_a_threshold_over_all_honest_people(simulated: Dataset) -> None:
    scores = np.where(simulated.truth == 1, 0.5, 0.1)
    scores[simulated.slices["kind"] == "A9"] = 0.0
    found = {each.name: each.value for each in figures_apart(simulated, scores, None)}

    assert found["seen_recall_at_fpr_0.1%"] == 1.0
    assert found["held_out_recall_at_fpr_5.0%"] == 0.0
    assert found["worst_held_out_family_recall_at_fpr_1.0%"] == 0.0
    assert found["held_out_roc_auc"] == 0.0
    stealthy = np.isin(simulated.slices["kind"], ["A7", "A9", "A16"]) & (simulated.truth == 1)
    caught = (simulated.slices["kind"][stealthy] != "A9").mean()
    assert found["stealthy_recall_at_fpr_5.0%"] == pytest.approx(caught, abs=1e-6)
    assert not [name for name in found if name.endswith("days_out")]


def test_only_what_came_sixty_days_after_training_counts_as_later(simulated: Dataset) -> None:
    end = simulated.times[-1]
    middle = simulated.times[0] + np.timedelta64(20, "D")
    scores = np.where((simulated.truth == 1) == (simulated.times >= middle + np.timedelta64(60, "D")), 0.9, 0.1)

    found = {each.name: each.value for each in figures_apart(simulated, scores, middle)}

    assert found["seen_roc_auc_60_days_out"] == 1.0
    assert found["seen_roc_auc"] < 0.5
    assert "seen_roc_auc_60_days_out" not in {each.name for each in figures_apart(simulated, scores, end)}


def test_a_figure_counts_only_the_worlds_that_have_it(of_worlds: TrainedModel) -> None:
    first, second = of_worlds.card.worlds
    fewer = [each for each in second.metrics if not each.name.endswith("days_out")]
    card = of_worlds.card.model_copy(update={"worlds": (first, second.model_copy(update={"metrics": tuple(fewer)}))})

    found = {each.goal.name: each.worlds for each in against_goals(card, ())}
    assert (found["seen_roc_auc_60_days_out"], found["calibration_error"]) == (1, 2)


def test_the_worst_of_what_should_be_small_is_the_largest(of_worlds: TrainedModel) -> None:
    first, second = of_worlds.card.worlds
    name = "honest_step_up_or_worse"
    worse = [each.model_copy(update={"value": 0.9}) if each.name == name else each for each in second.metrics]
    card = of_worlds.card.model_copy(update={"worlds": (first, second.model_copy(update={"metrics": tuple(worse)}))})

    assert {figure: worst for figure, _, worst in card.mean_and_worst()}[name] == 0.9


def test_every_family_and_kind_has_a_name_in_reports() -> None:
    assert set(CODES) == {each.family for each in FAMILIES} | {each.id for each in HONEST_KINDS}


def test_judging_with_another_model_knows_until_when_it_learnt(of_worlds: TrainedModel, simulated: Dataset) -> None:
    assert of_worlds.evaluation is not None
    later = [each.name for each in of_worlds.evaluation.apart if each.name.endswith("days_out")]

    assert later == ["seen_roc_auc_60_days_out", "held_out_roc_auc_60_days_out"]
