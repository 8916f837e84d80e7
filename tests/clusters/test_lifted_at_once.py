"""An identifier whose guard is lifted just when a contained account learns it: what stands contained holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from service.storage.sql import guards, held_identifiers
from service.storage.sql.store import SqlStore
from service.usecases import cut_identifier, recognise_shared
from service.usecases.learn_identifiers import LearntKind
from tests.clusters.conftest import Gate
from tests.clusters.releasing import contained, learns, released
from tests.clusters.test_lifted import DAY, by_a_cut, by_a_declaration, contained_edges

CARD = LearntKind.PAYMENT_FINGERPRINT
BESIDE_S = 0.5
"""Who waits for us by then waits until we are done."""


@pytest.mark.parametrize("guarded_by", [by_a_cut, by_a_declaration])
def test_what_is_learnt_between_the_look_at_the_carriers_and_the_lifting_is_held(
    gate: Any, monkeypatch: pytest.MonkeyPatch, guarded_by: Callable[[Any, Any], Callable[[], None]]
) -> None:
    ring = gate.ring(6, frauds=1)
    lift = guarded_by(gate, gate.came(card="k"))
    contained(gate, ring[0])
    once = iter([lambda: learns(gate, ring[2], CARD, "k")])

    def learnt_meanwhile(original: Callable[..., None]) -> Callable[..., None]:
        def lifted(*arguments: Any, **named: Any) -> None:
            original(*arguments, **named)
            for each in once:
                each()

        return lifted

    for module in (cut_identifier, recognise_shared):
        monkeypatch.setattr(module, "lift_guard", learnt_meanwhile(module.lift_guard))
    lift()

    assert contained_edges(gate, card="k") == 1
    released(gate, ring[0])
    assert contained_edges(gate, card="k") == 0


@contextmanager
def beside_the_first(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], None]
) -> Iterator[None]:
    """Once a step of a transaction is done that begins inside something else begins too, and is given time to wait."""
    original = getattr(module, name)
    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patch:
        begun: list[Future[None]] = []

        def step(*arguments: Any) -> None:
            original(*arguments)
            if not begun:
                begun.append(pool.submit(happens))
                wait(begun, timeout=BESIDE_S)

        patch.setattr(module, name, step)
        yield
        begun[0].result()


@pytest.fixture
def guarded(postgresql_url: str, open_store: Callable[..., SqlStore], reference: Reference) -> Any:
    """A contained ring, and a card that is exempt for a day which is over."""
    gate = Gate(open_store(postgresql_url), reference)
    ring = gate.ring(6, frauds=1)
    until = gate.now + DAY
    gate.declare([(IdentifierKind.PAYMENT, "k")], by="reviewer:dana", reason="shared", until=until, now=gate.now)
    gate.came(card="k")
    contained(gate, ring[0])
    gate.now = until
    return gate, ring


def test_what_is_being_learnt_when_the_guard_is_lifted_is_held(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # After it was looked whether it is guarded, and before what was learnt is committed.
    gate, ring = guarded

    with beside_the_first(monkeypatch, held_identifiers, "hold_carried", lambda: gate.recognise(gate.now)):
        learns(gate, ring[2], CARD, "k")

    assert gate.read(lambda work: work.clusters.guards()) == ()
    assert contained_edges(gate, card="k") == 1


@pytest.mark.parametrize(("module", "step"), [(guards, "lift_guard"), (held_identifiers, "hold_of")])
def test_what_is_learnt_while_the_guard_is_being_lifted_is_held(
    guarded: Any, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    gate, ring = guarded

    with beside_the_first(monkeypatch, module, step, lambda: learns(gate, ring[2], CARD, "k")):
        gate.recognise(gate.now)

    assert gate.read(lambda work: work.clusters.guards()) == ()
    key = gate.read(lambda work: work.clusters.keys_of([(IdentifierKind.PAYMENT, "k")]))
    assert [len(held) for held in gate.read(lambda work: work.clusters.holding(key)).values()] == [1]
    released(gate, ring[0])
    assert contained_edges(gate, card="k") == 0
