"""Any feature table can be trained on, and one that cannot says what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.training.dataset import Dataset, DatasetError
from models.training.table import components_of, read_table

ROWS = 40


def columns(**changes: Any) -> dict[str, Any]:
    plain = {
        "when": pa.array(np.datetime64("2026-01-01", "us") + np.arange(ROWS) * np.timedelta64(1, "D")),
        "fraud": [at % 2 for at in range(ROWS)],
        "amount": [None if at == 3 else float(at) for at in range(ROWS)],
        "trusted": [at % 3 == 0 for at in range(ROWS)],
        "device": [f"d{at // 2}" for at in range(ROWS)],
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def saved(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table(columns(**changes)), path)
    return path


def read(path: Path, **options: Any) -> Dataset:
    return read_table(path, **{"label": "fraud", "time": "when", "entities": ["device"], **options})


def test_numbers_become_features_and_empty_cells_stay_missing(tmp_path: Path) -> None:
    dataset = read(saved(tmp_path))

    assert dataset.names == ("amount", "trusted")
    assert dataset.labels.tolist() == [at % 2 for at in range(ROWS)]
    assert np.isnan(dataset.matrix[3, 0])
    assert dataset.matrix[6].tolist() == [6.0, 1.0]
    assert dataset.entities[:4].tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize(
    "label",
    [
        ["fraud" if at % 2 else "legitimate" for at in range(ROWS)],
        [bool(at % 2) for at in range(ROWS)],
        [float(at % 2) for at in range(ROWS)],
        [str(at % 2) for at in range(ROWS)],
    ],
)
def test_a_label_may_be_written_in_several_ways(tmp_path: Path, label: list[Any]) -> None:
    assert read(saved(tmp_path, fraud=label)).labels.tolist() == [at % 2 for at in range(ROWS)]


@pytest.mark.parametrize(
    "when",
    [
        list(range(ROWS)),
        [at * 0.5 for at in range(ROWS)],
        pa.array(np.arange(ROWS) * 86_400_000, pa.timestamp("ms", tz="UTC")),
        pa.array(list(range(ROWS)), pa.int32()).cast(pa.date32()),
        [f"2026-01-01T00:00:{at:02d}Z" for at in range(ROWS)],
    ],
)
def test_a_time_may_be_a_number_a_date_or_a_timestamp(tmp_path: Path, when: Any) -> None:
    times = read(saved(tmp_path, when=when)).times

    assert (times[1:] > times[:-1]).all()


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"label": "outcome"}, "no column outcome; it has when, fraud"),
        ({}, {"time": "at"}, "no column at"),
        ({}, {"entities": ["card", "phone"]}, "no column card, phone"),
        ({}, {"ignore": ["note"]}, "no column note"),
        ({"fraud": [1] * ROWS}, {}, r"one class only \(1\)"),
        ({"fraud": [None, *[0, 1] * 20][:ROWS]}, {}, "empty in 1 rows"),
        ({"fraud": ["maybe"] * ROWS}, {}, "'maybe': write 1 for fraud"),
        ({"when": list(range(ROWS))[::-1]}, {}, "goes back in time at row 1: sort"),
        ({"when": [None, *range(ROWS - 1)]}, {}, "every row needs its time"),
        ({"when": ["yesterday"] * ROWS}, {}, "make it a timestamp"),
        ({"when": [float("nan")] * ROWS}, {}, "not a finite number"),
        ({"amount": ["much"] * ROWS}, {}, "column amount is string, not a number"),
        ({"amount": [float("inf")] * ROWS}, {}, "amount holds an infinite value"),
        ({"amount": None, "trusted": None}, {}, "no column left"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        read(saved(tmp_path, **changes), **options)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 not really"])
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "table.parquet"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DatasetError, match=r"table\.parquet is not a readable Parquet file"):
        read(path)


def test_rows_that_share_any_entity_belong_together() -> None:
    device = np.array(["a", "a", "b", "c", ""])
    card = np.array(["1", "2", "2", "3", ""])

    assert components_of([device, card], 5).tolist() == [0, 0, 0, -1, -1]
    assert components_of([], 3).tolist() == [-1, -1, -1]
