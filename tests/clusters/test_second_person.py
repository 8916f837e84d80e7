"""A containment that a second person confirms or declines, over every store."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.containment import ContainmentState
from service.domain.errors import ConflictError

DANA, LEA = "reviewer:dana", "reviewer:lea"


def start(gate: Any, name: str, *, by: str = DANA, ask: bool = True) -> Any:
    gate.later(seconds=1)
    return gate.clusters.contain.start(name, owner=None, by=by, reason="fraud_ring", now=gate.now, ask=ask)


def confirm(gate: Any, name: str, containment: str, by: str) -> Any:
    gate.later(seconds=1)
    return gate.clusters.contain.confirm(name, containment, owner=None, by=by, now=gate.now)


def audited(gate: Any, name: str) -> list[tuple[str, str]]:
    entries = gate.read(lambda work: work.audit.entries(subject=name, action="cluster."))
    return [(entry.actor, entry.action) for entry in reversed(entries)]


def test_a_reviewer_may_want_a_second_person_for_a_small_one_too(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    name = gate.cluster(ring[0])

    asked = start(gate, name)
    gate.carry_out(gate.now)
    assert gate.decisions(ring) == ["allow"] * 8
    assert [each.id for each in gate.clusters.contain.waiting()] == [asked.id]

    confirmed = confirm(gate, name, asked.id, LEA)
    gate.carry_out(gate.now)

    assert (confirmed.state, confirmed.confirmed_by) == (ContainmentState.STANDING, LEA)
    assert gate.decisions(ring) == ["deny"] * 8
    assert list(gate.clusters.contain.waiting()) == []
    assert audited(gate, name) == [(DANA, "cluster.containment_proposed"), (LEA, "cluster.contained")]


def test_nobody_confirms_what_they_asked_for_nor_by_asking_again(gate: Any) -> None:
    name = gate.cluster(gate.ring(8, frauds=1)[0])
    asked = start(gate, name)

    with pytest.raises(ConflictError, match="somebody else"):
        confirm(gate, name, asked.id, DANA)
    with pytest.raises(ConflictError, match="waits for a second person already"):
        start(gate, name, by=LEA, ask=False)

    assert [each.state for each in gate.clusters.contain.waiting()] == [ContainmentState.PENDING]


def test_a_request_that_was_answered_is_answered_no_more(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    name = gate.cluster(ring[0])
    asked = start(gate, name)

    gate.clusters.contain.decline(name, asked.id, owner=None, by=LEA, reason="honest_members", now=gate.now)
    gate.carry_out(gate.now)

    assert gate.decisions(ring) == ["allow"] * 8
    assert audited(gate, name)[-1] == (LEA, "cluster.containment_declined")
    for answer in (
        lambda: confirm(gate, name, asked.id, LEA),
        lambda: gate.clusters.contain.decline(name, asked.id, owner=None, by=LEA, reason="mistake", now=gate.now),
    ):
        with pytest.raises(ConflictError, match="no longer waits"):
            answer()
    assert start(gate, name, ask=False).state is ContainmentState.STANDING
