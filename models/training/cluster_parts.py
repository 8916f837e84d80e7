"""The rows of a kept data set on a cluster: every worker reads its files of the folder, nobody sends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any  # Any: Dask, pyarrow and XGBoost's part for Dask ship no types

import dask.array as da
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the same
from dask.delayed import delayed
from numpy.typing import NDArray

from models.training.dataset import DatasetError
from models.training.fit import Rows
from models.training.stored import AUGMENTED, parts_of


class Parts:
    """The files of a folder, and where in them each row of the data set lies."""

    def __init__(self, folder: Path) -> None:
        self._files = parts_of(folder)
        try:
            times = [pq.ParquetFile(file).read(["occurred_at"])["occurred_at"].to_numpy() for file in self._files]
        except (OSError, pa.ArrowInvalid) as error:
            raise DatasetError(f"{folder.name} is not a data set that this program wrote: {error}") from error
        if not times:
            raise DatasetError(f"{folder.name} holds no file of a data set")
        self._starts = np.cumsum([0, *map(len, times)])
        # As the data set was put in order when it was read; nothing moves where the files are in order already.
        self._order = np.argsort(np.concatenate(times), kind="stable")

    def matrix(
        self, distributed_xgboost: Any, client: Any, rows: Rows, names: Sequence[str], *, ref: Any = None
    ) -> Any:
        """A slice for the booster: a part a file, read where it is used; labels and weights are sent.

        Raises:
            DatasetError: the slice is of another data set.
        """
        if rows.places is None or (len(rows.places) and int(rows.places.max()) >= len(self._order)):
            raise DatasetError("the rows to learn from are not those of the data set's folder")
        places = self._order[rows.places]
        sorted_by_file = np.argsort(places, kind="stable")
        places = places[sorted_by_file]
        columns = [AUGMENTED + name for name in names] if rows.augmented else list(names)
        cuts = np.searchsorted(places, self._starts)
        array: Any = da  # Dask declares its functions without types
        found = []
        for number, file in enumerate(self._files):
            local = places[cuts[number] : cuts[number + 1]] - self._starts[number]
            if len(local):
                rows_of_file = delayed(_reader(str(file.resolve()), columns))(local)
                found.append(array.from_delayed(rows_of_file, (len(local), len(names)), np.float32))
        chunks = (tuple(each.shape[0] for each in found),)
        weights = np.ones(len(places)) if rows.weights is None else rows.weights[sorted_by_file]
        return distributed_xgboost.DaskQuantileDMatrix(
            client,
            array.concatenate(found),
            array.from_array(rows.labels[sorted_by_file], chunks=chunks),
            weight=array.from_array(weights, chunks=chunks),
            feature_names=list(names),
            ref=ref,
        )


def _reader(file: str, columns: Sequence[str]) -> Callable[[NDArray[np.intp]], NDArray[np.float32]]:
    """Reads some rows of a file. A function within a function travels whole: workers need none of this program."""

    def read(local: Any) -> Any:
        import numpy  # noqa: PLC0415 - on the worker
        import pyarrow.parquet  # noqa: PLC0415 - the same

        table = pyarrow.parquet.ParquetFile(file)
        matrix = numpy.empty((len(local), len(columns)), numpy.float32)
        for at, name in enumerate(columns):
            matrix[:, at] = table.read([name])[name].to_numpy()[local]
        return matrix

    return read
