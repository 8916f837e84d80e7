"""The data set: feature vectors in time order with what is known of each sign-up's outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.card import DataSource, FeatureEntry

Times = NDArray[np.datetime64]
"""Microseconds in UTC."""


ALL_FIELDS = "every optional field"
"""The name of the probe without anything that may be left out."""


class DatasetError(ValueError):
    """The data cannot be trained on; the message says what is wrong and what would be right."""


VARIANT = "variant"
"""The column with the variant of an attack family, or its name where it has none."""


@dataclass(frozen=True, slots=True)
class Probes:
    """Some fraudulent sign-ups as they would look without an optional field: what an attacker gains by silence.

    Attributes:
        fields: what was left out; ``ALL_FIELDS`` is everything that may be.
        rows: the sign-ups' places in the data set, rising.
        vectors: (rows, fields, features) float32.
    """

    fields: tuple[str, ...]
    rows: NDArray[np.intp]
    vectors: NDArray[np.float32]

    def among(self, kept: NDArray[np.intp]) -> Probes:
        """Those of the ``kept`` rows of the data set, at their new places."""
        order = np.argsort(kept, kind="stable")
        at = np.minimum(np.searchsorted(kept[order], self.rows), max(len(kept) - 1, 0))
        found = kept[order][at] == self.rows if len(kept) else np.zeros(len(self.rows), bool)
        places = order[at[found]] if len(kept) else np.zeros(0, np.intp)
        rising = np.argsort(places, kind="stable")
        return Probes(self.fields, places[rising], self.vectors[found][rising])


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows in time order. All arrays have one entry a row.

    Attributes:
        features: the columns of ``matrix`` with their monotone directions.
        matrix: (rows, features) float32; missing is NaN.
        labels: 1 fraud, 0 legitimate, -1 not known, as it stood when the data were taken: what a model may learn
            from.
        truth: 1 fraud, 0 legitimate as it really is: what a model is judged against. Without a simulator's
            omniscience it is the labels.
        times: when each sign-up occurred.
        entities: whom each row belongs to (an operator, a device); rows of one entity never straddle two slices.
            Negative where a row stands alone.
        slices: categorical columns by which figures are reported apart.
        augmented: vectors of the same sign-ups with optional fields left out at random, for training only.
        held_out: rows of families that a model must not learn from.
        probes: some fraudulent rows without optional fields, to judge by, never to learn from.
        weights: how far each row's label is trusted, above 0 up to 1; all alike without it.
        stands_for: how many sign-ups each row stands for: a denied one that was let in at random, one time in
            twenty, stands for twenty. One each without it.
        hold_out: the names by which ``held_out`` was marked, those that these rows do not hold among them.
    """

    features: tuple[FeatureEntry, ...]
    matrix: NDArray[np.float32]
    labels: NDArray[np.int8]
    truth: NDArray[np.int8]
    times: Times
    entities: NDArray[np.int64]
    source: DataSource
    description: str
    slices: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    augmented: NDArray[np.float32] | None = None
    held_out: NDArray[np.bool_] | None = None
    probes: Probes | None = None
    weights: NDArray[np.float64] | None = None
    stands_for: NDArray[np.float64] | None = None
    hold_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows = len(self.matrix)
        optional = [each for each in (self.augmented, self.held_out, self.weights, self.stands_for) if each is not None]
        columns = (self.labels, self.truth, self.times, self.entities, *self.slices.values(), *optional)
        if any(len(column) != rows for column in columns):
            raise RuntimeError("bug: the columns of a data set differ in length")
        if self.matrix.shape[1] != len(self.features):
            raise RuntimeError("bug: a data set names another number of features than it holds")

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names in order."""
        return tuple(feature.name for feature in self.features)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Dataset:
        """Some of the rows."""
        return replace(
            self,
            matrix=self.matrix[rows],
            labels=self.labels[rows],
            truth=self.truth[rows],
            times=self.times[rows],
            entities=self.entities[rows],
            slices={name: column[rows] for name, column in self.slices.items()},
            augmented=None if self.augmented is None else self.augmented[rows],
            held_out=None if self.held_out is None else self.held_out[rows],
            probes=None if self.probes is None else self.probes.among(np.arange(len(self))[rows]),
            weights=None if self.weights is None else self.weights[rows],
            stands_for=None if self.stands_for is None else self.stands_for[rows],
        )

    def without_features(self, names: Sequence[str]) -> Dataset:
        """The same rows without some features."""
        kept = [at for at, name in enumerate(self.names) if name not in set(names)]
        return replace(
            self,
            features=tuple(self.features[at] for at in kept),
            matrix=self.matrix[:, kept],
            augmented=None if self.augmented is None else self.augmented[:, kept],
            probes=self.probes and replace(self.probes, vectors=self.probes.vectors[:, :, kept]),
        )

    def holding_out(self, kinds: Sequence[str]) -> Dataset:
        """The same rows with other kinds, families and variants of families held out of training.

        A kind that these rows do not hold changes nothing: a small world may lack a family.
        """
        nobody = np.full(len(self), "")
        marked = [np.isin(self.slices.get(column, nobody), list(kinds)) for column in ("kind", VARIANT)]
        return replace(self, held_out=marked[0] | marked[1], hold_out=tuple(kinds))

    def weights_of(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """What some rows weigh in training."""
        weights = np.ones(len(rows))
        for each in (self.weights, self.stands_for):
            weights = weights if each is None else weights * each[rows]
        return weights

    def reported_slices(self) -> dict[str, NDArray[np.str_]]:
        """The columns that people are told apart by in reports: all but the variants of families."""
        return {name: column for name, column in self.slices.items() if name != VARIANT}

    def held_out_names(self) -> tuple[str, ...]:
        """What is held out: whole kinds and families by their name, parts of a family by their variant's."""
        if self.held_out is None or "kind" not in self.slices:
            return ()
        kinds, variants = self.slices["kind"], self.slices.get(VARIANT, self.slices["kind"])
        learnt = set(kinds[~self.held_out].tolist())
        out = zip(kinds[self.held_out].tolist(), variants[self.held_out].tolist(), strict=True)
        return tuple(sorted({variant if kind in learnt else kind for kind, variant in out}))

    def sha256(self) -> str:
        """The digest of everything a model can learn from."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        columns = (self.matrix, self.labels, self.times, self.entities, self.augmented, self.held_out)
        for column in columns:
            digest.update(b"-" if column is None else np.ascontiguousarray(column).view(np.uint8).tobytes())
        for name, weighed in (("weights", self.weights), ("stands_for", self.stands_for)):
            if weighed is not None:
                digest.update(name.encode() + np.ascontiguousarray(weighed).view(np.uint8).tobytes())
        return digest.hexdigest()


def check_trainable(dataset: Dataset) -> None:
    """Refuse what no model can be learnt from.

    Raises:
        DatasetError: no rows, one class only, rows out of order, or an infinite value.
    """
    if len(dataset) == 0:
        raise DatasetError("the data set has no rows")
    known = dataset.labels[dataset.labels >= 0]
    if not len(known):
        raise DatasetError("no row has a known outcome")
    if len(np.unique(known)) < 2:
        only = "fraud" if known[0] else "legitimate"
        raise DatasetError(f"every known outcome is {only}: both classes are needed to learn the difference")
    if (dataset.times[1:] < dataset.times[:-1]).any():
        raise DatasetError("the rows are not in time order: sort them by time first")
    if np.isinf(dataset.matrix).any():
        column = dataset.names[int(np.isinf(dataset.matrix).any(axis=0).argmax())]
        raise DatasetError(f"feature {column} holds an infinite value: leave unknown values empty")
