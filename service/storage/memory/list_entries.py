"""The block, allow and exempt lists in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from models.linkage.identifier import IdentifierKind
from service.domain.errors import ConflictError, NotFoundError
from service.domain.standing import ListName
from service.storage.memory.shelves import Listed, Shelves, Undo, Write
from service.usecases.ports_clusters import IdentifierKey
from service.usecases.ports_lists import ListChange, ListEntry


def digests(kind: IdentifierKind, value: str) -> tuple[bytes, ...]:
    """What stands for a value in memory, as ``Pseudonyms.digests`` does in SQL."""
    return (hashlib.sha256(f"{kind}\x1f{value}".encode()).digest(),)


class MemoryListEntries:
    """See ``service.usecases.ports_lists.ListEntries``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, *entries: ListEntry) -> None:
        """See the port."""

        def write() -> Undo:
            shelves = self._shelves
            taken = {(each.list, each.kind, each.value) for each in self._standing()}
            for entry in entries:
                place = (entry.list, entry.kind, entry.value)
                if place in taken:
                    raise ConflictError("The value is on this list already.")
                taken.add(place)
            shelves.list_revision += 1
            shelves.listed |= {entry.id: Listed(entry, shelves.list_revision) for entry in entries}

            def undo() -> None:
                shelves.list_revision -= 1
                for entry in entries:
                    del shelves.listed[entry.id]

            return undo

        if entries:
            self._staged.append(write)

    def remove(self, list_name: ListName, entry_id: str, *, at: datetime, by: str) -> bool:
        """See the port."""
        del at, by
        with self._shelves.lock:
            if all(each.id != entry_id or each.list is not list_name for each in self._standing()):
                return False

        def write() -> Undo:
            shelves, before = self._shelves, self._shelves.listed[entry_id]
            if before.removed is not None:
                raise NotFoundError("Somebody else removed this entry.")
            shelves.list_revision += 1
            shelves.listed[entry_id] = replace(before, removed=shelves.list_revision)

            def undo() -> None:
                shelves.list_revision -= 1
                shelves.listed[entry_id] = before

            return undo

        self._staged.append(write)
        return True

    def listed(self, list_name: ListName, values: Sequence[tuple[IdentifierKind, str]]) -> Sequence[ListEntry]:
        """See the port."""
        wanted = set(values)
        with self._shelves.lock:
            return tuple(e for e in self._standing() if e.list is list_name and (e.kind, e.value) in wanted)

    def of_identifier(self, list_name: ListName, key: IdentifierKey) -> Sequence[ListEntry]:
        """See the port."""
        with self._shelves.lock:
            standing = [each for each in self._standing() if each.list is list_name]
        return tuple(each for each in standing if (each.kind, each.value.encode()) == (key.kind, key.digest))

    def page(self, list_name: ListName, *, before: str | None = None, limit: int = 100) -> Sequence[ListEntry]:
        """See the port."""
        with self._shelves.lock:
            found = [e for e in self._standing() if e.list is list_name and (before is None or e.id < before)]
        return tuple(sorted(found, key=lambda entry: entry.id, reverse=True)[:limit])

    def count(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return len(self._standing())

    def revision(self) -> int:
        """See the port."""
        return self._shelves.list_revision

    def changes(self, *, after: int) -> Sequence[ListChange]:
        """See the port."""
        with self._shelves.lock:
            return tuple(
                ListChange(
                    digest=digests(each.entry.kind, each.entry.value)[0],
                    list=each.entry.list,
                    kind=each.entry.kind,
                    entry_id=each.entry.id,
                    expires_at=each.entry.expires_at,
                    removed=each.removed is not None,
                )
                for each in self._shelves.listed.values()
                if (each.removed is None if after == 0 else max(each.added, each.removed or 0) > after)
            )

    def _standing(self) -> list[ListEntry]:
        return [each.entry for each in self._shelves.listed.values() if each.removed is None]
