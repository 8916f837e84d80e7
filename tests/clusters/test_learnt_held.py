"""What a contained account learns, or brings along, is held like what it came with, and let go with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from service.domain.decision import Decision
from service.storage.sql import held_identifiers
from service.storage.sql.store import SqlStore
from service.usecases import open_containment
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.part_containment import PartContainments
from tests.clusters.conftest import CALLER, Gate
from tests.clusters.releasing import carry, contained, history, learns, released
from tests.clusters.test_lifted import DAY, contained_edges, cut, handle_of, undo

CARD, DEVICE, PHONE = LearntKind.PAYMENT_FINGERPRINT, LearntKind.DEVICE_ID, LearntKind.PHONE
BEHAVIOUR = LearntKind.BEHAVIOUR_FINGERPRINT
BESIDE_S = 0.5
"""Who waits for us by then waits until we are done."""


def contained_ring(gate: Any, **changes: Any) -> list[Any]:
    ring: list[Any] = gate.ring(6, frauds=1, **changes)
    contained(gate, ring[0])
    return ring


def test_newcomers_on_what_a_contained_account_learnt_are_asked_and_with_a_second_denied(gate: Any) -> None:
    ring = contained_ring(gate)

    learns(gate, ring[2], CARD, "learnt")
    learns(gate, ring[3], DEVICE, "learnt")

    assert gate.decision(card="learnt") == (Decision.STEP_UP, {"TIED_TO_CONTAINED"})
    assert gate.decision(card="learnt", device="r-d0") == (Decision.DENY, {"CONTAINED_CLUSTER"})
    assert gate.decision(card="learnt", device="learnt")[0] is Decision.DENY


def test_a_release_lets_go_of_what_was_learnt(gate: Any) -> None:
    ring = contained_ring(gate)
    learns(gate, ring[2], CARD, "learnt")
    kept_out = gate.came(card="learnt")
    assert gate.latest(kept_out) is Decision.STEP_UP

    released(gate, ring[0])

    assert gate.decision(card="learnt")[0] is Decision.ALLOW
    assert gate.latest(kept_out) is Decision.ALLOW


def test_what_is_said_again_is_held_once(gate: Any) -> None:
    ring = contained_ring(gate)
    learns(gate, ring[2], CARD, "learnt")

    for view in (ring[2], ring[3]):  # at one instant
        said = [Learnt(CARD, "learnt"), Learnt(DEVICE, "r-d0")]
        gate.clusters.learn(view.id, said, caller=CALLER, now=gate.now)

    key = next(iter(gate.read(lambda work: work.clusters.keys_of([(IdentifierKind.PAYMENT, "learnt")]))))
    holding = gate.read(lambda work: work.clusters.holding({key}))
    assert [len(held) for held in holding.values()] == [1]
    released(gate, ring[0])
    assert contained_edges(gate, card="learnt") == 0


def test_mailbox_and_telephone_that_were_learnt_are_one_identifier(gate: Any) -> None:
    ring = contained_ring(gate)
    learns(gate, ring[2], PHONE, "+33612345678")
    learns(gate, ring[2], LearntKind.EMAIL, "stranger@college.example")

    decision = gate.decision(phone="+33612345678", mail="stranger@college.example")

    assert decision == (Decision.STEP_UP, {"TIED_TO_CONTAINED"})


def test_what_a_leaf_a_good_or_a_released_account_learns_is_not_held(gate: Any) -> None:
    ring = gate.ring(6, frauds=1)
    leaf, let_go = gate.came(device="r-d0"), gate.ring(6, frauds=1, name="other")
    contained(gate, ring[0])
    contained(gate, let_go[0])
    released(gate, let_go[0])
    gate.said(ring[2], "legitimate")

    learns(gate, leaf, CARD, "of a leaf")
    learns(gate, ring[2], CARD, "of the good")
    learns(gate, let_go[1], CARD, "of the released")

    assert [contained_edges(gate, card=f"of {whom}") for whom in ("a leaf", "the good", "the released")] == [0, 0, 0]


def test_what_is_guarded_is_not_held_until_it_ties_again(gate: Any) -> None:
    ring = contained_ring(gate)
    until = gate.now + DAY
    gate.declare([(IdentifierKind.PAYMENT, "lab")], by="reviewer:dana", reason="shared", until=until, now=gate.now)
    learns(gate, ring[2], CARD, "lab")
    assert gate.read(lambda work: work.clusters.holding(work.clusters.keys_of([(IdentifierKind.PAYMENT, "lab")]))) == {}

    gate.now = until
    gate.recognise(gate.now)

    assert contained_edges(gate, card="lab") == 1


def test_who_carries_what_was_guarded_is_not_looked_at_because_others_are_released(gate: Any) -> None:
    ring, _ = contained_ring(gate), contained_ring(gate, name="other")
    until = gate.now + DAY
    gate.declare([(IdentifierKind.PAYMENT, "lab")], by="reviewer:dana", reason="shared", until=until, now=gate.now)
    learns(gate, ring[2], CARD, "lab")
    elsewhere = gate.came(card="lab", device="other-d0")
    assert gate.latest(elsewhere) is Decision.STEP_UP

    gate.clusters.contain.release(gate.cluster(ring[0]), owner="campus", by="key:k", reason="mistake", now=gate.now)

    tasks = gate.read(lambda work: work.containments.tasks(limit=50))
    assert gate.number(elsewhere) not in {each.touched.signup_no for each in tasks}


def test_a_cut_holds_nobody_by_what_was_learnt_and_a_part_takes_its_own_along(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    hub = [gate.came(device="hub") for _ in range(2)]
    learns(gate, hub[0], CARD, "r-c0")
    contained(gate, ring[0], whole=True)
    learns(gate, hub[1], BEHAVIOUR, "of the hub")
    learns(gate, ring[1], CARD, "of the ring")
    held = gate.came(card="of the ring")
    handle = handle_of(gate, held, "payment")
    cut(gate, held, handle)
    assert contained_edges(gate, card="of the ring") == 0
    undo(gate, ring[0], handle)
    assert contained_edges(gate, card="of the ring") == 1

    cut(gate, ring[0], handle_of(gate, ring[0], "payment"))
    released(gate, hub[0])

    assert contained_edges(gate, card="of the ring") == 1
    learns(gate, ring[1], BEHAVIOUR, "of the hub")
    assert contained_edges(gate, device="hub") == 0


def test_what_is_learnt_while_a_containment_waits_is_held_once_it_is_confirmed(gate: Any) -> None:
    ring = gate.ring(6, frauds=1)
    gate.clusters.contain.start(
        gate.cluster(ring[0]), owner="campus", by="key:one", reason="ring", now=gate.now, ask=True
    )
    learns(gate, ring[2], CARD, "learnt")
    assert contained_edges(gate, card="learnt") == 0

    contained(gate, ring[0])

    assert contained_edges(gate, card="learnt") == 1


def test_what_those_carry_who_come_to_the_core_by_what_they_learn_is_held_too(gate: Any) -> None:
    ring = contained_ring(gate)
    let_in = gate.came(card="brought along")
    learns(gate, let_in, DEVICE, "r-d0")
    assert contained_edges(gate, card="brought along") == 0

    learns(gate, let_in, CARD, "r-c0")

    assert gate.decision(card="brought along") == (Decision.STEP_UP, {"TIED_TO_CONTAINED"})
    released(gate, ring[0])
    assert contained_edges(gate, card="brought along") == 0


def test_who_carried_it_before_is_asked_or_held_until_the_release(gate: Any) -> None:
    ring = contained_ring(gate)
    one, two, good = gate.came(card="old"), gate.came(card="old", device="old"), gate.came(card="old", device="old")
    gate.said(good, "legitimate")
    stranger = gate.came()

    learns(gate, ring[2], CARD, "old")
    carry(gate)
    after_one = gate.decisions([one, two, good, stranger])
    learns(gate, ring[2], DEVICE, "old")
    carry(gate)
    after_two = gate.decisions([one, two, good, stranger])
    released(gate, ring[0])

    assert after_one == ["step_up", "step_up", "allow", "allow"]
    assert after_two == ["step_up", "deny", "allow", "allow"]
    assert gate.decisions([one, two, good, stranger]) == ["allow"] * 4


def test_who_carries_what_a_newcomer_to_the_core_brings_along_is_asked(gate: Any) -> None:
    contained_ring(gate)
    friend = gate.came(card="brought along")
    let_in = gate.came(card="brought along")

    learns(gate, let_in, DEVICE, "r-d0")
    learns(gate, let_in, CARD, "r-c0")
    carry(gate)

    assert gate.decisions([let_in, friend]) == ["deny", "step_up"]


def test_nobody_of_an_owner_is_asked_of_whom_the_containment_touches_nobody(gate: Any) -> None:
    ring = contained_ring(gate)
    theirs = gate.came(owner="institute", card="old")

    learns(gate, ring[2], CARD, "old")
    carry(gate)

    recorded = gate.read(lambda work: work.ledger.get("institute", theirs.id))
    assert [each.decision for each in recorded.assessments] == [Decision.ALLOW]


def test_whom_a_person_released_is_left_alone_whatever_others_learn(gate: Any) -> None:
    let_go = gate.ring(6, frauds=1, name="other")
    contained(gate, let_go[0])
    released(gate, let_go[0])
    ring = contained_ring(gate)
    before = history(gate, let_go[0])

    learns(gate, ring[2], CARD, "other-c0")
    carry(gate)

    assert history(gate, let_go[0]) == before


def test_what_is_learnt_just_when_the_account_is_contained_is_held_by_the_worker(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between the survey of the cluster and the commit of its containment.
    ring = gate.ring(6, frauds=1)
    opened, once = open_containment.contained_events, iter([lambda: learns(gate, ring[2], CARD, "learnt")])

    def learnt_meanwhile(*arguments: Any, **named: Any) -> Any:
        for each in once:
            each()
        return opened(*arguments, **named)

    monkeypatch.setattr(open_containment, "contained_events", learnt_meanwhile)
    gate.later(seconds=1)
    gate.clusters.contain.contain(gate.cluster(ring[0]), owner="campus", by="key:k", reason="ring", now=gate.now)
    assert contained_edges(gate, card="learnt") == 0

    carry(gate)

    assert contained_edges(gate, card="learnt") == 1
    released(gate, ring[0])
    assert contained_edges(gate, card="learnt") == 0


def test_what_somebody_of_a_part_learns_just_when_it_is_released_is_not_left_held(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between what the release reads of the part and its commit.
    ring = gate.ring(8, frauds=1)
    hub = [gate.came(device="hub") for _ in range(2)]
    learns(gate, hub[0], CARD, "r-c0")
    contained(gate, ring[0], whole=True)
    cut(gate, ring[0], handle_of(gate, ring[0], "payment"))
    read, once = PartContainments._theirs_alone, iter([lambda: learns(gate, hub[1], BEHAVIOUR, "learnt")])

    def learnt_meanwhile(*arguments: Any) -> Any:
        found = read(*arguments)
        for each in once:
            each()
        return found

    monkeypatch.setattr(PartContainments, "_theirs_alone", learnt_meanwhile)
    released(gate, hub[0])

    learns(gate, gate.came(), BEHAVIOUR, "learnt")
    key = gate.read(lambda work: work.clusters.keys_of([(IdentifierKind.BEHAVIOUR_FINGERPRINT, "learnt")]))
    assert gate.read(lambda work: work.clusters.holding(key)) == {}
    assert contained_edges(gate, device="r-d0") == 1


@pytest.mark.parametrize(("happens", "edges"), [(contained, 1), (released, 0)])
def test_what_is_being_learnt_while_somebody_contains_or_releases_is_right_in_the_end(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[..., None],
    edges: int,
) -> None:
    # After it was looked what holds the account, and before what it learnt is committed.
    gate = Gate(open_store(postgresql_url), reference)
    ring = gate.ring(6, frauds=1)
    if happens is released:
        contained(gate, ring[0])
    hold = held_identifiers.hold_carried

    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[None]] = []

        def held_beside(*arguments: Any) -> None:
            hold(*arguments)
            if not begun:
                begun.append(pool.submit(happens, gate, ring[0]))
                wait(begun, timeout=BESIDE_S)

        monkeypatch.setattr(held_identifiers, "hold_carried", held_beside)
        learns(gate, ring[2], CARD, "learnt")
        begun[0].result()
    carry(gate)

    assert contained_edges(gate, card="learnt") == edges
    assert gate.decisions(ring[:5]) == ["deny" if edges else "allow"] * 5
