"""The case of a piece does not outlive its known fraud: once the last ban in it is corrected, it closes."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.case import Case, CaseState
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from tests.clusters.test_settled_cases import DANA
from tests.clusters.test_told_cases import pieces
from tests.clusters.test_undo_bans import corrected, round_of

OPEN, CLAIMED, RESOLVED = CaseState
VERDICT = (Verdict.APPROVE, "FALSE_ALARM")


def states(gate: Any, views: Any) -> list[CaseState]:
    return [case.state for case in pieces(gate, views)]


def test_it_closes_with_the_last_ban_in_whosever_hands_it_is(gate: Any, desk: CaseUseCases) -> None:
    ring = gate.ring(8, frauds=2, sources=("traffic_classifier",))
    round_of(gate)
    (case,) = pieces(gate, ring)
    corrected(gate, ring[7])
    round_of(gate)
    assert states(gate, ring) == [OPEN]
    desk.handle.claim(case.id, acting=DANA, now=gate.now)

    corrected(gate, ring[6])
    round_of(gate)

    (closed,) = pieces(gate, ring)
    assert (closed.state, closed.holder, closed.reason_code) == (RESOLVED, None, "BANS_CORRECTED")
    assert (closed.resolved_by, closed.judged_by_nobody) == (f"correction:{ring[6].id}", True)
    (entry,) = gate.read(lambda work: work.audit.entries(subject=case.id, action="case.settled_by_correction"))
    assert entry.detail == {"corrected": ring[6].id}
    assert gate.read(lambda work: work.cases.opinions(case.id)) == ()


def test_another_piece_of_the_cluster_keeps_its_own(gate: Any, desk: CaseUseCases) -> None:
    first, second = gate.ring(8, frauds=1), gate.ring(8, frauds=1, name="s")
    tie = [gate.came(device="r-d0", card="t"), gate.came(device="s-d0", card="t")]
    assert gate.cluster(first[0]) == gate.cluster(second[0]) == gate.cluster(tie[0])
    round_of(gate)
    assert (states(gate, first), states(gate, second)) == ([OPEN], [OPEN])

    corrected(gate, first[7])
    round_of(gate)

    assert (states(gate, first), states(gate, second)) == ([RESOLVED], [OPEN])


def test_a_ban_that_is_said_again_is_a_case_again(gate: Any, desk: CaseUseCases) -> None:
    ring = gate.ring(8, frauds=1)
    round_of(gate)
    corrected(gate, ring[7])
    round_of(gate)

    gate.said(ring[7], source="law", reason="after all")
    round_of(gate)

    assert sorted(states(gate, ring)) == [OPEN, RESOLVED]


def test_a_piece_that_is_doubted_all_the_same_is_a_case_for_that(gate: Any, desk: CaseUseCases) -> None:
    ring = gate.ring(12, frauds=1)
    round_of(gate)
    corrected(gate, ring[11])
    for view in ring[:8]:
        gate.proven(view, passed=False)

    round_of(gate)
    round_of(gate)

    found = {each.reasons[0]: each.state for each in pieces(gate, ring)}
    assert found == {"PIECE_WITH_FRAUD": RESOLVED, "PIECE_IN_DOUBT": OPEN}


def test_a_verdict_of_the_same_moment_stands(gate: Any, desk: CaseUseCases, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = gate.ring(8, frauds=1)
    round_of(gate)
    (case,) = pieces(gate, ring)
    desk.handle.claim(case.id, acting=DANA, now=gate.now)
    corrected(gate, ring[7])
    settled = Case.settled_by_correction

    def and_then_a_verdict(self: Case, record_id: str, *, now: Any) -> Case:
        desk.verdict(case.id, *VERDICT, acting=DANA, now=gate.now)
        return settled(self, record_id, now=now)

    monkeypatch.setattr(Case, "settled_by_correction", and_then_a_verdict)
    round_of(gate)

    (judged,) = pieces(gate, ring)
    assert judged.resolved_by == DANA.name
    assert gate.read(lambda work: work.after_bans.corrected(limit=5)) == ()
