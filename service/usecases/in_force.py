"""What is in force: the active model and the active policy, looked up again every few seconds.

Workers pick up a promotion or an activation within ``FRESH_FOR_S`` without a restart, and the hot path pays for
neither: between two looks the last answer is given.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from models.registry import LoadedModel, RegistryError, active, baseline, load
from service.domain.errors import UnavailableError
from service.domain.policy import Policy, default_policy_text, parse_policy
from service.usecases.ports import Begin

FRESH_FOR_S = 3.0

_log = logging.getLogger(__name__)


class ModelInForce:
    """The active model of a registry; ``None``, with a ``problem``, while it cannot be loaded."""

    def __init__(self, directory: Path, catalogue: Sequence[str], monotonic: Callable[[], float]) -> None:
        self._directory = directory
        self._catalogue = tuple(catalogue)
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._version: str | None = None
        self._model: LoadedModel | None = None
        self.problem: str | None = "not loaded yet"

    def __call__(self) -> LoadedModel | None:
        """The model to score with now. One caller in a few seconds looks again; nobody waits for it."""
        if self._monotonic() >= self._due and self._looking.acquire(blocking=self._model is None):
            try:
                self._look()
            finally:
                self._looking.release()
        return self._model

    def _look(self) -> None:
        if self._monotonic() < self._due:
            return
        try:
            version = active(self._directory).version
            if self._model is None or version != self._version:
                # What the pointer said, not what it may say by now: the version noted is the model's own.
                self._model = (
                    baseline(catalogue=self._catalogue)
                    if version is None
                    else load(self._directory, version, catalogue=self._catalogue)
                )
                self._version = version
                _log.info("model loaded", extra={"model": self._model.card.version})
            self.problem = None
        except (RegistryError, ValueError, OSError) as error:
            # A model that is loaded goes on scoring: a broken promotion must not take the service down with it.
            self.problem = str(error)
            _log.error("model cannot be loaded: %s", error)
        self._due = self._monotonic() + FRESH_FOR_S


class PolicyInForce:
    """The active policy; the one that ships with the service while the database holds none."""

    def __init__(self, begin: Begin, monotonic: Callable[[], float]) -> None:
        self._begin = begin
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._policy: Policy | None = None
        self.problem: str | None = None

    def __call__(self) -> Policy:
        """The policy to decide by now.

        Raises:
            UnavailableError: no policy was ever read and the database cannot be used.
        """
        if self._monotonic() >= self._due and self._looking.acquire(blocking=self._policy is None):
            try:
                self._look()
            finally:
                self._looking.release()
        if self._policy is None:
            raise UnavailableError("The policy cannot be read.")
        return self._policy

    def _look(self) -> None:
        if self._monotonic() < self._due:
            return
        try:
            with self._begin() as work:
                version = work.policies.active()
            if version is None:
                self._policy = self._policy or parse_policy(default_policy_text(), version=0)
            elif self._policy is None or version.version != self._policy.version:
                self._policy = parse_policy(version.document, version=version.version)
                _log.info("policy in force", extra={"policy_version": version.version})
            self.problem = None
        except UnavailableError:
            self.problem = "the database cannot be used"
        self._due = self._monotonic() + FRESH_FOR_S
