"""An identifier whose guard is lifted leads to those who carry it, and what stands contained holds it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from service.domain.caller import Caller, Scope
from service.domain.cluster import identifier_handle
from service.domain.errors import ConflictError
from service.usecases.divide_cluster import divide
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.ports_clusters import Guard

LEA = {"owner": "campus", "by": "reviewer:lea"}
PHONE = "+33612345678"
DAY = timedelta(days=1)


def key_of(gate: Any, view: Any, kind: str) -> Any:
    member = gate.read(lambda work: work.clusters.member(gate.number(view)))
    return next(each for each in member.identifiers if each.kind.value == kind)


def handle_of(gate: Any, view: Any, kind: str) -> str:
    key = key_of(gate, view, kind)
    return identifier_handle(key.kind, key.digest)


def cut(gate: Any, view: Any, handle: str) -> None:
    gate.later(seconds=1)
    gate.clusters.cut(gate.cluster(view), handle, **LEA, reason="shared_card", now=gate.now)


def undo(gate: Any, view: Any, handle: str) -> None:
    gate.later(seconds=1)
    gate.clusters.cut.undo(gate.cluster(view), handle, **LEA, reason="mistake", now=gate.now)


def learn_card(gate: Any, view: Any, card: str) -> None:
    gate.later(seconds=1)
    learnt = [Learnt(LearntKind.PAYMENT_FINGERPRINT, card)]
    gate.clusters.learn(view.id, learnt, caller=Caller("campus", "k1", frozenset(Scope)), now=gate.now)


def by_a_cut(gate: Any, carrier: Any) -> Callable[[], None]:
    """Guards the card of an account; what lifts the guard again."""
    handle = handle_of(gate, carrier, "payment")
    cut(gate, carrier, handle)
    return lambda: undo(gate, carrier, handle)


def by_a_declaration(gate: Any, carrier: Any) -> Callable[[], None]:
    del carrier
    gate.declare(
        [(IdentifierKind.PAYMENT, "k")], by="reviewer:dana", reason="departmental", until=gate.now + DAY, now=gate.now
    )

    def expire() -> None:
        gate.now += DAY
        gate.recognise(gate.now)

    return expire


def by_evidence(gate: Any, carrier: Any) -> Callable[[], None]:
    guard = Guard(key_of(gate, carrier, "payment"), GuardState.SHARED, gate.now, "worker", "verified_good_accounts")
    with gate.store.begin() as work:
        work.clusters.set_guard(guard)
        work.commit()
    divide(gate.store.begin, work.clusters.cluster_of(gate.number(carrier)), guard.key, at=gate.now)

    def turn_bad() -> None:
        gate.said(carrier)
        gate.recognise(gate.now)

    return turn_bad


@pytest.mark.parametrize("guarded", [by_a_cut, by_a_declaration, by_evidence])
def test_an_identifier_that_ties_again_leads_to_its_carriers_and_not_to_the_cluster_they_left(
    gate: Any, guarded: Callable[[Any, Any], Callable[[], None]]
) -> None:
    carrier = gate.came(card="k", device="d")
    honest = [gate.came(device="d", phone=PHONE) for _ in range(3)]
    other = gate.came(card="k")
    lift = guarded(gate, carrier)
    cut(gate, carrier, handle_of(gate, carrier, "device"))
    assert gate.cluster(carrier) != gate.cluster(honest[0])

    lift()

    stranger = gate.came()
    learn_card(gate, stranger, "k")
    carriers = [carrier, other, gate.came(card="k"), stranger]
    assert len({gate.cluster(each) for each in carriers}) == 1
    assert len({gate.cluster(each) for each in honest}) == 1
    assert gate.cluster(carrier) != gate.cluster(honest[0])


def test_an_identifier_that_everybody_carried_guarded_ties_once_it_is_guarded_no_more(gate: Any) -> None:
    lift = by_a_declaration(gate, None)
    people = [gate.came(card="k") for _ in range(3)]
    assert len({gate.cluster(each) for each in people}) == 3

    lift()

    assert len({gate.cluster(each) for each in [*people, gate.came(card="k")]}) == 1


def test_an_undo_of_old_that_left_the_identifier_with_strangers_is_completed_by_asking_again(gate: Any) -> None:
    carrier, other, stranger = gate.came(card="k", device="d"), gate.came(card="k"), gate.came()
    handle = handle_of(gate, carrier, "payment")
    by_a_cut(gate, carrier)()
    with pytest.raises(ConflictError, match="was not cut"):
        undo(gate, other, handle)
    with gate.store.begin() as work:
        work.clusters.lead(key_of(gate, carrier, "payment"), gate.number(stranger))
        work.commit()

    undo(gate, other, handle)

    assert gate.cluster(gate.came(card="k")) == gate.cluster(carrier) != gate.cluster(stranger)


@pytest.mark.parametrize("beside", [False, True], ids=["nobody who stays carries it", "somebody who stays does"])
def test_a_guard_that_is_lifted_while_its_carriers_are_cut_out_leads_to_where_they_are(
    gate: Any, meanwhile: Callable[[Callable[[], Any]], None], beside: bool
) -> None:
    carrier = gate.came(card="k", device="d")
    honest = [gate.came(device="d", phone=PHONE) for _ in range(3)]
    other = gate.came(card="k")
    if beside:
        honest.append(gate.came(device="d", phone=PHONE, card="k"))
    meanwhile(by_a_cut(gate, carrier))
    cut(gate, carrier, handle_of(gate, carrier, "device"))

    carriers = [carrier, other, gate.came(card="k"), *honest[3:]]
    assert len({gate.cluster(each) for each in carriers}) == 1
    assert (gate.cluster(carrier) == gate.cluster(honest[0])) is beside


def contained_edges(gate: Any, **shared: str) -> int:
    """How many of what a newcomer would share a standing containment holds."""
    return int(gate.judged(900, **shared).linkage["cluster"]["contained"])


def contain(gate: Any, view: Any) -> Any:
    gate.later(seconds=1)
    contained = gate.clusters.contain.contain(gate.cluster(view), **LEA, reason="ring", now=gate.now, whole=True)
    gate.carry_out(gate.now)
    return contained


def release(gate: Any, view: Any) -> None:
    gate.later(seconds=1)
    gate.clusters.contain.release(gate.cluster(view), **LEA, reason="mistake", now=gate.now)
    gate.carry_out(gate.now)


def test_a_card_that_ties_again_is_held_for_those_who_stayed_contained_when_a_part_was_released(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    hub = [gate.came(device="hub") for _ in range(2)]
    learn_card(gate, hub[0], "r-c0")
    contain(gate, ring[0])
    assert contained_edges(gate, card="r-c0") == 1
    handle = handle_of(gate, ring[0], "payment")
    cut(gate, ring[0], handle)
    release(gate, hub[0])
    assert contained_edges(gate, card="r-c0") == 0

    undo(gate, ring[0], handle)

    assert contained_edges(gate, card="r-c0") == 1
    assert contained_edges(gate, device="hub") == 0
    release(gate, ring[0])
    assert contained_edges(gate, card="r-c0") == contained_edges(gate, device="r-d0") == 0


def test_what_was_guarded_when_its_carriers_were_contained_is_held_once_it_ties_again(gate: Any) -> None:
    ring = gate.ring(8)
    until = gate.now + DAY
    gate.declare([(IdentifierKind.PAYMENT, "r-c0")], by="reviewer:dana", reason="shared", until=until, now=gate.now)
    gate.said(ring[-1])
    contain(gate, ring[0])
    assert contained_edges(gate, card="r-c0") == 0

    gate.now = until
    gate.recognise(gate.now)

    assert contained_edges(gate, card="r-c0") == 1
    release(gate, ring[0])
    assert contained_edges(gate, card="r-c0") == 0


def test_nothing_is_held_again_because_of_who_became_known_as_good(gate: Any) -> None:
    ring = gate.ring(8)
    own = gate.came(device="r-d0", card="own")
    until = gate.now + DAY
    gate.declare([(IdentifierKind.PAYMENT, "own")], by="reviewer:dana", reason="shared", until=until, now=gate.now)
    contain(gate, ring[0])
    gate.said(own, "legitimate")

    gate.now = until
    gate.recognise(gate.now)

    assert contained_edges(gate, card="own") == 0


def test_what_is_held_already_when_it_ties_again_is_held_once(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contained = contain(gate, ring[0])
    handle = handle_of(gate, ring[0], "payment")
    key = key_of(gate, ring[0], "payment")

    cut(gate, ring[0], handle)
    undo(gate, ring[0], handle)

    assert contained_edges(gate, card="r-c0") == 1
    assert gate.read(lambda work: work.clusters.holding({key})) == {contained.number: frozenset({key})}
    release(gate, ring[0])
    assert contained_edges(gate, card="r-c0") == 0


@pytest.mark.parametrize("guarded_by", [by_a_cut, by_a_declaration])
def test_a_ban_that_fell_under_the_guard_is_looked_back_from_once_it_is_lifted(
    gate: Any, guarded_by: Callable[[Any, Any], Callable[[], None]]
) -> None:
    people = [gate.came(card="k") for _ in range(3)]
    lift = guarded_by(gate, people[1])
    gate.said(people[1])
    gate.later(seconds=1)
    gate.look_back(gate.now)
    assert gate.decisions(people) == ["allow"] * 3

    lift()
    gate.later(seconds=1)
    gate.look_back(gate.now)

    assert gate.decisions([people[0], people[2]]) == ["review", "review"]
