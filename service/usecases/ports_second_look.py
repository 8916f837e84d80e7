"""What second looks need of a store: who is next, and how far each look has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the order of recording."""

    recorded_at: datetime
    signup_no: int


class SecondLooks(Protocol):
    """A cursor for every look, by how long after the sign-up it is."""

    def cursor(self, after: timedelta) -> Place | None:
        """How far the look has come; ``None`` before its first."""
        ...

    def recorded(self, *, after: Place | None, since: datetime, until: datetime, limit: int) -> Sequence[Place]:
        """Decided sign-ups after a place that were recorded from ``since`` until ``until``, in that order."""
        ...

    def move(self, after: timedelta, *, before: Place | None, to: Place) -> None:
        """Stage the cursor's step from where it was read.

        Raises (from ``commit``):
            ConflictError: another worker has moved it.
        """
        ...
