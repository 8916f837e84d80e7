"""The store in memory: units of work over dictionaries, for tests and demonstrations."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from service.storage.memory.after_bans import MemoryAfterBans
from service.storage.memory.api_keys import MemoryApiKeys
from service.storage.memory.audit import MemoryAuditTrail
from service.storage.memory.clusters import MemoryClusterPort
from service.storage.memory.containments import MemoryContainments
from service.storage.memory.events import MemoryEvents
from service.storage.memory.idempotency import MemoryIdempotencyKeys
from service.storage.memory.ledger import MemoryLedger
from service.storage.memory.outcomes import MemoryOutcomes
from service.storage.memory.policies import MemoryPolicies
from service.storage.memory.roll_ups import MemoryRollUps
from service.storage.memory.shelves import Shelves, Undo, Write


class MemoryUnitOfWork:
    """See ``service.usecases.ports.UnitOfWork``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._staged: list[Write] = []
        self._after: list[Write] = []
        self.idempotency = MemoryIdempotencyKeys(shelves, self._staged)
        self.ledger = MemoryLedger(shelves, self._staged, self._after, self.idempotency)
        self.keys = MemoryApiKeys(shelves, self._staged)
        self.policies = MemoryPolicies(shelves, self._staged)
        self.audit = MemoryAuditTrail(shelves, self._staged)
        self.events = MemoryEvents(shelves, self._staged)
        self.clusters = MemoryClusterPort(shelves, self._staged)
        self.after_bans = MemoryAfterBans(shelves, self._staged)
        self.containments = MemoryContainments(shelves, self._staged)
        self.outcomes = MemoryOutcomes(shelves, self._staged)
        self.roll_ups = MemoryRollUps(shelves)

    def commit(self) -> None:
        """See the port."""
        undone: list[Undo] = []
        with self._shelves.lock:
            try:
                for write in self._staged:
                    undone.append(write())
            except BaseException:
                for undo in reversed(undone):
                    undo()
                raise
            else:
                for remember in self._after:
                    remember()
            finally:
                self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        self._staged.clear()
        self._after.clear()


class MemoryStore:
    """A store that lives as long as the object; the counterpart of ``service.storage.sql.store.SqlStore``."""

    def __init__(self) -> None:
        self._shelves = Shelves()

    def begin(self) -> MemoryUnitOfWork:
        """A fresh unit of work."""
        return MemoryUnitOfWork(self._shelves)

    def probe(self) -> None:
        """Always writable."""

    def checkpoint(self) -> None:
        """Nothing to move."""

    def dispose(self) -> None:
        """Nothing to close."""
