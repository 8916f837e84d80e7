"""What a likeness may spend of its budget, which costs nothing while most of those asked fail."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from service.domain.likeness import LIKE_BANNED
from tests.clusters.conftest import Gate
from tests.clusters.drawing import Drawing, like_the_operator

DAY = timedelta(days=1)


def test_a_spent_budget_asks_fewer(memory_gate: Gate) -> None:
    """A month of 0.9 % pays for three days of 9 %: after two of them a third is left for the next three."""
    drawing = Drawing(memory_gate, likeness_budget=0.009, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    assert drawing.standing().expected_share == 0.09
    drawing.gate.now += 2 * DAY
    for number in range(3):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number + 5)))

    drawing.round()

    assert drawing.standing().expected_share == pytest.approx(0.09 / 3, rel=1e-2)


def asked_and_answered(drawing: Drawing, count: int, *, failed: int) -> None:
    """So many of the operator come and are asked; the first of them fail the proof, the others give it."""
    two_letters = [f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh"]
    mails = [f"{each}na.lee@webmail.example" for each in two_letters[:count]]
    came = [drawing.gate.came(bin="424242", mail=mail) for mail in mails]
    assert {view.assessment.rules for view in came} == {(LIKE_BANNED,)}
    for at, view in enumerate(came):
        drawing.proof(view, passed=at >= failed)


@pytest.mark.parametrize(("failed", "left"), [(16, 0.09), (15, 0.0275), (0, 0.0275)])
def test_what_is_asked_costs_nothing_while_most_of_those_asked_fail(
    memory_gate: Gate, failed: int, left: float
) -> None:
    """A month of 0.9 % pays for three days of 9 %, of which two and two hours are over."""
    drawing = Drawing(memory_gate, likeness_budget=0.009, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    drawing.gate.now += 2 * DAY
    asked_and_answered(drawing, 31, failed=failed)
    drawing.gate.now += timedelta(hours=2)
    drawing.gate.said(drawing.gate.came(**like_the_operator(3)))
    drawing.gate.said(drawing.gate.came(**like_the_operator(4)))
    drawing.gate.said(drawing.gate.came(**like_the_operator(5)))

    drawing.round()

    standing = drawing.standing()
    entry = drawing.gate.read(lambda work: work.audit.entries(subject=standing.id))[-1]
    assert entry.detail["expected_share"] == pytest.approx(left, rel=1e-2)
    assert standing.expected_share == (0.0 if failed == 16 else pytest.approx(left, rel=1e-2))
    assert standing.until - standing.drawn_at == timedelta(hours=6 if failed == 16 else 72)


def test_whether_it_is_well_spent_is_asked_again_though_nobody_else_fell(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=0.02, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    asked_and_answered(drawing, 31, failed=31)
    drawing.gate.now += timedelta(hours=2)
    drawing.round()
    well_spent = drawing.standing()
    asked_and_answered(drawing, 40, failed=0)
    drawing.gate.now += timedelta(hours=5, minutes=55)

    drawing.round()

    assert (well_spent.expected_share, drawing.standing().number) == (0.0, well_spent.number + 1)
    assert drawing.standing().expected_share > 0


def test_who_would_have_been_asked_anyway_does_not_say_that_likeness_is_well_spent(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=0.02, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    model: Any = drawing.gate.judge.model()
    model.scorer.score = lambda _: SimpleNamespace(probability=0.2)
    asked_and_answered(drawing, 31, failed=31)
    drawing.gate.now += timedelta(hours=2)

    drawing.round()

    standing = drawing.standing()
    entry = drawing.gate.read(lambda work: work.audit.entries(subject=standing.id))[-1]
    assert (standing.number, entry.detail["well_spent"]) == (2, False)


def test_answers_of_days_ago_say_nothing_of_today(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    asked_and_answered(drawing, 31, failed=31)
    drawing.gate.now += 4 * DAY
    for number in range(3):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number)))

    drawing.round()

    standing = drawing.standing()
    entry = drawing.gate.read(lambda work: work.audit.entries(subject=standing.id))[-1]
    assert (entry.detail["banned"], entry.detail["well_spent"]) == (3, False)
