"""Likeness: who is like the banned is asked, newcomers and accounts that were let in before; few others are."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.decision import Decision
from service.domain.event import EventType
from service.domain.habits import HABIT_KINDS
from service.domain.likeness import LIKE_BANNED, Drawn
from tests.clusters.conftest import Gate
from tests.clusters.drawing import HONEST, Drawing, like_the_operator

ALLOW, STEP_UP, _, _ = Decision


@pytest.fixture
def drawing(gate: Gate) -> Drawing:
    return Drawing(gate)


@pytest.fixture
def in_memory(memory_gate: Gate) -> Drawing:
    return Drawing(memory_gate)


def test_newcomers_like_the_banned_are_asked_until_it_ends_by_itself(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()

    alike = drawing.gate.came(**like_the_operator(8)).assessment
    other = drawing.gate.came().assessment
    drawing.gate.now += timedelta(hours=72)
    after = drawing.gate.came(**like_the_operator(9)).assessment

    assert (alike.decision, alike.rules[-1]) == (STEP_UP, LIKE_BANNED)
    (reason,) = [each for each in alike.reasons if each.code == "LIKE_BANNED_ACCOUNTS"]
    assert "mail domain" in reason.text
    assert other.decision is ALLOW
    assert LIKE_BANNED not in after.rules


def test_accounts_that_were_let_in_before_are_asked_once(drawing: Drawing) -> None:
    standby, cleared = drawing.world(banned=10)
    drawing.gate.said(cleared, "legitimate")

    assert drawing.round() == 1
    for number in range(5):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number + 15)))
    assert drawing.round() == 0
    assert drawing.standing().banned == 15

    assert (drawing.gate.latest(standby), drawing.gate.latest(cleared)) == (STEP_UP, ALLOW)
    told = drawing.gate.read(lambda work: work.events.of_subject(standby.id))[-1]
    assert (told.type, told.data["after"]) == (EventType.ACCOUNT_REASSESS, "likeness")


def test_who_is_decided_on_while_he_is_asked_keeps_no_other_from_being_asked(drawing: Drawing) -> None:
    gate, tell = drawing.gate, drawing.draw._tell
    one, other = drawing.world(banned=10)
    recorded = gate.read(lambda work: work.ledger.get("campus", one.id))
    held = replace(recorded.assessments[-1], id="z", decision=Decision.REVIEW)

    def told(*parts: Any, **named: Any) -> Any:
        drawing.draw._tell = tell
        with gate.store.begin() as work:
            work.ledger.append_assessment(recorded.signup_no, held, work.audit.entries(limit=1)[0])
            work.commit()
        return tell(*parts, **named)

    drawing.draw._tell = told

    assert drawing.round() == 1
    assert (gate.latest(one), gate.latest(other)) == (Decision.REVIEW, STEP_UP)


@pytest.mark.parametrize("by", ["verdict", "proof"])
def test_whom_a_proof_or_a_verdict_let_in_somebody_else_looks_at(drawing: Drawing, by: str) -> None:
    _, vouched = drawing.world(banned=10)
    honest = drawing.gate.came()
    for view in (vouched, honest):
        if by == "verdict":
            drawing.gate.said(view, "legitimate")
        else:
            drawing.proof(view, passed=True)
    drawing.round()

    (case,) = drawing.cases.cases.values()

    assert (case.record_id, case.reason, case.size, case.again) == (vouched.id, "LIKE_BANNED_ACCOUNTS", 1, True)
    assert case.note.startswith(f"Let in by a {by} before these bans were known. It resembles accounts")
    assert (drawing.gate.latest(vouched), drawing.gate.latest(honest)) == (ALLOW, ALLOW)


def test_a_failed_proof_after_the_other_vouches_for_nobody(in_memory: Drawing) -> None:
    _, failed = in_memory.world(banned=10)
    in_memory.proof(failed, passed=True)
    in_memory.proof(failed, passed=False)
    in_memory.round()

    assert in_memory.cases.cases == {}


def test_what_stands_is_what_was_drawn(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()

    likeness = drawing.standing()

    assert (likeness.number, likeness.banned, likeness.expected_share) == (1, 3, pytest.approx(0.03))
    assert likeness.before_no == HONEST + 1
    assert {kind for kind, _ in likeness.weights.of_habit} <= set(HABIT_KINDS)
    assert likeness.weights.absent == pytest.approx(math.log(2 / 5))
    assert likeness.until - likeness.drawn_at == timedelta(hours=72)
    drawn = drawing.gate.read(lambda work: work.likenesses.drawn(since=likeness.drawn_at))
    assert drawn == (Drawn(likeness.expected_share, likeness.drawn_at, likeness.until),)
    (entry,) = drawing.gate.read(lambda work: work.audit.entries(subject=likeness.id))
    assert (entry.action, entry.detail["banned"]) == ("likeness.drawn", 3)


def test_two_bans_have_nothing_in_common_yet(in_memory: Drawing) -> None:
    in_memory.world(banned=2)
    in_memory.round()

    assert in_memory.standing() is None


def test_it_ends_when_the_bans_turn_out_to_be_mistakes(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()
    drawing.clear()

    drawing.round()

    assert drawing.standing() is None
    assert not drawing.asks(8)


def test_the_next_one_takes_the_place_of_the_one_before(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()
    first = drawing.standing()
    for number in range(3):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number + 5)))
    drawing.round()

    second = drawing.standing()

    assert (second.number, second.banned) == (first.number + 1, 6)
    spans = drawing.gate.read(lambda work: work.likenesses.drawn(since=first.drawn_at))
    assert sorted((each.drawn_at, each.until) for each in spans) == [
        (first.drawn_at, second.drawn_at),
        (second.drawn_at, second.until),
    ]


def test_where_nobody_came_before_nobody_is_asked(drawing: Drawing) -> None:
    """Without honest sign-ups no line can be drawn, and nothing is spent of the budget."""
    for number in range(5):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number)))
    drawing.round()

    assert not drawing.asks(8)
    assert drawing.standing().expected_share == 0.0


@pytest.mark.parametrize("off", [{"likeness_hours": 0.0}, {"likeness_at_once": 0.0}])
def test_a_policy_may_do_without(memory_gate: Gate, off: dict[str, float]) -> None:
    drawing = Drawing(memory_gate, **off)
    standby, _ = drawing.world(banned=10)

    assert drawing.round() == 0
    assert drawing.gate.latest(standby) is ALLOW
    assert not drawing.asks(14)


def test_without_a_model_nobody_is_like_anybody(in_memory: Drawing) -> None:
    in_memory.world()
    in_memory.round()
    gate = in_memory.gate
    assert in_memory.asks(8)
    gate.assess = replace(gate.assess, judge=replace(gate.judge, model=lambda: None))

    assert not in_memory.asks(9)


def test_a_decision_asks_nothing_of_the_database_for_it(drawing: Drawing, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing.world()
    drawing.round()
    drawing.gate.came()
    asked = []
    kind = type(drawing.gate.store.begin().likenesses)
    monkeypatch.setattr(kind, "standing", lambda _, *, now: asked.append(now))

    assert drawing.asks(8)
    assert asked == []
