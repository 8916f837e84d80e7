"""A proposal: one verdict on many cases, which waits for a second person above the size that the policy names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from service.domain.errors import ConflictError
from service.domain.verdict import Verdict


class ProposalState(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody's verdict on many cases, and what a second person said to it."""

    id: str
    by: str
    at: datetime
    verdict: Verdict
    reason_code: str
    case_ids: tuple[str, ...]
    state: ProposalState = ProposalState.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = None

    def decided(self, state: ProposalState, *, by: str, at: datetime) -> Proposal:
        """The proposal with a second person's answer.

        Raises:
            ConflictError: it was answered before, or by whoever made it.
        """
        if self.state is not ProposalState.WAITING:
            raise ConflictError(f"This was {self.state} by {self.decided_by}.")
        if by == self.by and state is ProposalState.APPROVED:
            raise ConflictError("A second person has to approve this; you proposed it.")
        return replace(self, state=state, decided_by=by, decided_at=at)
