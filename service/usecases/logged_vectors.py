"""Logged vectors scored again: by whichever model, whatever release of the catalogue logged them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from models import registry
from models.card import CardInvalidError
from models.registry import FeatureMismatchError, LoadedModel, RegistryError
from models.scorer import Scorer
from service.domain.decision import ModelReference


class LoggedFeatures:
    """The names of a logged vector's entries.

    The catalogue only grows and a feature's meaning never changes, so a vector as long as this release's is of this
    release; another one is as long as the features of the model that scored it, or nobody can tell.
    """

    def __init__(self, directory: Path, catalogue: Sequence[str]) -> None:
        self._directory = directory
        self._current = tuple(catalogue)
        self._of_model = lru_cache(maxsize=256)(self._read)

    def __call__(self, vector: bytes, model: ModelReference | None) -> tuple[str, ...] | None:
        """The names in order; ``None`` where nobody can tell."""
        entries = len(vector) // 4
        if entries == len(self._current):
            return self._current
        found = None if model is None else self._of_model(model.version)
        return found if found is not None and len(found) == entries else None

    def _read(self, version: str) -> tuple[str, ...] | None:
        try:
            return registry.card_by_name(self._directory, version).feature_names
        except (RegistryError, CardInvalidError):
            return None


class Rescorer:
    """One model over logged vectors; loaded once for each set of names that they come with."""

    def __init__(self, directory: Path, version: str, catalogue: Sequence[str]) -> None:
        self._directory = directory
        self._version = version
        self._features = LoggedFeatures(directory, catalogue)
        self.loaded: LoadedModel = registry.load_by_name(directory, version, catalogue=catalogue)
        self._scorers: dict[tuple[str, ...], Scorer | None] = {tuple(catalogue): self.loaded.scorer}

    def scores(self, logged: Iterable[tuple[bytes | None, ModelReference | None]]) -> list[float | None]:
        """The score of each vector beside the model that scored it first; ``None`` where it cannot be scored."""
        return [self._score(vector, model) for vector, model in logged]

    def _score(self, vector: bytes | None, model: ModelReference | None) -> float | None:
        names = None if vector is None else self._features(vector, model)
        if vector is None or names is None:
            return None
        if names not in self._scorers:
            self._scorers[names] = self._scorer(names)
        scorer = self._scorers[names]
        return None if scorer is None else scorer.score(np.frombuffer(vector, "<f4").astype(np.float32)).probability

    def _scorer(self, names: tuple[str, ...]) -> Scorer | None:
        try:
            return registry.load_by_name(self._directory, self._version, catalogue=names).scorer
        except FeatureMismatchError:
            return None
