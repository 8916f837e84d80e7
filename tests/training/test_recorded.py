"""Recorded decisions train through the same pipeline, on what was logged and on what was known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.card import DataSource
from models.features.catalogue import FEATURES
from models.training.dataset import Dataset, DatasetError
from models.training.labelled import LabelChoice
from models.training.pipeline import Training, train_from_recorded
from models.training.recorded import (
    KnownOutcome,
    RecordedRow,
    read_outcomes,
    read_rows,
    recorded_dataset,
    write_rows,
)
from models.training.replayed import MATURITY

START = datetime(2026, 1, 5, tzinfo=UTC)
LATER = START + timedelta(days=400)
NAMES = tuple(feature.name for feature in FEATURES[:6])


def row(number: int = 1, **changes: Any) -> RecordedRow:
    plain = RecordedRow(
        signup_id=f"su_{number}",
        occurred_at=START + timedelta(hours=number),
        account_type="educational",
        decision="allow",
        score=0.02,
        features=NAMES,
        vector=np.array([number, np.nan, 0, 0.5, 0, 0], np.float32),
    )
    return replace(plain, **changes)


def made(rows: list[RecordedRow], outcomes: dict[str, KnownOutcome] | None = None, **options: Any) -> Dataset:
    return recorded_dataset(rows, outcomes or {}, **{"description": "decisions", "known_by": LATER, **options})


def test_an_export_reads_back_the_same_and_keeps_missing_apart_from_never_logged(tmp_path: Path) -> None:
    older = row(1, features=NAMES[:5], vector=np.array([1, np.nan, 3, 4, 5], np.float32), score=None)

    assert write_rows(iter([older, row(2), row(3, account_type="research")]), tmp_path / "x.parquet") == 3

    back = list(read_rows(tmp_path / "x.parquet"))
    assert [dict(zip(each.features, each.vector.tolist(), strict=True)) for each in back] == [
        pytest.approx(dict(zip(each.features, each.vector.tolist(), strict=True)), nan_ok=True)
        for each in (older, row(2), row(3))
    ]
    assert [(each.signup_id, each.occurred_at, each.score) for each in back] == [
        (each.signup_id, each.occurred_at, each.score) for each in (older, row(2), row(3))
    ]


def test_an_empty_export_says_that_there_is_nothing(tmp_path: Path) -> None:
    assert write_rows(iter([]), tmp_path / "x.parquet") == 0

    with pytest.raises(DatasetError, match="no recorded decisions"):
        made(list(read_rows(tmp_path / "x.parquet")))


def test_logged_bytes_are_read_as_they_were_written() -> None:
    vector = np.array([1, np.nan, 3], "<f4")

    back = RecordedRow.of_bytes(
        vector.tobytes(),
        features=NAMES[:3],
        signup_id="su",
        occurred_at=START,
        account_type="research",
        decision="allow",
        score=None,
    )

    np.testing.assert_array_equal(back.vector, vector)
    with pytest.raises(DatasetError, match="12 bytes"):
        RecordedRow.of_bytes(vector.tobytes(), features=NAMES[:2])


@pytest.mark.parametrize(
    ("decision", "said", "age", "label"),
    [
        ("allow", None, timedelta(days=60), 0),
        ("allow", None, MATURITY - timedelta(days=1), -1),
        ("allow", "fraud", timedelta(days=60), 1),
        ("allow", "fraud", MATURITY - timedelta(days=1), -1),
        ("step_up", None, timedelta(days=60), -1),
        ("deny", None, timedelta(days=60), -1),
        ("review", "legitimate", timedelta(days=60), 0),
        ("review", "fraud", timedelta(days=60), 1),
    ],
)
def test_a_label_is_what_was_known(decision: str, said: Any, age: timedelta, label: int) -> None:
    one = row(decision=decision)
    outcomes = {"su_1": KnownOutcome(said, one.occurred_at + timedelta(days=1))} if said else {}

    dataset = made([one], outcomes, known_by=one.occurred_at + age)

    assert dataset.labels.tolist() == [label]
    assert dataset.source is DataSource.RECORDED


def test_rows_are_put_in_time_order_and_features_in_the_catalogues() -> None:
    turned = row(1, features=NAMES[::-1], vector=np.arange(6, dtype=np.float32))

    dataset = made([row(2), turned])

    assert dataset.names == NAMES
    assert dataset.matrix[0].tolist() == [5, 4, 3, 2, 1, 0]
    assert [each.direction for each in dataset.features] == [int(each.direction) for each in FEATURES[:6]]


def test_a_young_feature_waits_until_half_the_rows_have_it() -> None:
    older = [row(at, features=NAMES[:5], vector=np.zeros(5, np.float32)) for at in range(4)]

    few = made([*older, row(8), row(9)])
    many = made([*older, *(row(at) for at in range(8, 14))])

    assert (few.names, len(few)) == (NAMES[:5], 6)
    assert (many.names, len(many)) == (NAMES, 6)


def test_an_outcome_of_a_stranger_is_refused() -> None:
    with pytest.raises(DatasetError, match="su_99"):
        made([row()], {"su_99": KnownOutcome("fraud", START)})


def test_outcomes_known_after_the_cut_off_do_not_count_and_the_last_one_before_it_does(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.jsonl"
    lines = [("fraud", 1), ("legitimate", 5), ("fraud", 20)]
    file.write_text(
        "\n".join(
            json.dumps({"signup_id": "su_1", "label": label, "known_at": f"2026-03-{day:02}T00:00:00Z"})
            for label, day in lines
        )
    )

    found = read_outcomes(file, known_by=datetime(2026, 3, 10, tzinfo=UTC))

    assert found == {"su_1": KnownOutcome("legitimate", datetime(2026, 3, 5, tzinfo=UTC))}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"signup_id": "a", "label": "fraud"}',
        '{"signup_id": "a", "label": "bad", "known_at": "2026-01-01T00:00:00Z"}',
        '{"signup_id": "a", "label": "fraud", "known_at": "2026-01-01T00:00:00"}',
        '{"signup_id": 3, "label": "fraud", "known_at": "2026-01-01T00:00:00Z"}',
    ],
)
def test_a_line_that_is_no_outcome_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "outcomes.jsonl"
    file.write_text("\n" + line)

    with pytest.raises(DatasetError, match=r"outcomes\.jsonl, line 2"):
        read_outcomes(file, known_by=LATER)


def test_another_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"hello")

    with pytest.raises(DatasetError, match=r"x\.parquet"):
        list(read_rows(tmp_path / "x.parquet"))


def test_recorded_decisions_train_like_anything_else(dataset: Dataset, tmp_path: Path) -> None:
    occurred = [at.replace(tzinfo=UTC) for at in dataset.times.tolist()]
    rows = [
        row(at, occurred_at=occurred[at], vector=dataset.matrix[at], decision="allow" if at % 50 else "deny")
        for at in range(len(dataset))
    ]
    write_rows(iter(rows), tmp_path / "vectors.parquet")
    outcomes = tmp_path / "outcomes.jsonl"
    outcomes.write_text(
        "".join(
            json.dumps(
                {
                    "signup_id": f"su_{at}",
                    "label": "fraud",
                    "known_at": (occurred[at] + timedelta(days=2)).isoformat(),
                }
            )
            + "\n"
            for at in np.flatnonzero(dataset.truth == 1).tolist()
        )
    )

    trained = train_from_recorded(
        Training(created=LATER), vectors=tmp_path / "vectors.parquet", outcomes=outcomes, choice=LabelChoice(LATER)
    )

    assert trained.card.data.source is DataSource.RECORDED
    assert "recorded decisions" in trained.card.summary
    assert {each.name: each.value for each in trained.card.metrics}["roc_auc"] > 0.75  # type: ignore[operator]
