"""What the use cases need of likenesses: who fell lately, and what those have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.domain.likeness import Drawn, Likeness


class Likenesses(Protocol):
    """Likenesses of banned accounts. One holds at a time: the next one ends the one before."""

    def fallen(self, *, since: datetime, limit: int) -> Sequence[int]:
        """The newest sign-ups that fell since an instant, by number, newest first.

        Known as fraud since then, in the core of a containment that stands since then, or come since and failed their
        last proof.
        """
        ...

    def standing(self, *, now: datetime) -> Likeness | None:
        """The one that holds."""
        ...

    def drawn(self, *, since: datetime) -> Sequence[Drawn]:
        """What was drawn, as far as it held after an instant."""
        ...

    def next_number(self) -> int:
        """The number that the next likeness may take."""
        ...

    def draw(self, likeness: Likeness) -> None:
        """Stage a likeness, which ends the one before; of that only what it spent of the budget is kept.

        Raises (from ``commit``):
            ConflictError: another one took its number at the same moment.
        """
        ...

    def end(self, *, at: datetime) -> None:
        """Stage: none holds any longer."""
        ...
