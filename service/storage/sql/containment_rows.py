"""Rows of containments and of whom they touch, and what they stand for."""

from __future__ import annotations

from typing import Any  # Any: rows of SQLAlchemy's Core are untyped

from models.linkage.identifier import IdentifierKind
from service.domain.containment import Containment, ContainmentState, Progress, Role, Task, Touched
from service.storage.instants import instant_of, microseconds_of, optional_instant_of


def columns_of(containment: Containment) -> dict[str, Any]:
    """What a containment is opened with."""
    return {
        "containment_no": containment.number,
        "id": containment.id,
        "cluster_no": containment.cluster,
        "state": containment.state.value,
        "core": containment.core,
        "leaves": containment.leaves,
        "opened_us": microseconds_of(containment.opened_at),
        "opened_by": containment.opened_by,
        "reason": containment.reason,
        "whole": containment.whole,
    }


def containment_of_row(row: Any) -> Containment:
    """The containment of a row of its table."""
    return Containment(
        number=row.containment_no,
        id=row.id,
        cluster=row.cluster_no,
        state=ContainmentState(row.state),
        core=row.core,
        leaves=row.leaves,
        opened_at=instant_of(row.opened_us),
        opened_by=row.opened_by,
        reason=row.reason,
        confirmed_at=optional_instant_of(row.confirmed_us),
        confirmed_by=row.confirmed_by,
        released_at=optional_instant_of(row.released_us),
        released_by=row.released_by,
        whole=row.whole,
        declined=row.declined,
    )


def task_of_row(row: Any) -> Task:
    """What the worker is to do, of a row of a member with what it needs of the containment."""
    return Task(
        row.containment_no,
        row.id,
        touched_of_row(row),
        Progress(row.progress),
        before_id=row.before_id,
        made_id=row.made_id,
        released_at=optional_instant_of(row.released_us),
    )


def touched_of_row(row: Any) -> Touched:
    """Whom a containment touches, and how."""
    ties = tuple(IdentifierKind(kind) for kind in row.ties.split(",") if kind)
    return Touched(row.signup_no, Role(row.role), ties)
