"""Contain, release and carry out, a second apart and as somebody: what the tests of releases share."""

from __future__ import annotations

from typing import Any

from service.domain.caller import Caller
from service.usecases.learn_identifiers import Learnt, LearntKind

SOMEBODY = "key:somebody"


def contain(gate: Any, view: Any, **changes: Any) -> None:
    gate.clusters.contain.contain(
        gate.cluster(view), owner="campus", by=SOMEBODY, reason="ring", now=gate.now, **changes
    )


def release(gate: Any, view: Any) -> None:
    gate.clusters.contain.release(gate.cluster(view), owner="campus", by=SOMEBODY, reason="mistake", now=gate.now)


def history(gate: Any, view: Any) -> list[str]:
    recorded = gate.read(lambda work: work.ledger.get("campus", view.id))
    return [each.decision.value for each in recorded.assessments]


def carry(gate: Any) -> None:
    """Two rounds of the worker, so that what follows from the first is done as well."""
    for _ in range(2):
        gate.later(seconds=1)
        gate.carry_out(gate.now)


def contained(gate: Any, view: Any, **changes: Any) -> None:
    gate.later(seconds=1)
    contain(gate, view, **changes)
    carry(gate)


def released(gate: Any, view: Any, **changes: Any) -> None:
    gate.later(seconds=1)
    asked = {"owner": "campus", "by": SOMEBODY, "reason": "mistake", "now": gate.now} | changes
    gate.clusters.contain.release(gate.cluster(view), **asked)
    carry(gate)


def learns(gate: Any, view: Any, kind: LearntKind, value: str) -> None:
    gate.later(seconds=1)
    caller = Caller("campus", "k", frozenset())
    gate.clusters.learn(view.id, [Learnt(kind, value)], caller=caller, now=gate.now)
