"""Group commit on SQLite: writers that wait at the same time share one transaction, and its one sync of the disk.

There is no thread of its own: the first writer to come leads, takes everybody who is waiting into its
transaction, and hands the lead to the first who came meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast  # Any: a writer's result is its own affair

from sqlalchemy import Connection

from service.domain.errors import UnavailableError

T = TypeVar("T")

_LARGEST_GROUP = 64
"""A decision takes 0.3 ms of the transaction, so that the last of a group waits some 20 ms for the first."""


@dataclass(slots=True)
class Writer:
    """One writer's work and, after it ran, what came of it. ``work`` may be run more than once."""

    work: Callable[[Connection], Any]
    result: Any = None
    error: BaseException | None = None
    done: bool = False
    leads: bool = False
    woken: threading.Event = field(default_factory=threading.Event)


class GroupCommit:
    """Runs writers in groups. Make it after a fork, never before.

    ``run_group`` runs every writer's work in one transaction, notes results and errors in the writers, and
    raises when the transaction as a whole failed.
    """

    def __init__(self, run_group: Callable[[Sequence[Writer]], None], *, timeout_s: float) -> None:
        self._run_group = run_group
        self._timeout_s = timeout_s
        self._mutex = threading.Lock()
        self._waiting: list[Writer] = []
        self._led = False

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction, committed when this returns.

        Raises:
            UnavailableError: it waited too long.
        """
        writer = Writer(work)
        with self._mutex:
            self._waiting.append(writer)
            if not self._led:
                self._led = writer.leads = True
        if not writer.leads:
            self._wait(writer)
        if not writer.done:
            self._lead()
        if writer.error is not None:
            raise writer.error
        return cast("T", writer.result)

    def _wait(self, writer: Writer) -> None:
        if writer.woken.wait(self._timeout_s):
            return
        with self._mutex:
            if writer.leads or writer.done:
                return
            if writer in self._waiting:
                self._waiting.remove(writer)
                raise UnavailableError("The database is busy; try again.")
        # It is being written this moment: what became of it is worth waiting for.
        if not writer.woken.wait(self._timeout_s):
            raise UnavailableError("The database did not answer in time; try again.")

    def _lead(self) -> None:
        with self._mutex:
            group = self._waiting[:_LARGEST_GROUP]
            del self._waiting[: len(group)]
        try:
            self._run_group(group)
        except BaseException as error:
            for writer in group:
                writer.error = error
            raise
        finally:
            for writer in group:
                writer.done = True
                writer.woken.set()
            self._hand_over()

    def _hand_over(self) -> None:
        with self._mutex:
            if not self._waiting:
                self._led = False
                return
            self._waiting[0].leads = True
            self._waiting[0].woken.set()
