"""One page of the reviewers' list of cases in SQL, in any order and through any filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import literal, select, tuple_

from service.domain.case import CaseState
from service.storage.sql.case_conditions import conditions, is_filtered
from service.storage.sql.case_tables import CaseRow
from service.storage.sql.database import Database
from service.usecases.ports_cases import CaseOrder, CaseQuery

_ORDER: Mapping[CaseOrder, Any] = {
    CaseOrder.PRIORITY: CaseRow.rank,
    CaseOrder.RISK: CaseRow.risk,
    CaseOrder.AGE: -CaseRow.opened_us,
    CaseOrder.SIZE: CaseRow.size,
}
FEW = 2_000
"""Cases that are sorted here: where more pass the filters, fifty of them are soon met in any order."""


def page_of(database: Database, query: CaseQuery) -> Sequence[tuple[int, float]]:
    """The numbers and places of the cases on one page, in order."""
    picked = _few(database, query) if query.order is not CaseOrder.PRIORITY and is_filtered(query) else None
    return _rows(database, _in_order(query)) if picked is None else picked


def _few(database: Database, query: CaseQuery) -> Sequence[tuple[int, float]] | None:
    """The page, where few cases pass the filters; ``None`` where many do.

    Walking the index of another order for the few that pass would look every case up. They are read from the
    index that holds all that is filtered by, and put in order here.
    """
    wanted = select(CaseRow.case_no, _ORDER[query.order]).where(*conditions(query))
    found = _rows(database, wanted.order_by(CaseRow.rank.desc(), CaseRow.case_no.desc()).limit(FEW))
    if len(found) == FEW:
        return None
    sign = -1 if query.order is CaseOrder.AGE else 1

    def place(row: tuple[float, int]) -> tuple[float, int]:
        return row[0], sign * row[1]

    pairs = sorted(((row[1], row[0]) for row in found), key=place, reverse=True)
    after = None if query.after is None else place(query.after)
    left = [(number, at) for at, number in pairs if after is None or place((at, number)) < after]
    return left[: query.limit]


def _in_order(query: CaseQuery) -> Any:
    """The numbers and places of one page, from an index alone. Any: selects of SQLAlchemy's Core are untyped."""
    resolved = query.states == (CaseState.RESOLVED,)
    order = CaseRow.resolved_us if resolved and query.order is CaseOrder.PRIORITY else _ORDER[query.order]
    wanted: Any = select(CaseRow.case_no, order.label("place")).where(*conditions(query))
    if resolved:
        wanted = wanted.where(CaseRow.resolved_us.is_not(None))  # written out, for the index of verdicts
    if query.order is CaseOrder.AGE:
        # By the column itself, which has an index, and not by its negative, which has none.
        if query.after is not None:
            seen = tuple_(literal(round(-query.after[0])), literal(query.after[1]))
            wanted = wanted.where(tuple_(CaseRow.opened_us, CaseRow.case_no) > seen)
        return wanted.order_by(CaseRow.opened_us, CaseRow.case_no).limit(query.limit)
    if query.after is not None:
        seen = tuple_(literal(query.after[0]), literal(query.after[1]))
        wanted = wanted.where(tuple_(order, CaseRow.case_no) < seen)
    return wanted.order_by(order.desc(), CaseRow.case_no.desc()).limit(query.limit)


def _rows(database: Database, statement: Any) -> Sequence[Any]:
    return database.read(lambda connection: connection.execute(statement).all())
