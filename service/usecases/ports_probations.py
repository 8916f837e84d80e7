"""What the end of probations needs from a store: which are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Probation:
    """An account on probation, by its sign-up."""

    signup_no: int
    record_id: str
    until: datetime


class Probations(Protocol):
    """Probations that have not ended.

    The ledger begins one with an assessment that grants probation, and ends it with one that does not.
    """

    def due(self, now: datetime, *, limit: int) -> Sequence[Probation]:
        """Those whose end has come, the longest due first."""
        ...

    def end(self, signup_no: int, *, at: datetime) -> None:
        """Stage the end of one; ``commit`` raises ``ConflictError`` when somebody else ended it."""
        ...
