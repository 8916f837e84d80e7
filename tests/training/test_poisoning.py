"""Poisoned labels: what is held back, what it weighs, and that five malicious ones in a hundred change little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.evaluation.evaluation import scores_of
from models.evaluation.metrics import Ranking, SortedRows
from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.guards import CLUSTER_ROWS, FLOOD_LEAST, Guarded, SourceRule, SourceRules, guard
from models.training.influence import SOURCE, without_sources
from models.training.labelled import LabelChoice, influence_of_sources, labelled_from_recorded
from models.training.labels import Grade, LabelRow, read_labels
from models.training.recorded import RecordedRow
from models.training.splits import split_by_time
from models.training.train import TrainSettings, grow

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SETTINGS = TrainSettings(fit=FitSettings(trees=80, patience=15, threads=1), seed=3)


def said(number: int, *, day: int = 0, **changes: Any) -> LabelRow:
    plain: dict[str, Any] = {
        "signup_id": f"su_{number}",
        "label": "fraud",
        "source": "reviewers",
        "grade": Grade.EVIDENCED,
        "known_at": START + timedelta(days=day, seconds=number),
    }
    return LabelRow(**{**plain, **changes})


def recorded(at: int) -> RecordedRow:
    vector = np.zeros(1, np.float32)
    return RecordedRow(f"su_{at}", START + timedelta(hours=at), "educational", "allow", 0.1, ("f",), vector)


def why(guarded: Guarded) -> str:
    return " / ".join(each.line() for each in guarded.findings)


@pytest.mark.parametrize(
    ("grade", "confidence", "trust", "weight"),
    [
        (Grade.CONFIRMED, 1.0, 1.0, 1.0),
        (Grade.EVIDENCED, 1.0, 1.0, 0.8),
        (Grade.REPORTED, 0.5, 1.0, 0.35),
        (Grade.CONTAINED, 1.0, 0.5, 0.2),
    ],
)
def test_a_label_weighs_by_its_grade_its_confidence_and_its_source(
    grade: Grade, confidence: float, trust: float, weight: float
) -> None:
    rules = SourceRules({"reviewers": SourceRule(trust)})

    found = guard([said(1, grade=grade, confidence=confidence)], rules=rules)

    assert found.weights == {"su_1": pytest.approx(weight)}


def test_a_failed_challenge_is_no_label() -> None:
    found = guard([said(1, grade=Grade.FAILED_CHALLENGE), said(2)])

    assert set(found.labels) == {"su_2"}
    assert "never a label" in why(found)


def test_what_was_superseded_does_not_count_and_the_better_known_label_wins() -> None:
    rows = [
        said(1, superseded=True),
        said(2, grade=Grade.CONFIRMED, label="legitimate"),
        said(2, day=3, grade=Grade.CONTAINED, source="containment"),
        said(3, label="legitimate"),
        said(3, day=1),
    ]

    found = guard(rows)

    assert {name: row.label for name, row in found.labels.items()} == {"su_2": "legitimate", "su_3": "fraud"}


def test_a_contained_cluster_of_any_size_brings_twenty_rows() -> None:
    found = guard(said(number, grade=Grade.CONTAINED, cluster="c1") for number in range(900))

    assert len(found.labels) == CLUSTER_ROWS
    assert "880 labels held back" in why(found)


def test_a_source_that_says_too_much_on_one_day_is_cut_off_for_that_day() -> None:
    rules = SourceRules({"partner": SourceRule(1.0, most_a_day=10)})
    rows = [said(number, day=number // 25, source="partner") for number in range(50)]

    found = guard([*rows, *(said(100 + number) for number in range(25))], rules=rules)

    assert len(found.labels) == 10 + 10 + 25
    assert "source partner said more than 10 on one day" in why(found)


@pytest.mark.parametrize("kind", ["institution", "network", "cluster"])
def test_a_sudden_flood_waits_until_a_person_has_looked(kind: str) -> None:
    def keyed(number: int, day: int) -> LabelRow:
        key: dict[str, Any] = {"cluster": "k"} if kind == "cluster" else {"keys": {kind: "k"}}
        return said(number, day=day, label="legitimate", **key)

    calm = [keyed(day, day) for day in range(28)]
    flood = [keyed(1_000 + number, 28) for number in range(FLOOD_LEAST + 10)]

    held = guard([*calm, *flood])
    name = held.findings[0].flood
    assert name is not None
    released = guard([*calm, *flood], released=[name])

    assert len(held.labels) == 28
    assert held.findings[0].rows == FLOOD_LEAST + 10
    assert name.startswith(f"{kind}:k:legitimate:")
    assert len(released.labels) == 28 + FLOOD_LEAST + 10


def test_a_key_that_always_gets_many_labels_is_no_flood() -> None:
    rows = [
        said(60 * day + number, day=day, keys={"institution": "large"}) for day in range(40) for number in range(60)
    ]

    # The first days have no past; after them the same number is what is usual.
    assert {each.flood for each in guard(rows).findings} <= {
        f"institution:large:fraud:2026-03-{day:02}" for day in range(2, 9)
    }


def test_a_source_that_contradicts_confirmed_labels_beyond_chance_is_held_back() -> None:
    confirmed = [said(number, grade=Grade.CONFIRMED) for number in range(60)]
    careful = [said(number, source="careful", label="legitimate" if number < 2 else "fraud") for number in range(60)]
    liar = [said(number, source="liar", label="legitimate" if number < 15 else "fraud") for number in range(60)]
    alone = [said(100 + number, source="liar", label="legitimate") for number in range(9)]

    found = guard([*confirmed, *careful, *liar, *alone])

    assert "source liar contradicts confirmed labels: 15 of 60" in why(found)
    assert "careful" not in why(found)
    assert set(found.labels) == {f"su_{number}" for number in range(60)}


def test_an_explored_sign_up_stands_for_those_who_were_stopped() -> None:
    rows = [
        RecordedRow(
            f"su_{at}", START + timedelta(hours=at), "educational", "allow", 0.1, ("f",), np.zeros(1, np.float32)
        )
        for at in range(4)
    ]
    labels = [said(0, propensity=0.1, grade=Grade.CONFIRMED), said(1, propensity=0.001, grade=Grade.CONFIRMED)]

    found = labelled_from_recorded(
        rows, labels, LabelChoice(START + timedelta(days=200)), description="rows", settings=SETTINGS
    )

    assert found.dataset.stands_for is not None
    assert found.dataset.stands_for.tolist() == [10, 20, 1, 1]
    assert found.dataset.weights is None


def test_without_survivors_only_what_somebody_said_counts() -> None:
    rows = [
        RecordedRow(
            f"su_{at}", START + timedelta(hours=at), "educational", "allow", 0.1, ("f",), np.zeros(1, np.float32)
        )
        for at in range(3)
    ]
    choice = LabelChoice(START + timedelta(days=200), survivors_count=False)

    found = labelled_from_recorded(rows, [said(1, label="legitimate")], choice, description="rows", settings=SETTINGS)

    assert found.dataset.labels.tolist() == [-1, 0, -1]


@pytest.mark.parametrize(
    "further", ['"grade": "Z"', '"confidence": 2', '"propensity": 0', '"keys": []', '"cluster": 3', '"source": null']
)
def test_a_label_that_makes_no_sense_is_named_by_its_line(tmp_path: Path, further: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(
        '{"signup_id": "a", "label": "fraud", "known_at": "2026-01-01T00:00:00Z", "grade": "C", "source": "bank"}\n'
        f'{{"signup_id": "a", "label": "fraud", "known_at": "2026-01-01T00:00:00Z", {further}}}\n'
    )

    with pytest.raises(DatasetError, match=r"labels\.jsonl, line 2"):
        list(read_labels(file, known_by=START))


def poisoned(dataset: Dataset, controlled: Dataset, *, share: float) -> Dataset:
    """Three honest sources, and one that vouches for the attacker's own sign-ups, all of them in one region."""
    random = np.random.default_rng(11)
    own = np.flatnonzero((np.nan_to_num(controlled.matrix[:, 0]) > 1.4) & (controlled.truth == 1))
    added = controlled.take(random.permutation(own)[: int(share * len(dataset))])
    honest = random.choice(["bank", "reviewers", "traffic"], len(dataset)).astype("<U12")
    order = np.argsort(np.concatenate((dataset.times, added.times)), kind="stable")

    def both(name: str) -> np.ndarray[Any, Any]:
        together: np.ndarray[Any, Any] = np.concatenate((getattr(dataset, name), getattr(added, name)))[order]
        return together

    cleared = np.concatenate((dataset.labels, np.zeros(len(added), np.int8)))[order]
    return replace(
        dataset,
        matrix=both("matrix"),
        times=both("times"),
        truth=both("truth"),
        labels=cleared,
        entities=np.full(len(order), -1),
        slices={SOURCE: np.concatenate((honest, np.full(len(added), "partner")))[order]},
    )


def recall_of(dataset: Dataset, world: Dataset) -> float:
    split = split_by_time(dataset.times, dataset.entities)
    scores = scores_of(grow(dataset, split, SETTINGS).scorer, world)
    return Ranking.of(SortedRows.of(scores, world.truth)).recall_at(0.01)


def test_five_malicious_labels_in_a_hundred_change_recall_by_less_than_two_points(
    make_dataset: Callable[..., Dataset],
) -> None:
    world, honest = make_dataset(rows=20_000, seed=99), make_dataset(rows=20_000)
    attacked = poisoned(honest, make_dataset(rows=60_000, seed=55), share=0.05)
    clean = recall_of(poisoned(honest, honest, share=0.0), world)
    unguarded = recall_of(attacked, world)

    found = influence_of_sources(attacked, SETTINGS)
    harmful = tuple(each.source for each in found if each.harmful)
    guarded = recall_of(without_sources(attacked, harmful), world)

    assert (attacked.slices[SOURCE] == "partner").sum() == 1_000
    assert harmful == ("partner",)
    assert clean - unguarded > 0.02, "the attack must do harm, or the test proves nothing"
    assert abs(clean - guarded) < 0.02


def test_a_source_that_finds_what_nobody_else_does_is_looked_at_and_kept_when_vouched_for(
    make_dataset: Callable[..., Dataset],
) -> None:
    dataset = make_dataset(rows=16_000)
    sources = np.random.default_rng(5).choice(["reviewers", "traffic"], len(dataset)).astype("<U12")
    sources[(np.nan_to_num(dataset.matrix[:, 3]) > 0.5) & (dataset.truth == 1)] = "bank"

    found = influence_of_sources(
        replace(dataset, slices={**dataset.slices, SOURCE: sources}), SETTINGS, vouched_for={"bank"}
    )

    lines = {each.source: each.line() for each in found}
    assert [each.source for each in found if each.harmful] == []
    assert "LOOK AT IT" in lines["bank"]
    assert "LOOK AT IT" not in lines["reviewers"] + lines["traffic"]


def test_one_source_alone_has_nobody_to_be_judged_by(dataset: Dataset) -> None:
    alone = replace(dataset, slices={**dataset.slices, SOURCE: np.full(len(dataset), "bank")})

    assert influence_of_sources(alone, SETTINGS) == ()
