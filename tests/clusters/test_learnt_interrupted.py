"""Whoever carried before what a contained account learns is looked at, though the process died; and nobody else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.usecases import learn_identifiers
from service.usecases.learn_identifiers import LearntKind
from tests.clusters.releasing import carry, contained, learns
from tests.clusters.test_learnt_held import contained_ring

CARD, DEVICE = LearntKind.PAYMENT_FINGERPRINT, LearntKind.DEVICE_ID


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is done inside ends right after what was learnt is committed."""

    def die(*_: Any) -> bool:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(learn_identifiers, "touch_carriers", die)
        with pytest.raises(RuntimeError, match="killed"):
            yield


def the_worker_comes(gate: Any, ring: list[Any]) -> None:
    gate.settle(gate.now)


def it_is_said_again(gate: Any, ring: list[Any]) -> None:
    learns(gate, ring[2], CARD, "old")


def others_learn_something_first(gate: Any, ring: list[Any]) -> None:
    learns(gate, ring[3], DEVICE, "another")
    gate.settle(gate.now)


# In memory nothing outlives the process.
@pytest.mark.parametrize("then", [the_worker_comes, it_is_said_again, others_learn_something_first])
def test_who_carried_before_what_was_learnt_when_the_process_died_is_looked_at(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch, then: Callable[[Any, list[Any]], None]
) -> None:
    ring, before = contained_ring(sql_gate), sql_gate.came(card="old")
    with killed(monkeypatch):
        learns(sql_gate, ring[2], CARD, "old")

    then(sql_gate, ring)
    carry(sql_gate)

    assert sql_gate.decisions([before]) == ["step_up"]


def test_so_is_who_carried_what_a_newcomer_to_the_core_brought_along(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    contained_ring(sql_gate)
    friend, let_in = sql_gate.came(card="brought along"), sql_gate.came(card="brought along")
    learns(sql_gate, let_in, DEVICE, "r-d0")
    with killed(monkeypatch):
        learns(sql_gate, let_in, CARD, "r-c0")

    sql_gate.settle(sql_gate.now)
    carry(sql_gate)

    assert sql_gate.decisions([let_in, friend]) == ["deny", "step_up"]


def test_what_was_interrupted_is_taken_up_once(sql_gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ring, before = contained_ring(sql_gate), sql_gate.came(card="old")
    with killed(monkeypatch):
        learns(sql_gate, ring[2], CARD, "old")
    assert sql_gate.read(lambda work: work.clusters.waiting()) == [sql_gate.number(ring[2])]

    for _ in range(2):
        sql_gate.settle(sql_gate.now)
        carry(sql_gate)

    assert sql_gate.read(lambda work: work.clusters.waiting()) == []
    assert touched(sql_gate).count(sql_gate.number(before)) == 1


def touched(gate: Any) -> list[int]:
    """Whom containments touch."""
    with gate.store.begin() as work:
        every = [work.containments.touched(number) for number in range(1, work.containments.next_number())]
    return [each.signup_no for of_one in every for each in of_one]


def test_whoever_comes_with_it_later_is_not_touched_when_the_same_account_learns_more(gate: Any) -> None:
    ring = contained_ring(gate)
    learns(gate, ring[2], CARD, "learnt")
    gate.later(minutes=1)
    later, before = gate.came(card="learnt"), gate.came(device="more")

    learns(gate, ring[2], DEVICE, "more")

    assert gate.number(before) in touched(gate)
    assert gate.number(later) not in touched(gate)


def test_whoever_came_with_it_is_not_touched_when_another_containment_holds_it_too(gate: Any) -> None:
    ring, other = gate.ring(6, frauds=1), gate.ring(6, frauds=1, name="other")
    contained(gate, ring[0])
    contained(gate, other[0])
    learns(gate, ring[2], CARD, "learnt")
    gate.later(minutes=1)
    later = gate.came(card="learnt")

    learns(gate, other[2], CARD, "learnt")

    assert gate.number(later) not in touched(gate)
