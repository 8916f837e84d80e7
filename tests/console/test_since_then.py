"""What was decided of a sign-up since it was scored is told beside the score: proofs, releases, persons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.app import application_of
from service.domain.decision import Assessment, Decision, Reason
from service.domain.reviewer import Acting, Role
from service.usecases.ports import AuditEntry, NewRecord


def test_a_proof_that_was_failed_is_told_under_the_rules_that_asked_for_it(
    app: Any, desk: Callable[..., Any], make_record: Callable[..., NewRecord]
) -> None:
    application, now = application_of(app), datetime.now(UTC)
    rule = Reason("AUTOMATED_BROWSER", "rule", "The browser says that a program drives it.")
    asked = Assessment(
        id="a1",
        decided_at=now,
        decision=Decision.STEP_UP,
        score=0.01,
        reasons=(rule,),
        rules=("automated_browser",),
        vector=b"\x00" * 4,
        signals={},
        linkage={},
        model=None,
        policy_version=1,
    )
    failed = Reason("CHALLENGE_FAILED", "challenge", "A proof that was asked for was not given.", 2.19)
    record = make_record(assessment=asked)
    with application.store.begin() as work:
        work.ledger.append(record)
        work.commit()
    with application.store.begin() as work:
        recorded = work.ledger.get("acme", record.id)
        held = replace(
            asked,
            id="a2",
            decided_at=now + timedelta(seconds=1),
            decision=Decision.REVIEW,
            vector=None,
            reasons=(rule, failed),
        )
        entry = AuditEntry(now, "key:k", "challenge.ended", record.id, {})
        work.ledger.append_assessment(recorded.signup_no, held, entry)
        work.commit()
    case = application.cases.open(record.id, acting=Acting("reviewer:ann", Role.REVIEWER), now=now)

    page = desk("reviewer").read(f"cases/{case.id}")

    since = page[page.index("Since then") :]
    assert "+2.19</span> A proof that was asked for was not given." in since
    assert "program drives it" not in since.split("</ul>")[0]
