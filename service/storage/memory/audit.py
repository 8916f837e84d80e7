"""The audit record in memory, with the same chain as in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from service.storage.audit_chain import FIRST_PREVIOUS, problem_of, seal_of
from service.storage.instants import microseconds_of
from service.storage.memory.shelves import Shelves, Write
from service.usecases.ports import AuditEntry, AuditHead, AuditVerdict


class MemoryAuditTrail:
    """See ``service.usecases.ports.AuditTrail``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, *entries: AuditEntry) -> None:
        """See the port."""
        for each in entries:
            self._staged.append(partial(self._shelves.add_entry, each))

    def seal(self, *, at: datetime, limit: int = 1_000) -> int:
        """See the port."""
        with self._shelves.lock:
            seals = self._shelves.seals
            first = seals[-1].last_id + 1 if seals else 1
            entries = self._shelves.chained(first, first + limit - 1)
            if entries:
                previous = seals[-1].digest if seals else FIRST_PREVIOUS
                number = len(seals) + 1
                seals.append(seal_of(entries, seal_no=number, previous=previous, sealed_us=microseconds_of(at)))
            return len(entries)

    def verify(self, *, anchor: AuditHead | None = None) -> AuditVerdict:
        """See the port."""
        with self._shelves.lock:
            seals = self._shelves.seals
            sealed = [(seal, self._shelves.chained(seal.first_id, seal.last_id)) for seal in seals]
            total = len(self._shelves.entries)
        head = AuditHead(seals[-1].seal_no, seals[-1].entries, seals[-1].digest) if seals else None
        return AuditVerdict(
            entries=total,
            seals=len(sealed),
            unsealed=total - (seals[-1].last_id if seals else 0),
            head=head,
            problem=problem_of(sealed, anchor=anchor),
        )

    def entries(
        self,
        *,
        subject: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        before: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """See the port."""
        with self._shelves.lock:
            newest_first = tuple(reversed(self._shelves.entries))
        return tuple(
            entry
            for entry in newest_first
            if subject in (None, entry.subject)
            and actor in (None, entry.actor)
            and entry.action.startswith(action or "")
            and (before is None or entry.at < before)
        )[:limit]
