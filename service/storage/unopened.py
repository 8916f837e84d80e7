"""Records whose personal data does not open any more: passed over where many are read, told of once, and counted."""

from __future__ import annotations

import logging
import threading

_REMEMBERED = 100_000
"""Ids of some megabytes; beyond them a record is told of again."""

_log = logging.getLogger(__name__)


class Unopened:
    """What one process has come across; see ``service.storage.encryption.EncryptionError``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._since_taken = 0

    def note(self, record_id: str) -> None:
        """A record does not open; only the first time says something."""
        with self._lock:
            if record_id in self._known:
                return
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add(record_id)
            self._since_taken += 1
        _log.warning("a record does not open: its key is not configured, or it was altered", extra={"id": record_id})

    def take(self) -> int:
        """How many were found since this was asked last."""
        with self._lock:
            found, self._since_taken = self._since_taken, 0
        return found
