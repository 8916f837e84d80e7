"""Members cut out of a contained cluster: their containment is seen, and released, in the cluster they are in now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.case import CaseState
from service.domain.cluster import cluster_id, identifier_handle
from service.domain.containment import ContainmentState, Done, Progress
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.usecases.ports_cluster_list import ClusterQuery, ClusterState

PENDING, STANDING, RELEASED = ContainmentState
LEA = {"owner": "campus", "by": "reviewer:lea"}


def contain(gate: Any, view: Any, **changes: Any) -> Any:
    gate.later(seconds=1)
    asked = {**LEA, "reason": "ring", "now": gate.now, "whole": True} | changes
    return gate.clusters.contain.contain(gate.cluster(view), **asked)


def release(gate: Any, view: Any) -> Any:
    gate.later(seconds=1)
    released = gate.clusters.contain.release(gate.cluster(view), **LEA, reason="mistake", now=gate.now)
    gate.carry_out(gate.now)
    return released


def card_of(gate: Any, view: Any, owner: str) -> str:
    signup = gate.read(lambda work: work.outcomes.signup(owner, view.id))
    member = gate.read(lambda work: work.clusters.member(signup.signup_no))
    key = next(each for each in member.identifiers if each.kind is IdentifierKind.PAYMENT)
    return identifier_handle(key.kind, key.digest)


def cut_card(gate: Any, view: Any, carried_by: Any = None) -> None:
    """Cut out the card that most of the cluster carry, or that of one of them."""
    read = gate.clusters.read(gate.cluster(view), owner="campus")
    own = [each.links for each in read.members if carried_by is None or each.id == carried_by.id]
    cards = [each for each in read.links if each.kind == "payment" and any(each.handle in links for links in own)]
    handle = max(cards, key=lambda each: each.members).handle
    gate.later(seconds=1)
    gate.clusters.cut(gate.cluster(view), handle, **LEA, reason="laboratory", now=gate.now)


def ring_and_laboratory(gate: Any, people: int = 4, owner: str = "campus") -> tuple[list[Any], list[Any]]:
    """A ring with a ban in it, and a laboratory, perhaps of another owner, on whose card one of the ring paid."""
    ring = [gate.came(device=f"d{at % 2}", card=f"c{at // 2 % 2}") for at in range(5)]
    ring.append(gate.came(device="d0", card="laboratory"))
    laboratory = [gate.came(card="laboratory", device="bench", owner=owner) for _ in range(people)]
    gate.said(ring[0])
    return ring, laboratory


def contained(gate: Any, view: Any) -> list[tuple[ContainmentState, int]]:
    """The containments that the cluster of a sign-up shows, to callers and to reviewers alike."""
    shown = [
        [(each.state, each.core) for each in read(gate.cluster(view), owner="campus").containments]
        for read in (gate.clusters.read, gate.clusters.file)
    ]
    assert shown[0] == shown[1]
    return shown[0]


def listed(gate: Any, state: ClusterState) -> set[str]:
    """The clusters that the reviewers' list has in a state."""
    query = ClusterQuery(grown_since=gate.now, state=state)
    return {cluster_id(each.number) for each in gate.read(lambda work: work.cluster_list.find(query))}


@pytest.mark.parametrize("people", [4, 9], ids=["the ring keeps the number", "the laboratory keeps it"])
def test_members_cut_out_are_released_where_they_are_and_nobody_else_is(gate: Any, people: int) -> None:
    ring, laboratory = ring_and_laboratory(gate, people)
    before = gate.decisions(laboratory)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    cut_card(gate, ring[0])
    everybody = 6 + people
    assert contained(gate, ring[0]) == contained(gate, laboratory[0]) == [(STANDING, everybody)]
    assert gate.decisions([*ring, *laboratory]) == ["deny"] * everybody

    (released,) = release(gate, laboratory[0])

    assert (released.state, released.core) == (RELEASED, people)
    assert gate.decisions(laboratory) == before
    assert gate.decisions(ring) == ["deny"] * 6
    assert contained(gate, laboratory[0]) == [(RELEASED, people)]
    assert contained(gate, ring[0]) == [(STANDING, 6)]
    for shared in ({"device": "bench"}, {"card": "laboratory"}):
        assert "CONTAINED_CLUSTER" not in gate.decision(**shared)[1]
    assert gate.decision(device="d0", card="c0")[0] is Decision.DENY
    with pytest.raises(ConflictError, match="not contained"):
        release(gate, laboratory[0])

    release(gate, ring[0])
    assert gate.decisions(ring[1:]) == ["allow"] * 5
    assert contained(gate, ring[0]) == [(RELEASED, 6)]


def test_those_cut_out_are_contained_with_another_cluster_until_released_and_may_be_contained_again(gate: Any) -> None:
    ring, laboratory = ring_and_laboratory(gate)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    cut_card(gate, ring[0])

    with pytest.raises(ConflictError, match=f"contained with {gate.cluster(ring[0])}"):
        contain(gate, laboratory[0])
    assert listed(gate, ClusterState.CONTAINED) == {gate.cluster(ring[0]), gate.cluster(laboratory[0])}
    release(gate, laboratory[0])
    assert listed(gate, ClusterState.CONTAINED) == {gate.cluster(ring[0])}
    again = contain(gate, laboratory[0])
    gate.carry_out(gate.now)

    assert (again.state, again.core) == (STANDING, 4)
    assert gate.decisions(laboratory) == ["deny"] * 4


def test_the_cases_of_those_released_are_opened_again_and_no_others(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    waits = gate.came(device="r-d3", card="r-c3")
    laboratory = [gate.came(card="r-c0", device="bench"), gate.came(device="bench")]
    assert gate.decisions([waits, laboratory[0]]) == ["review"] * 2
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    assert states_of_cases(gate, waits, laboratory[0]) == [CaseState.RESOLVED] * 2
    cut_card(gate, laboratory[0], carried_by=laboratory[0])
    assert gate.cluster(laboratory[0]) == gate.cluster(laboratory[1]) != gate.cluster(ring[0])

    release(gate, laboratory[0])

    assert states_of_cases(gate, waits, laboratory[0]) == [CaseState.RESOLVED, CaseState.OPEN]
    assert gate.decisions([waits, laboratory[0]]) == ["deny", "review"]
    release(gate, ring[0])
    assert states_of_cases(gate, waits, laboratory[0]) == [CaseState.OPEN] * 2


def states_of_cases(gate: Any, *views: Any) -> list[CaseState]:
    """The newest case of each."""
    return [gate.read(lambda work, view=view: work.cases.of_record(view.id))[0].state for view in views]


def test_an_owner_releases_what_touches_their_accounts_alone_once_the_others_are_cut_out(gate: Any) -> None:
    ring, laboratory = ring_and_laboratory(gate, owner="institute")
    contain(gate, ring[0], owner=None)
    gate.carry_out(gate.now)

    def theirs() -> str:
        signup = gate.read(lambda work: work.outcomes.signup("institute", laboratory[0].id))
        return cluster_id(gate.read(lambda work: work.clusters.cluster_of(signup.signup_no)))

    institute = {**LEA, "owner": "institute", "reason": "mistake"}
    with pytest.raises(ConflictError, match="other owners"):
        gate.clusters.contain.release(theirs(), **institute, now=gate.now)
    cut_card(gate, ring[0])

    (released,) = gate.clusters.contain.release(theirs(), **institute, now=gate.now)
    gate.carry_out(gate.now)

    assert released.core == 4
    recorded = [gate.read(lambda work, view=view: work.ledger.get("institute", view.id)) for view in laboratory]
    assert {each.assessments[-1].decision for each in recorded} == {Decision.ALLOW}
    assert gate.decisions(ring) == ["deny"] * 6


def test_what_waits_for_a_second_person_is_declined_for_those_cut_out_alone(gate: Any) -> None:
    document = gate.policy.document
    lines = document.clusters.containment.model_copy(update={"second_person_above": 5})
    clusters = document.clusters.model_copy(update={"containment": lines})
    gate.policy.document = document.model_copy(update={"clusters": clusters})
    ring, laboratory = ring_and_laboratory(gate)
    assert contain(gate, ring[0]).state is PENDING
    cut_card(gate, ring[0])
    # It is confirmed where it was asked for: elsewhere it is only told of.
    assert gate.clusters.file(gate.cluster(laboratory[0]), owner="campus").waiting_elsewhere == (gate.cluster(ring[0]),)
    assert gate.clusters.file(gate.cluster(ring[0]), owner="campus").waiting_elsewhere == ()
    assert listed(gate, ClusterState.WAITING) == {gate.cluster(ring[0])}

    release(gate, laboratory[0])
    assert gate.clusters.file(gate.cluster(laboratory[0]), owner="campus").waiting_elsewhere == ()
    contain(gate, ring[0], by="reviewer:eli")
    gate.carry_out(gate.now)

    assert gate.decisions(ring) == ["deny"] * 6
    assert gate.decisions(laboratory) == ["allow"] * 4
    assert contained(gate, ring[0]) == [(STANDING, 6)]


def wait_and_be_cut_out(gate: Any) -> tuple[list[Any], list[Any], Any]:
    """A ring whose containment waits for somebody else, cut out of a larger cluster for which it was asked."""
    ring = gate.ring(4, frauds=1)
    link = gate.came(device="r-d0", card="laboratory")
    laboratory = [gate.came(card="laboratory", device="bench") for _ in range(8)]
    asked = gate.clusters.contain.start(gate.cluster(ring[0]), **LEA, reason="ring", now=gate.now, ask=True)
    cut_card(gate, laboratory[0])
    assert gate.cluster(ring[0]) == gate.cluster(link) != gate.cluster(laboratory[0])
    return ring, laboratory, asked


def test_a_request_of_which_everybody_was_cut_out_keeps_nobody_from_containing_those_who_stay(gate: Any) -> None:
    ring, laboratory, asked = wait_and_be_cut_out(gate)
    with pytest.raises(ConflictError, match="No piece"):
        contain(gate, laboratory[0], whole=False)

    contained = contain(gate, laboratory[0])
    gate.carry_out(gate.now)

    assert (contained.state, contained.core) == (STANDING, 8)
    assert gate.decisions(laboratory) == ["deny"] * 8
    assert gate.decisions(ring) == ["allow"] * 4
    assert [each.id for each in gate.clusters.contain.waiting()] == [asked.id]


def test_a_request_of_which_everybody_was_cut_out_is_taken_off_the_table_where_it_was_made(gate: Any) -> None:
    ring, laboratory, asked = wait_and_be_cut_out(gate)
    assert contained(gate, laboratory[0]) == [(PENDING, 4)]

    (released,) = release(gate, laboratory[0])

    assert (released.id, released.state) == (asked.id, RELEASED)
    assert gate.clusters.contain.waiting() == ()
    with pytest.raises(ConflictError, match="not contained"):
        release(gate, laboratory[0])
    assert contain(gate, ring[0], whole=False).state is STANDING


def test_those_cut_out_who_wait_to_be_contained_are_said_to_wait(gate: Any) -> None:
    ring, laboratory, _ = wait_and_be_cut_out(gate)
    with pytest.raises(ConflictError, match=f"wait to be contained with {gate.cluster(laboratory[0])}"):
        contain(gate, ring[0], whole=False)

    (released,) = release(gate, ring[0])

    assert (released.state, gate.clusters.contain.waiting()) == (RELEASED, ())
    assert contain(gate, ring[0], whole=False).state is STANDING


def test_an_owner_takes_no_request_off_the_table_that_touches_accounts_of_others(gate: Any) -> None:
    _, laboratory = ring_and_laboratory(gate, people=9, owner="institute")
    signup = gate.read(lambda work: work.outcomes.signup("institute", laboratory[0].id))
    theirs = cluster_id(gate.read(lambda work: work.clusters.cluster_of(signup.signup_no)))
    ring = gate.clusters.contain.start(theirs, owner="campus", by="key:campus", reason="ring", now=gate.now, ask=True)
    gate.clusters.cut(
        theirs,
        card_of(gate, laboratory[0], owner="institute"),
        owner=None,
        by="reviewer:lea",
        reason="laboratory",
        now=gate.now,
    )

    with pytest.raises(ConflictError, match="not contained"):
        gate.clusters.contain.release(theirs, owner="institute", by="key:i", reason="mistake", now=gate.now)

    assert [each.id for each in gate.clusters.contain.waiting()] == [ring.id]


def test_a_release_of_a_part_while_the_worker_carries_the_containment_out_is_not_undone_by_it(gate: Any) -> None:
    ring, laboratory = ring_and_laboratory(gate)
    contain(gate, ring[0])
    cut_card(gate, ring[0])
    tasks = gate.read(lambda work: work.containments.tasks(limit=20))
    assert len(tasks) == 10

    gate.clusters.contain.release(gate.cluster(laboratory[0]), **LEA, reason="mistake", now=gate.now)
    with gate.store.begin() as work:
        work.containments.done([Done(each, Progress.CHANGED, "before", "made") for each in tasks])
        with pytest.raises(ConflictError):
            work.commit()
    gate.carry_out(gate.now)

    assert gate.decisions(laboratory) == ["allow"] * 4
    assert gate.decisions(ring) == ["deny"] * 6


def test_two_releases_at_once_part_a_containment_once(gate: Any) -> None:
    ring, laboratory = ring_and_laboratory(gate)
    contain(gate, ring[0])
    gate.carry_out(gate.now)
    cut_card(gate, ring[0])
    (whole,) = gate.read(lambda work: work.containments.touching(gate.number(ring[0])))
    members = [gate.number(each) for each in laboratory]
    part = replace(whole, number=whole.number + 1, id="part", core=4)
    nobody_learns: dict[int, int] = {}
    with gate.store.begin() as work:
        work.containments.part(whole.number, part, members, carried=nobody_learns)
        work.commit()

    with gate.store.begin() as work:
        another = replace(part, number=part.number + 1, id="another")
        work.containments.part(whole.number, another, members, carried=nobody_learns)
        with pytest.raises(ConflictError):
            work.commit()

    assert contained(gate, ring[0]) == [(STANDING, 6)]
    assert contained(gate, laboratory[0]) == [(STANDING, 4)]
