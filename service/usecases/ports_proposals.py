"""What verdicts on many cases need from outside: proposals that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from service.domain.proposal import Proposal


class Proposals(Protocol):
    """Proposals, kept for ever."""

    def add(self, proposal: Proposal) -> None:
        """Stage a new proposal."""
        ...

    def get(self, proposal_id: str) -> Proposal | None:
        """A proposal by its id."""
        ...

    def decide(self, proposal: Proposal) -> None:
        """Stage a second person's answer.

        Raises:
            ConflictError: (from ``commit``) it was answered meanwhile.
        """
        ...

    def waiting(self) -> Sequence[Proposal]:
        """Those that wait for a second person, oldest first."""
        ...
