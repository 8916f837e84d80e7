"""Proposals in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, insert, select, update

from service.domain.errors import ConflictError
from service.domain.proposal import Proposal, ProposalState
from service.domain.verdict import Verdict
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.proposal_tables import CaseProposalRow
from service.storage.sql.staging import Stage


class SqlProposals:
    """See ``service.usecases.ports_proposals.Proposals``."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    def add(self, proposal: Proposal) -> None:
        """See the port."""
        columns = _columns(proposal)

        def run(connection: Connection) -> None:
            connection.execute(insert(CaseProposalRow), columns)

        self._stage.add(run)

    def get(self, proposal_id: str) -> Proposal | None:
        """See the port."""
        wanted = select(CaseProposalRow.__table__).where(CaseProposalRow.id == proposal_id)
        row = self._database.read(lambda connection: connection.execute(wanted).first())
        return None if row is None else _proposal(row)

    def decide(self, proposal: Proposal) -> None:
        """See the port."""
        statement = (
            update(CaseProposalRow)
            .where(CaseProposalRow.id == proposal.id, CaseProposalRow.state == ProposalState.WAITING.value)
            .values(_columns(proposal))
        )

        def run(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise ConflictError("Somebody answered this at the same moment.")

        self._stage.add(run)

    def waiting(self) -> Sequence[Proposal]:
        """See the port."""
        wanted = (
            select(CaseProposalRow.__table__)
            .where(CaseProposalRow.state == ProposalState.WAITING.value)
            .order_by(CaseProposalRow.at_us)
        )
        return tuple(map(_proposal, self._database.read(lambda connection: connection.execute(wanted).all())))


def _columns(proposal: Proposal) -> dict[str, object]:
    return {
        "id": proposal.id,
        "by": proposal.by,
        "at_us": microseconds_of(proposal.at),
        "verdict": proposal.verdict.value,
        "reason_code": proposal.reason_code,
        "case_ids": json.dumps(proposal.case_ids),
        "state": proposal.state.value,
        "decided_by": proposal.decided_by,
        "decided_us": None if proposal.decided_at is None else microseconds_of(proposal.decided_at),
    }


def _proposal(row: Any) -> Proposal:
    return Proposal(
        id=row.id,
        by=row.by,
        at=instant_of(row.at_us),
        verdict=Verdict(row.verdict),
        reason_code=row.reason_code,
        case_ids=tuple(json.loads(row.case_ids)),
        state=ProposalState(row.state),
        decided_by=row.decided_by,
        decided_at=optional_instant_of(row.decided_us),
    )
