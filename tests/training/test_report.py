"""The report is one file that stands alone and says what its figures are worth."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from models.card import DataSource
from models.evaluation.evaluation import NOT_COMPARABLE, Evaluation, judge
from models.evaluation.rehearsed import read_rehearsal
from models.evaluation.report import render, write_report
from models.scorer import Scorer, scorer_of
from models.training.dataset import Dataset, DatasetError
from models.training.train import TrainedModel


class Tags(HTMLParser):
    """Checks that elements close in order, and gathers what they name."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser calls it so
        self.seen.add(tag)
        if tag not in ("meta", "polyline", "rect", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser calls it so
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def scorer(trained: TrainedModel) -> Scorer:
    names = trained.card.feature_names
    return scorer_of(trained.model, features=names, catalogue=names, calibration=trained.card.calibration.calibration())


@pytest.fixture(scope="module")
def evaluation(scorer: Scorer, dataset: Dataset) -> Evaluation:
    kind = np.where(dataset.truth == 1, "A1", "H1")
    tagged = replace(dataset, slices={**dataset.slices, "kind": kind}, held_out=np.arange(len(dataset)) % 10 == 0)
    return judge(version="m-1", scorer=scorer, dataset=tagged, seed=1)


def test_the_report_is_well_formed_and_draws_every_plot(evaluation: Evaluation, trained: TrainedModel) -> None:
    page = render(evaluation, trained.card)

    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert page.count("<svg") >= 6
    for heading in (
        "Precision and recall",
        "false-positive rate",
        "mean what it says",
        "SHAP",
        "treated alike",
        "By group",
    ):
        assert heading in page


def test_the_report_needs_nothing_from_outside(evaluation: Evaluation, trained: TrainedModel) -> None:
    page = render(evaluation, trained.card)

    assert not re.search(r"<script|<link|@import|url\(|https?://|src=", page)
    assert "prefers-color-scheme:dark" in page


def test_simulated_figures_are_said_to_be_simulated(evaluation: Evaluation, trained: TrainedModel) -> None:
    assert NOT_COMPARABLE not in render(evaluation, trained.card)

    simulated = replace(evaluation, source=DataSource.SIMULATED)

    assert NOT_COMPARABLE in render(simulated, trained.card)
    assert NOT_COMPARABLE in simulated.summary()


def test_names_from_the_data_are_escaped(evaluation: Evaluation, trained: TrainedModel) -> None:
    hostile = replace(evaluation, description="<script>alert(1)</script>", version='"><img>')

    page = render(hostile, trained.card)

    assert "<script" not in page
    assert "<img" not in page


def test_a_family_is_ranked_against_all_honest_people(evaluation: Evaluation) -> None:
    family = next(entry for entry in evaluation.slices if entry.value == "A1")
    people = next(entry for entry in evaluation.slices if entry.value == "H1")

    assert family.fraud == family.rows
    assert "roc_auc" in {metric.name for metric in family.metrics}
    assert "false_positive_rate" not in {metric.name for metric in family.metrics}
    assert [metric.name for metric in people.metrics] == ["false_positive_rate"]
    assert people.metrics[0].value == pytest.approx(0.01, abs=0.001)
    assert {entry.value for entry in evaluation.slices if entry.column == "learnt"} == {"seen", "held out"}


def test_predictive_equality_is_the_smallest_rate_over_the_largest(evaluation: Evaluation) -> None:
    found = next(each for each in evaluation.equalities if each.column == "account type")

    rates = [each.rate for each in found.rates]
    assert found.ratio == pytest.approx(min(rates) / max(rates))
    assert sum(each.honest for each in found.rates) == int((evaluation.truth == 0).sum())


def test_only_rows_whose_truth_is_known_are_judged(scorer: Scorer, dataset: Dataset) -> None:
    truth = dataset.truth.copy()
    truth[:100] = -1

    judged = judge(version="m-1", scorer=scorer, dataset=replace(dataset, truth=truth), seed=1)

    assert len(judged.truth) == len(dataset) - 100


def test_one_class_alone_still_makes_a_page(
    scorer: Scorer, dataset: Dataset, trained: TrainedModel, tmp_path: Path
) -> None:
    honest = judge(version="m-1", scorer=scorer, dataset=dataset.take(dataset.truth == 0), seed=1)

    write_report(tmp_path / "new" / "report.html", honest, trained.card)

    assert "nothing to rank" in (tmp_path / "new" / "report.html").read_text(encoding="utf-8")


REHEARSED = {
    "crossed-500": {
        "with linkage": [{"minutes_from_ban": 90.0, "re_entry": 0.1}, {"minutes_from_ban": None, "re_entry": 0.3}],
        "without": [{"minutes_from_ban": None, "re_entry": 0.5}],
    }
}


def test_rehearsed_attacks_are_shown_beside_their_goals(
    evaluation: Evaluation, trained: TrainedModel, tmp_path: Path
) -> None:
    file = tmp_path / "rehearsal.json"
    file.write_text(json.dumps(REHEARSED))

    page = render(evaluation, trained.card, read_rehearsal(file))

    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert '<td>re entry</td><td class="n">≤ 0.05</td><td class="n">0.2 (0.3)</td><td class="n">0.5 (0.5)</td>' in page
    assert '<td>minutes from ban</td><td class="n">≤ 60</td><td class="n">90 (90)</td><td class="n">-</td>' in page
    assert "Attacks rehearsed" not in render(evaluation, trained.card)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a": 1}', '{"a": {"b": [{"c": "much"}]}}', '{"a": {"b": [1]}}', '{"a": {"b": [{"c": NaN}]}}']
)
def test_a_file_that_is_no_rehearsal_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "rehearsal.json"
    file.write_text(text)

    with pytest.raises(DatasetError, match=r"rehearsal\.json is no file that `gatehouse rehearse --out` writes"):
        read_rehearsal(file)
