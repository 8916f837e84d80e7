"""Proposals in memory."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.errors import ConflictError
from service.domain.proposal import Proposal, ProposalState
from service.storage.memory.shelves import Shelves, Undo, Write


class MemoryProposals:
    """See ``service.usecases.ports_proposals.Proposals``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, proposal: Proposal) -> None:
        """See the port."""

        def write() -> Undo:
            self._shelves.proposals[proposal.id] = proposal
            return lambda: self._shelves.proposals.pop(proposal.id)

        self._staged.append(write)

    def get(self, proposal_id: str) -> Proposal | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.proposals.get(proposal_id)

    def decide(self, proposal: Proposal) -> None:
        """See the port."""

        def write() -> Undo:
            before = self._shelves.proposals[proposal.id]
            if before.state is not ProposalState.WAITING:
                raise ConflictError("Somebody answered this at the same moment.")
            self._shelves.proposals[proposal.id] = proposal
            return lambda: self._shelves.proposals.__setitem__(proposal.id, before)

        self._staged.append(write)

    def waiting(self) -> Sequence[Proposal]:
        """See the port."""
        with self._shelves.lock:
            found = [each for each in self._shelves.proposals.values() if each.state is ProposalState.WAITING]
        return tuple(sorted(found, key=lambda each: each.at))
