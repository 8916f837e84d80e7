"""What a unit of work holds back until commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class StagedWrite:
    """One write to come.

    ``alone`` says that it is one statement whose constraints make a repetition harmless, so that it needs no
    transaction around it when nothing else is staged.
    """

    run: Callable[[Connection], None]
    alone: bool = False


@dataclass(slots=True)
class Stage:
    """The writes staged so far, in order."""

    writes: list[StagedWrite] = field(default_factory=list)

    def add(self, run: Callable[[Connection], None], *, alone: bool = False) -> None:
        """Stage one more write."""
        self.writes.append(StagedWrite(run, alone))

    def add_first(self, run: Callable[[Connection], None]) -> None:
        """Stage a write that comes before every other: what it locks is locked before anything else is."""
        self.writes.insert(0, StagedWrite(run))

    def take(self) -> list[StagedWrite]:
        """Everything staged; nothing stays."""
        writes, self.writes = self.writes, []
        return writes
