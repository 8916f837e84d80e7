"""Data sets as Parquet files: a replay that took minutes is read again in a second."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any  # Any: pyarrow ships no types

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the same

import models
from models.card import DataSource, FeatureEntry
from models.simulation.files import truth_path
from models.training.dataset import Dataset, DatasetError, Probes
from models.training.replayed import ReplaySettings
from models.whole_files import written_whole

_FORMAT = 1
_KEY = b"gatehouse.dataset"
_AUGMENTED, _SLICE, _PROBE, _ROW = "augmented_", "slice_", "without_", "row_"
_WEIGHTS = ("weights", "stands_for")
_CODE = ("features", "linkage", "reference", "signals", "training", "replay.py", "identifiers.py")
"""What decides the vectors of a replay: when any of it changes, a kept data set is stale."""


def write_dataset(dataset: Dataset, path: Path) -> None:
    """Write a data set, whole: ``read_dataset`` gives it back. Missing values are NaN."""
    columns: dict[str, Any] = {
        "occurred_at": pa.array(dataset.times.astype("datetime64[us]")),
        "label": pa.array(dataset.labels),
        "truth": pa.array(dataset.truth),
        "entity": pa.array(dataset.entities),
    }
    if dataset.held_out is not None:
        columns["held_out"] = pa.array(dataset.held_out)
    weighed = {name: column for name in _WEIGHTS if (column := getattr(dataset, name)) is not None}
    columns.update({_ROW + name: pa.array(column) for name, column in weighed.items()})
    columns.update({f"{_SLICE}{name}": pa.array(column.tolist()) for name, column in dataset.slices.items()})
    columns.update({name: pa.array(dataset.matrix[:, at]) for at, name in enumerate(dataset.names)})
    if dataset.augmented is not None:
        augmented = dataset.augmented
        columns.update({f"{_AUGMENTED}{name}": pa.array(augmented[:, at]) for at, name in enumerate(dataset.names)})
    if dataset.probes is not None:
        columns.update(_probe_columns(dataset.probes, len(dataset)))
    about = {
        "format": _FORMAT,
        "features": [feature.model_dump() for feature in dataset.features],
        "slices": list(dataset.slices),
        "weighed": list(weighed),
        "fields": None if dataset.probes is None else list(dataset.probes.fields),
        "source": dataset.source.value,
        "description": dataset.description,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(about).encode()})
    with written_whole(path) as beside:
        pq.write_table(table, beside, compression="zstd")


def read_dataset(path: Path) -> Dataset:
    """Read what ``write_dataset`` wrote.

    Raises:
        DatasetError: the file is no such data set.
    """
    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[_KEY])
        if about["format"] != _FORMAT:
            raise DatasetError(f"{path.name} has format {about['format']}, this release reads {_FORMAT}: write it anew")
        return _dataset_of(table, about)
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise DatasetError(f"{path.name} is not a data set that this program wrote: {error}") from error


def kept(path: Path | None, make: Callable[[], Dataset]) -> Dataset:
    """The data set kept at ``path``, made and kept there first where there is none; just made without a path."""
    if path is None:
        return make()
    if path.exists():
        return read_dataset(path)
    made = make()
    write_dataset(made, path)
    return made


def kept_path(directory: Path | None, signups: Path, settings: ReplaySettings) -> Path | None:
    """Where the replay of a file is kept: under a name made from its bytes, the settings and this program's code."""
    if directory is None:
        return None
    digest = hashlib.sha256(_code_digest() + repr(sorted(asdict(settings).items())).encode())
    try:
        for file in (signups, truth_path(signups)):
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    except ValueError as error:
        raise DatasetError(str(error)) from error
    except OSError as error:
        raise DatasetError(f"{error.filename or signups} cannot be read: {error.strerror or error}") from error
    return directory / f"{signups.name.split('.')[0]}-{digest.hexdigest()[:16]}.parquet"


@lru_cache(maxsize=1)
def _code_digest() -> bytes:
    root = Path(models.__file__).parent
    digest = hashlib.sha256()
    for name in _CODE:
        place = root / name
        files = [place] if place.is_file() else sorted(each for each in place.rglob("*") if each.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(file.read_bytes())
    return digest.digest()


def _probe_columns(probes: Probes, rows: int) -> dict[str, Any]:
    """A column of lists a field, empty where a row was not probed."""
    columns = {}
    for at, field in enumerate(probes.fields):
        lists: list[Any] = [None] * rows
        for row, vector in zip(probes.rows.tolist(), probes.vectors[:, at], strict=True):
            lists[row] = vector
        columns[f"{_PROBE}{field}"] = pa.array(lists, pa.list_(pa.float32()))
    return columns


def _dataset_of(table: Any, about: dict[str, Any]) -> Dataset:
    features = tuple(FeatureEntry.model_validate(each) for each in about["features"])
    names = [feature.name for feature in features]

    def stacked(prefix: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        matrix = np.empty((table.num_rows, len(names)), np.float32)
        for at, name in enumerate(names):
            matrix[:, at] = table[prefix + name].to_numpy()
        return matrix

    present = set(table.column_names)
    return Dataset(
        features=features,
        matrix=stacked(""),
        labels=table["label"].to_numpy().astype(np.int8),
        truth=table["truth"].to_numpy().astype(np.int8),
        times=table["occurred_at"].to_numpy().astype("datetime64[us]"),
        entities=table["entity"].to_numpy().astype(np.int64),
        source=DataSource(about["source"]),
        description=about["description"],
        slices={name: np.array(table[_SLICE + name].to_pylist(), np.str_) for name in about["slices"]},
        augmented=stacked(_AUGMENTED) if _AUGMENTED + names[0] in present else None,
        held_out=table["held_out"].to_numpy().astype(bool) if "held_out" in present else None,
        probes=_probes_of(table, about["fields"], len(names)) if about["fields"] else None,
        **{name: table[_ROW + name].to_numpy().astype(np.float64) for name in about.get("weighed", ())},
    )


def _probes_of(table: Any, fields: list[str], features: int) -> Probes:
    rows = np.flatnonzero(table[_PROBE + fields[0]].is_valid().to_numpy())
    vectors = np.empty((len(rows), len(fields), features), np.float32)
    for at, field in enumerate(fields):
        lists = table[_PROBE + field].take(pa.array(rows)).to_pylist()
        vectors[:, at] = np.array(lists, np.float32).reshape(len(rows), features)
    return Probes(tuple(fields), rows, vectors)
