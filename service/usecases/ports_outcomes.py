"""What the use cases need of outcomes: appended, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class SignupRef:
    """A recorded sign-up without personal data."""

    signup_no: int
    id: str
    owner: str
    signup_id: str


class Outcomes(Protocol):
    """What turned out to be true of sign-ups."""

    def signup(self, owner: str, name: str) -> SignupRef | None:
        """The owner's sign-up by our id or else by its own ``signup_id``."""
        ...

    def of(self, signup_no: int) -> Sequence[Outcome]:
        """The outcomes of a sign-up, oldest first."""
        ...

    def of_many(self, signup_nos: Sequence[int]) -> Mapping[int, Sequence[Outcome]]:
        """The outcomes of those sign-ups that have any, oldest first."""
        ...

    def known(self, *, by: datetime, after_no: int = 0, limit: int = 5_000) -> Mapping[int, Sequence[Outcome]]:
        """What had been recorded by an instant: the next ``limit`` sign-ups that had outcomes, by rising number."""
        ...

    def add(self, outcome: Outcome) -> None:
        """Stage one more.

        Raises (from ``commit``):
            ConflictError: another one took its ordinal at the same moment.
        """
        ...

    def nothing_more_said(self, heard: Mapping[int, int]) -> None:
        """Stage nothing but a condition: these sign-ups have as many outcomes as were heard when this is reached.

        Raises (from ``commit``):
            ConflictError: somebody said more of one of them since.
        """
        ...
