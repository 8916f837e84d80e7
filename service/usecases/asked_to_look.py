"""Which open case the worker meant when it asked people to look at a cluster."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from service.domain.case import OPERATOR, UNFOUNDED, Case
from service.usecases.ports import AuditEntry, UnitOfWork

ASKED = "cluster.to_be_reviewed"


def cases_meant(
    work: UnitOfWork, entries: Sequence[AuditEntry], *, open_cases: Sequence[str], owners: Collection[str]
) -> tuple[str | None, ...]:
    """The case of each entry, by id; ``None`` where it asked for nothing, or what it asked for is resolved.

    Args:
        work: reads.
        entries: of a cluster's history.
        open_cases: unresolved cases about its members, by id.
        owners: of its members.
    """
    if not any(entry.action == ASKED for entry in entries):
        return (None,) * len(entries)
    found = [case for each in open_cases if (case := work.cases.get(None, each)) is not None and case.of_a_piece]
    pieces = {case.id: _opened_with(work, case) for case in found}
    return tuple(_meant(work, entry, pieces, owners) if entry.action == ASKED else None for entry in entries)


def _meant(
    work: UnitOfWork, entry: AuditEntry, pieces: dict[str, dict[str, object]], owners: Collection[str]
) -> str | None:
    detail = entry.detail
    if isinstance(pair := detail.get("clusters"), Sequence):
        return _of_subject(work, OPERATOR + ":".join(map(str, pair)), owners)
    if containment := detail.get("containment"):
        return _of_subject(work, f"{UNFOUNDED}{containment}", owners)
    same = [name for name, opened in pieces.items() if opened.items() >= detail.items()]
    # A piece that is open already is asked for again as it grows: with one case there is no other that it could be.
    return next(iter(same or (pieces if len(pieces) == 1 else ())), None)


def _opened_with(work: UnitOfWork, case: Case) -> dict[str, object]:
    entries = work.audit.entries(subject=case.id, action="case.opened", limit=1)
    return dict(entries[0].detail) if entries else {}


def _of_subject(work: UnitOfWork, subject: str, owners: Collection[str]) -> str | None:
    found = (work.cases.of_subject(owner, subject) for owner in sorted(owners))
    return next((case.id for case in found if case is not None), None)
