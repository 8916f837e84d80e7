"""API keys in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_api_keys import ApiKey


class MemoryApiKeys:
    """See ``service.usecases.ports_api_keys.ApiKeys``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, key: ApiKey) -> None:
        """See the port."""

        def write() -> Undo:
            if key.id in self._shelves.keys:
                raise RuntimeError("bug: two API keys with one id")
            self._shelves.keys[key.id] = key
            return lambda: self._shelves.keys.pop(key.id)

        self._staged.append(write)

    def get(self, key_id: str) -> ApiKey | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.keys.get(key_id)

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """See the port."""
        if self.get(key_id) is None:
            return False

        def write() -> Undo:
            before = self._shelves.keys[key_id]
            if before.revoked_at is None:
                self._shelves.keys[key_id] = replace(before, revoked_at=at)
            return lambda: self._shelves.keys.__setitem__(key_id, before)

        self._staged.append(write)
        return True

    def all(self) -> Sequence[ApiKey]:
        """See the port."""
        with self._shelves.lock:
            return tuple(sorted(self._shelves.keys.values(), key=lambda key: (key.created_at, key.id)))
