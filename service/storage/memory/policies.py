"""Policy documents in memory, which of them was in force when, and what back-tests found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.errors import ConflictError
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_policy import Activation, BackTestRecord, PolicyVersion

_ADDED = "Another policy was added at the same moment; look at it and add yours again."
_ACTIVATED = "Another policy came into force at the same moment; look at it and try again."


class MemoryPolicies:
    """See ``service.usecases.ports_policy.Policies``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._staged_version = 0
        self._staged_activation: Activation | None = None

    def active(self) -> PolicyVersion | None:
        """See the port."""
        with self._shelves.lock:
            activations = self._shelves.activations
            return self._shelves.policies[activations[-1].version] if activations else None

    def get(self, version: int) -> PolicyVersion | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.policies.get(version)

    def all(self) -> Sequence[PolicyVersion]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.policies[version] for version in sorted(self._shelves.policies))

    def add(self, document: str, *, at: datetime, by: str, reason: str, activate: bool) -> PolicyVersion:
        """See the port."""
        with self._shelves.lock:
            version = max([self._staged_version, *self._shelves.policies]) + 1
        self._staged_version = version
        policy = PolicyVersion(version, document, at, by, reason, at if activate else None)

        def write() -> Undo:
            if version in self._shelves.policies:
                raise ConflictError(_ADDED)
            self._shelves.policies[version] = policy
            return lambda: self._shelves.policies.pop(version)

        self._staged.append(write)
        if activate:
            self.activate(version, at=at, by=by, reason=reason)
        return policy

    def activations(self) -> Sequence[Activation]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.activations)

    def activate(self, version: int, *, at: datetime, by: str, reason: str) -> None:
        """See the port."""
        newest = self._newest_activation()
        number = 1 if newest is None else newest.number + 1
        self._activating(Activation(number, version, at, by, reason, None if newest is None else newest.number))

    def roll_back(self, *, at: datetime, by: str, reason: str) -> int | None:
        """See the port."""
        newest = self._newest_activation()
        if newest is None or newest.beneath is None:
            return None
        before = self.activations()[newest.beneath - 1]
        self._activating(
            Activation(newest.number + 1, before.version, at, by, reason, before.beneath, rolled_back=newest.version)
        )
        return before.version

    def record_backtest(self, record: BackTestRecord) -> None:
        """See the port."""

        def write() -> Undo:
            self._shelves.backtests.append(record)
            return self._shelves.backtests.pop

        self._staged.append(write)

    def backtest_of(self, version: int) -> BackTestRecord | None:
        """See the port."""
        with self._shelves.lock:
            return next((each for each in reversed(self._shelves.backtests) if each.version == version), None)

    def _newest_activation(self) -> Activation | None:
        if self._staged_activation is not None:
            return self._staged_activation
        return next(iter(self.activations()[-1:]), None)

    def _activating(self, activation: Activation) -> None:
        self._staged_activation = activation

        def write() -> Undo:
            if activation.number != len(self._shelves.activations) + 1:
                raise ConflictError(_ACTIVATED)
            before = self._shelves.policies[activation.version]
            self._shelves.activations.append(activation)
            self._shelves.policies[activation.version] = replace(before, activated_at=activation.at)

            def undo() -> None:
                self._shelves.activations.pop()
                self._shelves.policies[activation.version] = before

            return undo

        self._staged.append(write)
