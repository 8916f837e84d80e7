"""Taking the next case of the reviewers' queue, in SQL."""

from __future__ import annotations

from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import and_, or_, select, update

from service.domain.case import CaseState
from service.storage.instants import microseconds_of
from service.storage.sql.case_conditions import QUEUED_CASE, UNRESOLVED_CASE, of_owner
from service.storage.sql.case_tables import CaseRow
from service.usecases.ports_cases import ClaimNext


def claim_statement(claim: ClaimNext, *, reserved: bool) -> Any:
    """One statement picks and takes; on PostgreSQL those who come at once step over each other's rows."""
    at = microseconds_of(claim.now)
    picked = (
        select(CaseRow.case_no)
        .where(
            # What somebody was given by name is theirs, wherever it stands.
            *((UNRESOLVED_CASE, CaseRow.reserved_for == claim.name) if reserved else QUEUED_CASE),
            *(() if reserved else (CaseRow.reserved_for.is_(None),)),
            _free(at),
            or_(CaseRow.barred.is_(None), ~CaseRow.barred.contains(f" {claim.name} ", autoescape=True)),
            *of_owner(claim.owner),
        )
        .order_by(CaseRow.rank.desc(), CaseRow.case_no.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if claim.queues:
        picked = picked.where(CaseRow.queue.in_(sorted(claim.queues)))
    return (
        update(CaseRow)
        .where(CaseRow.case_no == picked.scalar_subquery())
        .values(
            state=CaseState.CLAIMED.value,
            holder=claim.name,
            lease_us=microseconds_of(claim.now + claim.lease),
            reserved_for=None,
            snoozed_us=None,
            version=CaseRow.version + 1,
        )
        .returning(CaseRow.__table__)
    )


def _free(now_us: int) -> Any:
    """Nobody holds it, it is nobody's in particular, and it is not put off."""
    return and_(
        or_(CaseRow.state == CaseState.OPEN.value, CaseRow.lease_us <= now_us),
        or_(CaseRow.snoozed_us.is_(None), CaseRow.snoozed_us <= now_us),
    )
