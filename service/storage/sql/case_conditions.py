"""Which cases are meant, as conditions in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import or_, text

from service.domain.case import CaseState
from service.storage.instants import microseconds_of
from service.storage.sql.case_tables import UNRESOLVED, CaseRow
from service.storage.sql.records import ACCOUNT_TYPE_CODES
from service.usecases.ports_cases import CaseQuery

# Written out, not as a parameter: only then do the planners recognise the partial indexes.
UNRESOLVED_CASE = text(UNRESOLVED)
QUEUED_CASE = (UNRESOLVED_CASE, CaseRow.behind.is_(None))


def of_owner(owner: str | None) -> Iterator[Any]:
    """Of one owner; of everybody unless given."""
    if owner is not None:
        yield CaseRow.owner == owner


def is_filtered(query: CaseQuery) -> bool:
    """Whether a query wants less than all that waits."""
    given = (query.queues, query.kind, query.account_type, query.reason_code, query.holder, query.unclaimed)
    bounds = (query.risk_from, query.risk_below, query.size_from)
    return any(given) or any(each is not None for each in bounds) or query.overdue or query.snoozed


def conditions(query: CaseQuery) -> Iterator[Any]:  # noqa: C901, PLR0912 - one line a filter
    """What must hold of a case. Any: SQLAlchemy's conditions have many types."""
    at = microseconds_of(query.now)
    yield from of_owner(query.owner)
    if CaseState.RESOLVED not in query.states:
        yield UNRESOLVED_CASE
        if not query.names_cases:
            yield CaseRow.behind.is_(None)
    if query.behind is not None:
        yield CaseRow.behind == query.behind
    if len(query.states) == 1 or CaseState.RESOLVED in query.states:
        yield CaseRow.state.in_([state.value for state in query.states])
    if query.queues:
        yield CaseRow.queue.in_(sorted(query.queues))
    if query.kind is not None:
        yield CaseRow.kind == query.kind.value
    if query.account_type is not None:
        yield CaseRow.account_type == ACCOUNT_TYPE_CODES[query.account_type]
    if query.reason_code is not None:
        yield CaseRow.reasons.contains(json.dumps(query.reason_code), autoescape=True)
    if query.risk_from is not None:
        yield CaseRow.risk >= query.risk_from
    if query.risk_below is not None:
        yield CaseRow.risk < query.risk_below
    if query.size_from is not None:
        yield CaseRow.size >= query.size_from
    if query.holder is not None:
        yield or_(CaseRow.holder == query.holder, CaseRow.reserved_for == query.holder)
    if query.unclaimed:
        yield or_(CaseRow.state == CaseState.OPEN.value, CaseRow.lease_us <= at)
    if query.overdue:
        yield CaseRow.due_us <= at
    if query.record_ids is not None:
        yield CaseRow.record_id.in_(query.record_ids)
    if query.snoozed:
        yield CaseRow.snoozed_us > at
    elif CaseState.RESOLVED not in query.states and query.behind is None:
        yield or_(CaseRow.snoozed_us.is_(None), CaseRow.snoozed_us <= at)
