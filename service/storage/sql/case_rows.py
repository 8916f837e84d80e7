"""Cases and conclusions to rows and back."""

from __future__ import annotations

import json
from typing import Any  # Any: rows of a driver are untyped

from service.domain.case import Case, CaseKind, CaseState
from service.domain.decision import Decision
from service.domain.verdict import Opinion, Verdict
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.records import ACCOUNT_TYPE_CODES, ACCOUNT_TYPES

CASE_COLUMNS = (
    "id", "owner", "subject", "kind", "record_id", "account_type", "queue", "reason_group", "reasons", "risk", "size",
    "rank", "opened_us", "due_us", "louder_us", "state", "opinions_wanted", "opinions_given", "loudness", "holder",
    "lease_us", "reserved_for", "snoozed_us", "barred", "verdict", "reason_code", "resolved_us", "resolved_by",
    "version",
)  # fmt: skip
"""What a new case is written with: it is behind no other, and not gathered yet."""


def row_of_case(case: Case) -> tuple[object, ...]:
    """The columns of a case, in the order of ``CASE_COLUMNS``."""
    return (
        case.id,
        case.owner,
        case.subject,
        case.kind.value,
        case.record_id,
        ACCOUNT_TYPE_CODES[case.account_type],
        case.queue,
        case.reason_group,
        json.dumps(case.reasons),
        case.risk,
        case.size,
        case.rank,
        microseconds_of(case.opened_at),
        microseconds_of(case.due_at),
        microseconds_of(case.louder_at),
        case.state.value,
        case.opinions_wanted,
        case.opinions_given,
        case.loudness,
        case.holder,
        None if case.lease_until is None else microseconds_of(case.lease_until),
        case.reserved_for,
        None if case.snoozed_until is None else microseconds_of(case.snoozed_until),
        f" {' '.join(case.barred)} " if case.barred else None,
        None if case.verdict is None else case.verdict.value,
        case.reason_code,
        None if case.resolved_at is None else microseconds_of(case.resolved_at),
        case.resolved_by,
        case.version,
    )


def columns_of_case(case: Case) -> dict[str, object]:
    """The columns of a case by their names."""
    return dict(zip(CASE_COLUMNS, row_of_case(case), strict=True))


def columns_of_change(case: Case) -> dict[str, object]:
    """What a change of a case writes: all but how many stand behind it, which the worker counts meanwhile."""
    return {name: value for name, value in columns_of_case(case).items() if name != "size"}


def case_of_row(row: Any) -> Case:
    """The case of its row."""
    return Case(
        id=row.id,
        owner=row.owner,
        subject=row.subject,
        kind=CaseKind(row.kind),
        record_id=row.record_id,
        account_type=ACCOUNT_TYPES[row.account_type],
        queue=row.queue,
        reason_group=row.reason_group,
        reasons=tuple(json.loads(row.reasons)),
        risk=row.risk,
        size=row.size,
        rank=row.rank,
        opened_at=instant_of(row.opened_us),
        due_at=instant_of(row.due_us),
        louder_at=instant_of(row.louder_us),
        state=CaseState(row.state),
        opinions_wanted=row.opinions_wanted,
        opinions_given=row.opinions_given,
        loudness=row.loudness,
        holder=row.holder,
        lease_until=optional_instant_of(row.lease_us),
        reserved_for=row.reserved_for,
        snoozed_until=optional_instant_of(row.snoozed_us),
        barred=tuple((row.barred or "").split()),
        verdict=None if row.verdict is None else Verdict(row.verdict),
        reason_code=row.reason_code,
        resolved_at=optional_instant_of(row.resolved_us),
        resolved_by=row.resolved_by,
        behind=row.behind,
        cluster=row.cluster,
        version=row.version,
    )


def columns_of_opinion(case_id: str, opinion: Opinion) -> dict[str, object]:
    """The columns of a conclusion."""
    return {
        "case_id": case_id,
        "version": opinion.version,
        "verdict": opinion.verdict.value,
        "reason_code": opinion.reason_code,
        "by": opinion.by,
        "at_us": microseconds_of(opinion.at),
        "final": opinion.final,
        "before": None if opinion.before is None else opinion.before.value,
        "after": None if opinion.after is None else opinion.after.value,
        "undone_us": None if opinion.undone is None else microseconds_of(opinion.undone),
    }


def opinion_of_row(row: Any) -> Opinion:
    """The conclusion of its row."""
    return Opinion(
        version=row.version,
        verdict=Verdict(row.verdict),
        reason_code=row.reason_code,
        by=row.by,
        at=instant_of(row.at_us),
        final=bool(row.final),
        before=None if row.before is None else Decision(row.before),
        after=None if row.after is None else Decision(row.after),
        undone=optional_instant_of(row.undone_us),
    )
