"""Feature tables: a Parquet file of numbers with a label and a time, from wherever it comes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # the same
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the same
from numpy.typing import NDArray

from models.card import DataSource, FeatureEntry
from models.training.dataset import Dataset, DatasetError, Times

_LEGITIMATE = {"0", "false", "legitimate", "legit", "no", "0.0"}
_FRAUD = {"1", "true", "fraud", "yes", "1.0"}


def read_table(
    path: Path,
    *,
    label: str,
    time: str,
    entities: Sequence[str] = (),
    slices: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Dataset:
    """Read a feature table.

    Every numeric column not named otherwise is a feature (unconstrained); text columns not named are refused
    rather than silently dropped. Rows must be in time order.

    Args:
        path: a Parquet file.
        label: the column that is 1 (or true, "fraud") for fraud and 0 (false, "legitimate") otherwise.
        time: a timestamp, date or number (seconds, months: anything that grows).
        entities: columns that name whom a row belongs to; rows that share a value never straddle two slices.
        slices: columns by which figures are reported apart.
        ignore: columns to leave out.

    Raises:
        DatasetError: as the message says.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(f"{path.name} is not a readable Parquet file: {error}") from error
    _require_columns(table, path, [label, time, *entities, *slices, *ignore])
    named = {label, time, *entities, *slices, *ignore}
    chosen = [name for name in table.column_names if name not in named]
    if not chosen:
        raise DatasetError(f"{path.name} has no column left that could be a feature")
    labels = _labels(table[label], label)
    times = _times(table[time], time)
    if (times[1:] < times[:-1]).any():
        at = int((times[1:] < times[:-1]).argmax()) + 1
        raise DatasetError(f"column {time} goes back in time at row {at}: sort the table by it first")
    matrix = np.empty((table.num_rows, len(chosen)), np.float32)
    for at, name in enumerate(chosen):
        matrix[:, at] = _numbers(table[name], name)
    return Dataset(
        features=tuple(FeatureEntry(name=name, direction=0) for name in chosen),
        matrix=matrix,
        labels=labels,
        truth=labels,
        times=times,
        entities=components_of([_text(table[name]) for name in entities], table.num_rows),
        source=DataSource.TABLE,
        description=f"the table {path.name}, label {label}, time {time}",
        slices={name: _text(table[name]) for name in slices},
    )


def components_of(columns: Sequence[NDArray[np.str_]], rows: int) -> NDArray[np.int64]:
    """Number the groups of rows that share a value in any of the columns; -1 for a row that shares none."""
    parent = np.arange(rows)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for column in columns:
        first: dict[str, int] = {}
        for row, value in enumerate(column.tolist()):
            if value:
                one, other = root(first.setdefault(value, row)), root(row)
                parent[max(one, other)] = min(one, other)
    roots = np.array([root(row) for row in range(rows)], np.int64)
    sizes = np.bincount(roots, minlength=rows) if rows else np.zeros(0, np.int64)
    return np.where(sizes[roots] > 1, roots, -1) if rows else roots


def _require_columns(table: pa.Table, path: Path, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in table.column_names]
    if absent:
        raise DatasetError(
            f"{path.name} has no column {', '.join(absent)}; it has {', '.join(table.column_names[:20])}"
            + (" and more" if len(table.column_names) > 20 else "")
        )


def _labels(column: pa.ChunkedArray, name: str) -> NDArray[np.int8]:
    if column.null_count:
        raise DatasetError(f"label column {name} is empty in {column.null_count} rows: drop rows without an outcome")
    values = [str(value).lower() for value in column.to_pylist()]
    unknown = sorted(set(values) - _FRAUD - _LEGITIMATE)
    if unknown:
        raise DatasetError(f"label column {name} holds {unknown[0]!r}: write 1 for fraud and 0 for legitimate")
    labels = np.array([value in _FRAUD for value in values], np.int8)
    if len(np.unique(labels)) == 1:
        raise DatasetError(f"label column {name} holds one class only ({values[0]}): both are needed")
    return labels


def _times(column: pa.ChunkedArray, name: str) -> Times:
    if column.null_count:
        raise DatasetError(f"time column {name} is empty in {column.null_count} rows: every row needs its time")
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        stamps: Times = column.cast(pa.timestamp("us", tz=getattr(kind, "tz", None))).to_numpy()
        return stamps.astype("datetime64[us]")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = column.to_numpy()
        if not np.isfinite(numbers).all():
            raise DatasetError(f"time column {name} holds a value that is not a finite number")
        # A plain number has no unit: it is taken for seconds, which keeps the order, and the order is what counts.
        seconds: Times = np.round(numbers * 1e6).astype(np.int64).astype("datetime64[us]")
        return seconds
    try:
        return _times(pc.strptime(column, format="%Y-%m-%dT%H:%M:%SZ", unit="us"), name)
    except pa.ArrowInvalid as error:
        raise DatasetError(f"time column {name} is {kind}: make it a timestamp or a number") from error


def _numbers(column: pa.ChunkedArray, name: str) -> NDArray[np.float32]:
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)):
        raise DatasetError(f"column {name} is {column.type}, not a number: encode it, or name it as slice or ignored")
    values: NDArray[np.float32] = column.cast(pa.float64()).to_numpy().astype(np.float32)
    if np.isinf(values).any():
        raise DatasetError(f"column {name} holds an infinite value: leave unknown values empty")
    return values


def _text(column: pa.ChunkedArray) -> NDArray[np.str_]:
    return np.array(["" if value is None else str(value) for value in column.to_pylist()], dtype=np.str_)
