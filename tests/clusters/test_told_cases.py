"""What the worker tells of the cases it opens: reason first, in the queue for them, with a note in words."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.case import Case
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from tests.clusters.test_second_judge import DANA, cases_of, conclude


def told(gate: Any, case: Case) -> str:
    (note,) = gate.read(lambda work: work.cases.notes(case.id))
    assert note.by == "worker"
    return str(note.text)


def pieces(gate: Any, views: Any) -> list[Case]:
    return [case for view in views for case in cases_of(gate, view) if case.of_a_piece]


@pytest.mark.parametrize(
    ("frauds", "sources", "heading"),
    [
        (1, ("traffic_classifier",), "A piece of 8 accounts with 1 known fraud (1 source)."),
        (2, ("traffic_classifier",), "A piece of 8 accounts with 2 known frauds (1 source)."),
        (2, ("reviewer", "chargeback"), "A piece of 8 accounts with 2 known frauds (2 sources)."),
    ],
)
def test_a_piece_is_told_by_its_size_its_frauds_and_who_says_so(
    gate: Any, desk: CaseUseCases, frauds: int, sources: tuple[str, ...], heading: str
) -> None:
    ring = gate.ring(8, frauds=frauds, sources=sources)
    gate.work()

    (case,) = pieces(gate, ring)

    assert told(gate, case) == f"{heading} That is too little to contain it without a person."
    assert (case.reasons[0], case.reason_group, case.queue) == ("PIECE_WITH_FRAUD", "linkage", "networks")
    (entry,) = gate.read(lambda work: work.audit.entries(subject=case.id, limit=5))
    assert (entry.actor, entry.action) == ("worker", "case.opened")
    assert (entry.detail["reason"], entry.detail["frauds"]) == ("PIECE_WITH_FRAUD", frauds)
    del desk


def test_what_a_person_concluded_before_is_no_reason_to_look_at_it(gate: Any, desk: CaseUseCases) -> None:
    ring = gate.ring(8)
    shown = ring[-1]
    case = desk.open(shown.id, acting=DANA, now=gate.now)
    conclude(gate, desk, case, Verdict.REJECT, "NOT_ELIGIBLE", DANA)
    gate.said(shown, source="traffic_classifier")
    gate.work()

    (piece,) = pieces(gate, ring)

    assert piece.record_id == shown.id
    assert piece.reasons[0] == "PIECE_WITH_FRAUD"
    assert "NOT_ELIGIBLE" not in piece.reasons
