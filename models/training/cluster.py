"""Growing the trees on an existing Dask cluster, with the same settings and the same result within noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: Dask and its part of XGBoost ship no types

import dask.array as da
import numpy as np
from distributed import Client

from models.boosting import xgboost
from models.training.cluster_parts import Parts
from models.training.dataset import DatasetError
from models.training.fit import FitSettings, Rows, best_of, parameters
from models.training.progress import Progress

CONNECT_S = 20
"""A scheduler that does not answer within it is not there."""

_PARTS_A_WORKER = 2


@dataclass(frozen=True, slots=True)
class ClusterEngine:
    """An engine (see ``models.training.fit.Engine``) on the cluster whose scheduler listens at ``scheduler``.

    The workers need xgboost-cpu and dask[distributed] in the versions used here. With ``folder``, the one that the
    data set was read from, they read its files themselves, under the same path, for which they need pyarrow; without
    it the rows are sent to them.
    """

    scheduler: str
    folder: Path | None = None

    def __call__(
        self,
        training: Rows,
        validation: Rows,
        *,
        names: Sequence[str],
        directions: Sequence[int],
        settings: FitSettings,
        seed: int,
        progress: Progress,
    ) -> bytes:
        """Grow the trees; the model file.

        Raises:
            DatasetError: the cluster cannot be reached or has no workers.
        """
        # XGBoost's Dask part is an import of its own: it is wanted here only.
        from xgboost import dask as distributed_xgboost  # noqa: PLC0415

        try:
            connect: Any = Client  # declared without types
            client = connect(self.scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise DatasetError(f"no Dask scheduler answers at {self.scheduler}: {error}") from error
        with client, client.as_current():
            workers = len(client.scheduler_info(n_workers=-1)["workers"])
            if not workers:
                raise DatasetError(f"the Dask scheduler at {self.scheduler} has no workers")
            if self.folder is None:
                progress("sending rows to the cluster", 0, None)
                train = _matrix(distributed_xgboost, client, training, names, workers=workers)
                watched = _matrix(distributed_xgboost, client, validation, names, workers=workers, ref=train)
            else:
                progress("the cluster reads the rows", 0, None)
                parts = Parts(self.folder)
                train = parts.matrix(distributed_xgboost, client, training, names)
                watched = parts.matrix(distributed_xgboost, client, validation, names, ref=train)
            progress("growing trees on the cluster", 0, settings.trees)
            grown = distributed_xgboost.train(
                client,
                parameters(settings, directions, seed=seed),
                train,
                num_boost_round=settings.trees,
                evals=[(watched, "validation")],
                early_stopping_rounds=settings.patience,
                verbose_eval=False,
            )
            progress("growing trees on the cluster", settings.trees, settings.trees)
            booster: xgboost.Booster = grown["booster"]
            return best_of(booster)


def _matrix(
    distributed_xgboost: Any, client: Any, rows: Rows, names: Sequence[str], *, workers: int, ref: Any = None
) -> Any:
    """The rows in as many parts as keep every worker busy."""
    part = max(1, -(-len(rows.labels) // (workers * _PARTS_A_WORKER)))
    weights = np.ones(len(rows.labels)) if rows.weights is None else rows.weights
    from_array: Any = da.from_array  # Dask declares it without types
    return distributed_xgboost.DaskQuantileDMatrix(
        client,
        from_array(rows.matrix, chunks=(part, rows.matrix.shape[1])),
        from_array(rows.labels, chunks=part),
        weight=from_array(weights, chunks=part),
        feature_names=list(names),
        ref=ref,
    )
