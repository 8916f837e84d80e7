"""The page of a case that a containment settled: what happened to it, and that no verdict can be given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from service.app import application_of
from service.domain.reviewer import Acting, Role
from service.usecases.ports import AuditEntry, NewRecord


def test_whoever_held_it_reads_why_it_is_gone(
    app: Any, desk: Callable[..., Any], make_record: Callable[..., NewRecord]
) -> None:
    application, now, record = application_of(app), datetime.now(UTC), make_record()
    with application.store.begin() as work:
        work.ledger.append(record)
        work.commit()
    case = application.cases.open(record.id, acting=Acting("reviewer:ann", Role.REVIEWER), now=now)
    reviewer = desk("reviewer")
    reviewer.send(f"cases/{case.id}/claim")
    with application.store.begin() as work:
        work.cases.settle([case.settled("c-1", now=now)])
        settled: dict[str, object] = {"containment": "c-1", "verdict": "reject", "reason_code": "CONTAINED"}
        work.audit.add(AuditEntry(now, "worker", "case.settled", case.id, settled))
        work.audit.add(AuditEntry(now, "worker", "cases.gathered", case.id, {"cases": 3, "first": []}))
        work.commit()

    refused = reviewer.send(f"cases/{case.id}/verdict", 409, verdict="approve", reason_approve="FALSE_ALARM")
    page = reviewer.read(f"cases/{case.id}")

    assert "its cluster is contained" in refused
    assert "Nobody had to judge it: its cluster was contained" in page
    assert "closed the case: its cluster is contained</span></li>" in page
    assert "Its cluster is contained." not in page
    assert "put other cases of its cluster behind this one" in page
    assert "cases.gathered" not in page
    assert "Reopen to correct" not in page
    assert "Reopen to correct" in desk("lead").read(f"cases/{case.id}")
    assert case.id not in reviewer.read("queue?mine=1")
