"""Policy documents in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from service.domain.errors import ConflictError
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports import PolicyVersion


class MemoryPolicies:
    """See ``service.usecases.ports.Policies``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._staged_version = 0

    def active(self) -> PolicyVersion | None:
        """See the port."""
        return next((policy for policy in reversed(self.all()) if policy.activated_at is not None), None)

    def add(self, document: str, *, at: datetime, by: str, reason: str, activate: bool) -> PolicyVersion:
        """See the port."""
        with self._shelves.lock:
            version = max([self._staged_version, *self._shelves.policies]) + 1
        self._staged_version = version
        policy = PolicyVersion(version, document, at, by, reason, at if activate else None)

        def write() -> Undo:
            if version in self._shelves.policies:
                raise ConflictError("Another policy was added at the same moment; look at it and add yours again.")
            self._shelves.policies[version] = policy
            return lambda: self._shelves.policies.pop(version)

        self._staged.append(write)
        return policy

    def all(self) -> Sequence[PolicyVersion]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.policies[version] for version in sorted(self._shelves.policies))
