"""Accounts on probation in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from service.domain.decision import Assessment
from service.domain.errors import ConflictError
from service.domain.grant import Tier
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_probations import Probation


class MemoryProbations:
    """See ``service.usecases.ports_probations.Probations``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def due(self, now: datetime, *, limit: int) -> Sequence[Probation]:
        """See the port."""
        with self._shelves.lock:
            due = sorted((until, number) for number, until in self._shelves.probations.items() if until <= now)
            return tuple(
                Probation(number, self._shelves.signups[number].record.id, until) for until, number in due[:limit]
            )

    def end(self, signup_no: int, *, at: datetime) -> None:
        """See the port."""
        del at

        def write() -> Undo:
            until = self._shelves.probations.pop(signup_no, None)
            if until is None:
                raise ConflictError("Somebody else ended this probation.")
            return lambda: self._shelves.probations.__setitem__(signup_no, until)

        self._staged.append(write)


def follow(shelves: Shelves, signup_no: int, assessment: Assessment) -> Undo:
    """Begin, keep or end the probation as an assessment says."""
    before = shelves.probations.pop(signup_no, None)
    grant = assessment.granted
    if grant is not None and grant.tier is Tier.PROBATION and grant.until is not None:
        shelves.probations[signup_no] = grant.until

    def undo() -> None:
        shelves.probations.pop(signup_no, None)
        if before is not None:
            shelves.probations[signup_no] = before

    return undo
