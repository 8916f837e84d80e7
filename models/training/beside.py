"""Another world's rows beside one's own: trees that also learn from what the champion learnt from.

A few thousand decisions of one's own say too little to grow every tree from, and what was known before would be
forgotten by the first retraining. The other rows are in the training slice only: when to stop growing, the calibration
and every judgement rest on one's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.training.dataset import Dataset, DatasetError
from models.training.fit import Engine, FitSettings, Rows, fit
from models.training.progress import Progress

WEIGHT = 0.3
"""Of each other row against one of one's own. On an eight-week world from 0.1 to 1 hardly mattered (ROC-AUC 0.939 to
0.944, 0.909 without the other rows)."""

SHA256, WEIGHED = "beside_sha256", "beside_weight"


@dataclass(frozen=True, slots=True)
class Beside:
    """An engine that grows trees from one's own training slice and another data set's rows.

    Attributes:
        dataset: whose labelled rows are learnt from too, but for those that were held out of it.
        weight: of each of its rows.
    """

    dataset: Dataset
    weight: float = WEIGHT
    engine: Engine = fit

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
        """See ``Engine``.

        Raises:
            DatasetError: the other data set lacks a feature.
        """
        return self.engine(
            self._joined(training, names),
            validation,
            names=names,
            directions=directions,
            settings=settings,
            seed=seed,
            progress=progress,
        )

    def as_dict(self) -> Mapping[str, str | float]:
        """For the model card: what else decides its bytes."""
        return {SHA256: self.dataset.sha256(), WEIGHED: self.weight}

    def _joined(self, own: Rows, names: Sequence[str]) -> Rows:
        other = self.dataset
        if lacking := sorted(set(names) - set(other.names)):
            raise DatasetError(f"{other.description} lacks the feature {lacking[0]!r}: replay its sign-ups anew")
        columns = [other.names.index(name) for name in names]
        kept = other.labels >= 0
        if other.held_out is not None:
            kept &= ~other.held_out
        matrix = other.matrix if other.augmented is None else other.augmented
        weights = np.ones(len(own.labels)) if own.weights is None else own.weights
        return replace(
            own,
            matrix=np.concatenate([own.matrix, matrix[kept][:, columns]]),
            labels=np.concatenate([own.labels, other.labels[kept]]),
            weights=np.concatenate([weights, self.weight * other.weights_of(np.flatnonzero(kept))]),
            places=None,
        )
