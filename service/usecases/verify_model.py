"""Verifying a model: its bytes are its card's, and recorded decisions come out again to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.usecases.logged_vectors import Rescorer
from service.usecases.ports import Begin

SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared: decisions scored again, those that could not be, and what was wrong."""

    version: str
    sha256: str
    equal: int
    unreadable: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyModel:
    """Check one version."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]

    def __call__(self, version: str, *, sample: int = SAMPLE) -> Verified:
        """Load the version, which compares the digests, and score the newest ``sample`` of its decisions again.

        Raises:
            RegistryError, CardInvalidError: the model is damaged or cannot serve.
        """
        rescorer = Rescorer(self.directory, version, self.catalogue)
        card = rescorer.loaded.card
        with self.begin() as work:
            decided = work.judgements.of_model(card.version, most=sample)
        scores = rescorer.scores((each.vector, each.model) for each in decided)
        equal, unreadable, problems = 0, 0, []
        for each, score in zip(decided, scores, strict=True):
            if each.model is not None and each.model.sha256 != card.model_sha256:
                problems.append(f"decision {each.assessment_id} was scored by other bytes: {each.model.sha256}")
            elif score is None:
                unreadable += 1
            elif score != each.score:
                problems.append(f"decision {each.assessment_id} was recorded as {each.score!r}, now it is {score!r}")
            else:
                equal += 1
        return Verified(card.version, card.model_sha256, equal, unreadable, tuple(problems))
