"""Data sets as Parquet, one file or a folder of them: a replay that took minutes is read again in a second."""

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
from models.reference.reference import Reference
from models.simulation.files import truth_path
from models.training.dataset import Dataset, DatasetError, Probes
from models.training.replayed import ReplaySettings
from models.whole_files import written_whole

_FORMAT = 2
_KEY = b"gatehouse.dataset"
_ENDING = ".parquet"
AUGMENTED = "augmented_"
"""What the columns of augmented vectors begin with."""
_SLICE, _PROBE, _ROW = "slice_", "without_", "row_"
_WEIGHTS = ("weights", "stands_for")
_CODE = (
    "features", "linkage", "reference", "signals", "training", "replay.py", "identifiers.py", "signup_document.py",
    "simulation/imperfect.py",
)  # fmt: skip
"""What decides the vectors of a replay: when any of it changes, a kept data set is stale."""


PART_ROWS = 250_000
"""Rows of one file of a folder: 80 MB with 89 features, which any machine reads whole."""


def is_dataset(path: Path) -> bool:
    """Whether a path is that of a kept data set and not of sign-ups: a folder, or a name ending in ``.parquet``."""
    return path.is_dir() or path.suffix == _ENDING


def check_free(path: Path) -> None:
    """Refuse a folder that holds files already: their rows would be read as the data set's own.

    Raises:
        DatasetError: it does.
    """
    if path.is_dir() and any(path.iterdir()):
        raise DatasetError(f"{path.name} is not empty: name a new folder for the data set, or a .parquet file")


def write_dataset(dataset: Dataset, path: Path, *, part_rows: int = PART_ROWS) -> None:
    """Write a data set, whole: ``read_dataset`` gives it back. Missing values are NaN.

    A name that ends in ``.parquet`` is one file; any other is a folder with a file for every ``part_rows`` rows.

    Raises:
        DatasetError: the folder holds files already.
    """
    table = _table_of(dataset)
    if path.suffix == _ENDING:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(table, path)
        return
    check_free(path)
    path.mkdir(parents=True, exist_ok=True)
    for number, first in enumerate(range(0, max(len(dataset), 1), part_rows)):
        _write_whole(table.slice(first, part_rows), path / f"part-{number:05}{_ENDING}")


def _write_whole(table: Any, file: Path) -> None:
    with written_whole(file) as beside:
        pq.write_table(table, beside, compression="zstd")


def _table_of(dataset: Dataset) -> Any:
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
        columns.update({f"{AUGMENTED}{name}": pa.array(augmented[:, at]) for at, name in enumerate(dataset.names)})
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
        "hold_out": list(dataset.hold_out),
    }
    return pa.table(columns).replace_schema_metadata({_KEY: json.dumps(about).encode()})


def read_dataset(path: Path) -> Dataset:
    """Read what ``write_dataset`` wrote: one file, or all Parquet files of a folder and the folders in it.

    The files of a folder are taken by their names, and put in time order where they are not: they may have been
    partitioned anew, by month for instance, as long as each kept what this program wrote into its head.

    Raises:
        DatasetError: a file is no such data set, or the files are of different ones.
    """
    files = parts_of(path) if path.is_dir() else [path]
    about: dict[str, Any] | None = None
    tables = []
    for file in files:
        table, head = _read(file)
        if about is not None and head != about:
            raise DatasetError(f"{path.name} holds parts of different data sets: {files[0].name} and {file.name}")
        about = head
        tables.append(table)
    if about is None:
        raise DatasetError(f"{path.name} holds no {_ENDING} file")
    try:
        return _in_time_order(_dataset_of(pa.concat_tables(tables), about))
    except (pa.ArrowInvalid, KeyError) as error:
        raise DatasetError(f"{path.name} is not a data set that this program wrote: {error}") from error


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files; names that begin with a dot or an underscore are other programs' notes."""
    found = (file.relative_to(folder) for file in folder.rglob(f"*{_ENDING}"))
    return [folder / file for file in sorted(found) if not any(part.startswith((".", "_")) for part in file.parts)]


def _read(file: Path) -> tuple[Any, dict[str, Any]]:
    try:
        # A file by itself: the reader of folders would make columns out of names such as ``month=2026-04``.
        table = pq.ParquetFile(file).read()
        about: dict[str, Any] = json.loads((table.schema.metadata or {})[_KEY])
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise DatasetError(f"{file.name} is not a data set that this program wrote: {error}") from error
    if about["format"] != _FORMAT:
        raise DatasetError(f"{file.name} has format {about['format']}, this release reads {_FORMAT}: write it anew")
    return table, about


def _in_time_order(dataset: Dataset) -> Dataset:
    if (dataset.times[1:] >= dataset.times[:-1]).all():
        return dataset
    return dataset.take(np.argsort(dataset.times, kind="stable"))


def kept(path: Path | None, make: Callable[[], Dataset]) -> Dataset:
    """The data set kept at ``path``, made and kept there first where there is none; just made without a path."""
    if path is None:
        return make()
    if path.exists():
        return read_dataset(path)
    made = make()
    write_dataset(made, path)
    return made


def kept_path(directory: Path | None, signups: Path, settings: ReplaySettings, reference: Reference) -> Path | None:
    """Where the replay of a file is kept: under a name made from its bytes and all that decides its vectors.

    That is the settings, the reference data that an operator gave, and this program's code with the shipped data.
    """
    if directory is None:
        return None
    decided_by = (sorted(asdict(settings).items()), reference.given())
    digest = hashlib.sha256(_code_digest() + repr(decided_by).encode())
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
        augmented=stacked(AUGMENTED) if AUGMENTED + names[0] in present else None,
        held_out=table["held_out"].to_numpy().astype(bool) if "held_out" in present else None,
        probes=_probes_of(table, about["fields"], len(names)) if about["fields"] else None,
        **{name: table[_ROW + name].to_numpy().astype(np.float64) for name in about.get("weighed", ())},
        hold_out=tuple(about["hold_out"]),
    )


def _probes_of(table: Any, fields: list[str], features: int) -> Probes:
    rows = np.flatnonzero(table[_PROBE + fields[0]].is_valid().to_numpy())
    vectors = np.empty((len(rows), len(fields), features), np.float32)
    for at, field in enumerate(fields):
        lists = table[_PROBE + field].take(pa.array(rows)).to_pylist()
        vectors[:, at] = np.array(lists, np.float32).reshape(len(rows), features)
    return Probes(tuple(fields), rows, vectors)
