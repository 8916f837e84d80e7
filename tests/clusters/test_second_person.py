"""A containment that a second person confirms or declines, over every store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.cluster import identifier_handle
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


def ask(gate: Any, view: Any, **changes: Any) -> Any:
    gate.later(seconds=1)
    return gate.clusters.contain.contain(
        gate.cluster(view), owner="campus", by="key:first", reason="ring", now=gate.now, **changes
    )


def agree(gate: Any, view: Any, **changes: Any) -> Any:
    gate.later(seconds=1)
    return gate.clusters.contain.contain(
        gate.cluster(view), owner="campus", by="key:second", reason="other", now=gate.now, **changes
    )


def card_of(gate: Any, view: Any) -> str:
    """The handle of the card that a sign-up was paid with."""
    member = gate.read(lambda work: work.clusters.member(gate.number(view)))
    key = next(each for each in member.identifiers if each.kind is IdentifierKind.PAYMENT)
    return identifier_handle(key.kind, key.digest)


@pytest.mark.parametrize("whole", [True, False])
def test_asking_for_something_else_confirms_nothing_and_is_told_what_waits(gate: Any, whole: bool) -> None:
    two_need_a_second_person(gate)
    ring, far = gate.ring(8, frauds=1), gate.came(device="r-d0")
    asked = ask(gate, ring[0], whole=whole)

    with pytest.raises(ConflictError) as refused:
        agree(gate, ring[0], whole=not whole)

    told = str(refused.value)
    assert f"of {asked.core} accounts" in told
    assert ("with 'whole': true" if whole else "without 'whole'") in told
    assert gate.clusters.contain.waiting() == (asked,)
    assert (asked.whole, agree(gate, ring[0], whole=whole).state) == (whole, ContainmentState.STANDING)
    gate.carry_out(gate.now)
    assert (gate.latest(far).value == "deny") is whole


def test_whoever_became_known_as_good_or_left_since_is_not_touched(gate: Any) -> None:
    two_need_a_second_person(gate)
    ring, leaf = gate.ring(8, frauds=1), gate.came(device="r-d0")
    far = [gate.came(device="r-d1", card="far"), *(gate.came(card="far", device=f"far-{at}") for at in range(2))]
    asked = ask(gate, ring[0], whole=True)
    gate.said(ring[0], "legitimate")
    gate.clusters.cut(
        gate.cluster(ring[0]), card_of(gate, far[0]), owner="campus", by=LEA, reason="shared_by_honest", now=gate.now
    )

    confirmed = agree(gate, ring[0], whole=True)
    gate.carry_out(gate.now)

    assert (asked.core, confirmed.core, confirmed.leaves) == (12, 9, 0)
    assert gate.decisions([ring[0], *far[1:]]) == ["allow"] * 3
    assert gate.decisions([*ring[1:], leaf, far[0]]) == ["deny"] * 9
    assert gate.read(lambda work: work.containments.of_cluster(gate.number(ring[0]))) == (confirmed,)
    assert len(gate.read(lambda work: work.containments.touched(confirmed.number))) == 9
    (entry,) = gate.read(lambda work: work.audit.entries(action="cluster.contained"))
    assert (entry.detail["core"], entry.detail["leaves"], entry.detail["left_out"]) == (9, 0, 3)
    (told,) = gate.read(lambda work: work.events.of_subject(gate.cluster(ring[1])))
    assert (told.data["contained"], told.data["contained_of_yours"]) == (9, 9)


def test_a_leaf_that_became_known_as_good_is_asked_nothing(gate: Any) -> None:
    two_need_a_second_person(gate)
    ring, leaf = gate.ring(8, frauds=1), gate.came(device="r-d0")
    asked = ask(gate, ring[0])
    gate.said(leaf, "legitimate")

    confirmed = agree(gate, ring[0])
    gate.carry_out(gate.now)

    assert (asked.core, asked.leaves, confirmed.core, confirmed.leaves) == (8, 1, 8, 0)
    assert gate.latest(leaf).value == "allow"


def test_whoever_joined_since_was_not_asked_about_and_is_contained_anew(gate: Any) -> None:
    two_need_a_second_person(gate)
    ring = gate.ring(8, frauds=1)
    ask(gate, ring[0])
    late = [gate.came(device="r-d0", card="r-c1") for _ in range(2)]

    confirmed = agree(gate, ring[0])
    gate.carry_out(gate.now)
    assert confirmed.core == 8
    assert gate.decisions(late) == ["allow"] * 2

    again = ask(gate, ring[0])
    gate.carry_out(gate.now)
    assert (again.core, again.state) == (2, ContainmentState.STANDING)
    assert gate.decisions(late) == ["deny"] * 2


def test_a_request_of_whose_accounts_none_is_left_is_not_confirmed(gate: Any) -> None:
    pair = [gate.came(card="one") for _ in range(3)]
    two_need_a_second_person(gate)
    ask(gate, pair[0], whole=True)
    for view in pair:
        gate.said(view, "legitimate")

    with pytest.raises(ConflictError, match="Nobody is left"):
        agree(gate, pair[0], whole=True)

    assert gate.decisions(pair) == ["allow"] * 3


def test_a_confirmation_that_fails_leaves_the_request_as_it_was(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    asked = start(gate, gate.cluster(ring[0]))
    before = gate.read(lambda work: work.containments.touched(asked.number))
    confirmed = replace(
        asked, state=ContainmentState.STANDING, core=7, confirmed_at=gate.now, confirmed_by="reviewer:lea"
    )

    with gate.store.begin() as work:
        work.containments.confirm(confirmed, without={before[0].signup_no})
        work.containments.confirm(confirmed, without={before[1].signup_no})
        with pytest.raises(ConflictError):
            work.commit()

    assert gate.clusters.contain.waiting() == (asked,)
    assert gate.read(lambda work: work.containments.touched(asked.number)) == before


def test_whoever_asked_for_one_of_two_confirms_the_other_once_their_clusters_are_one(gate: Any) -> None:
    one, two = gate.ring(8, frauds=1, name="a"), gate.ring(8, frauds=1, name="b")
    older = start(gate, gate.cluster(one[0]), by="key:first")
    newer = start(gate, gate.cluster(two[0]), by="key:second")
    gate.came(device="a-d0", card="b-c0")

    confirmed = agree(gate, one[0])

    assert (confirmed.id, confirmed.state, confirmed.confirmed_by) == (
        older.id,
        ContainmentState.STANDING,
        "key:second",
    )
    with pytest.raises(ConflictError, match="somebody else"):
        agree(gate, one[0])
    assert [each.id for each in gate.clusters.contain.waiting()] == [newer.id]


def two_need_a_second_person(gate: Any) -> None:
    document = gate.policy.document
    lines = document.clusters.containment.model_copy(update={"second_person_above": 2})
    clusters = document.clusters.model_copy(update={"containment": lines})
    gate.policy.document = document.model_copy(update={"clusters": clusters})
