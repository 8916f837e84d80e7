"""The store in SQL as the composition hands it out: units of work on one database, safe across forks."""

from __future__ import annotations

import os
import threading

from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql import probe
from service.storage.sql.database import Database
from service.storage.sql.engine import open_engine
from service.storage.sql.unit_of_work import SqlUnitOfWork
from service.storage.unopened import Unopened


class SqlStore:
    """A database by its URL. Nothing connects before the first use, and a forked child connects anew."""

    def __init__(self, url: str, *, encryption: Encryption, pseudonyms: Pseudonyms) -> None:
        self._url = url
        self._encryption = encryption
        self._pseudonyms = pseudonyms
        self._unopened = Unopened()
        self._opening = threading.Lock()
        self._opened: tuple[int, Database] | None = None
        # What a parent process opened: kept, never touched, because closing it here would close it for the parent.
        self._of_parents: list[Database] = []

    def begin(self) -> SqlUnitOfWork:
        """A fresh unit of work."""
        return SqlUnitOfWork(
            self._database(), encryption=self._encryption, pseudonyms=self._pseudonyms, unopened=self._unopened
        )

    def probe(self) -> None:
        """Write a little and commit it.

        Raises:
            UnavailableError: the database cannot be written to.
        """
        probe.write(self._database())

    def checkpoint(self) -> None:
        """Move what SQLite's write-ahead log holds into the database, outside requests; nothing elsewhere."""
        self._database().checkpoint()

    def newly_unopened(self) -> int:
        """Records that were passed over because they do not open, found since this was asked last."""
        return self._unopened.take()

    def dispose(self) -> None:
        """Close every connection of this process; the store opens again when it is used again."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None and opened[0] == os.getpid():
            opened[1].close()

    def _database(self) -> Database:
        opened = self._opened
        if opened is not None and opened[0] == os.getpid():
            return opened[1]
        with self._opening:
            if self._opened is None or self._opened[0] != os.getpid():
                if self._opened is not None:
                    self._of_parents.append(self._opened[1])
                self._opened = (os.getpid(), Database(open_engine(self._url)))
            return self._opened[1]
