"""A containment that was declined: evidence that came meanwhile, or comes later, counts as if nobody had asked."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.containment import WORKER, ContainmentState
from service.usecases import judge_clusters

PENDING, STANDING, RELEASED = ContainmentState
LEA = {"owner": "campus", "by": "reviewer:lea"}


def ask(gate: Any, view: Any, *, whole: bool = True) -> Any:
    gate.later(seconds=1)
    asked = {**LEA, "reason": "ring", "now": gate.now, "whole": whole}
    return gate.clusters.contain.start(gate.cluster(view), **asked, ask=True)


def decline(gate: Any, view: Any, asked: Any) -> None:
    gate.later(seconds=1)
    gate.clusters.contain.decline(gate.cluster(view), asked.id, **LEA, reason="honest_members", now=gate.now)


def release(gate: Any, view: Any, asked: Any) -> None:
    del asked
    gate.later(seconds=1)
    gate.clusters.contain.release(gate.cluster(view), **LEA, reason="mistake", now=gate.now)


def three_frauds(gate: Any, ring: list[Any]) -> None:
    for view, source in zip(ring[5:], ("reviewer", "chargeback", "reviewer"), strict=True):
        gate.said(view, source=source)


def containments(gate: Any, view: Any) -> list[tuple[str, ContainmentState, int]]:
    """Those that touch the cluster of a sign-up, oldest first: by whom, how they stand, and of how many."""
    found = gate.read(lambda work: work.containments.touching(work.clusters.cluster_of(gate.number(view))))
    return [(each.opened_by, each.state, each.core) for each in reversed(found)]


def second_person_for_evidence_above(gate: Any, accounts: int) -> None:
    document = gate.policy.document
    lines = document.clusters.containment.model_copy(update={"by_evidence_up_to": accounts})
    clusters = document.clusters.model_copy(update={"containment": lines})
    gate.policy.document = document.model_copy(update={"clusters": clusters})


@pytest.mark.parametrize("take_back", [decline, release])
def test_frauds_that_came_while_a_request_waited_contain_once_it_is_off_the_table(gate: Any, take_back: Any) -> None:
    ring = gate.ring(8)
    asked = ask(gate, ring[0])
    three_frauds(gate, ring)
    gate.work()
    assert containments(gate, ring[0]) == [(LEA["by"], PENDING, 8)]

    take_back(gate, ring[0], asked)
    gate.work()

    assert containments(gate, ring[0]) == [(LEA["by"], RELEASED, 8), (WORKER, STANDING, 8)]
    assert gate.latest(ring[0]).value == "deny"
    assert gate.cases.cases == {}


def test_a_fraud_that_came_while_a_request_waited_is_a_case_once_it_is_off_the_table(gate: Any) -> None:
    ring = gate.ring(8)
    asked = ask(gate, ring[0])
    gate.said(ring[7])
    gate.work()
    assert gate.cases.cases == {}

    decline(gate, ring[0], asked)
    gate.work()

    (case,) = gate.cases.cases.values()
    assert case.reason == "PIECE_WITH_FRAUD"
    assert case.note.endswith("That is too little to contain it without a person.")


def asked_and_then_parted(gate: Any) -> tuple[list[Any], list[Any], Any]:
    """A ring and a laboratory whom a request is about, cut apart before three of the ring are known as fraud."""
    ring = gate.ring(8)
    link = gate.came(device="r-d0", card="laboratory")
    laboratory = [gate.came(card="laboratory", device="bench") for _ in range(10)]
    asked = ask(gate, ring[0])
    handle = max(
        (each for each in gate.clusters.read(gate.cluster(link), owner="campus").links if each.kind == "payment"),
        key=lambda each: each.members,
    ).handle
    gate.clusters.cut(gate.cluster(link), handle, **LEA, reason="laboratory", now=gate.now)
    three_frauds(gate, ring)
    gate.work()
    return ring, laboratory, asked


def test_what_came_while_a_request_waited_counts_where_its_members_were_cut_out_to(gate: Any) -> None:
    ring, laboratory, asked = asked_and_then_parted(gate)

    decline(gate, laboratory[0], asked)
    gate.work()

    assert containments(gate, ring[0])[-1] == (WORKER, STANDING, 8)
    assert gate.latest(laboratory[0]).value == "allow"


def test_those_left_out_of_what_is_confirmed_are_judged_where_they_are(gate: Any) -> None:
    ring, laboratory, asked = asked_and_then_parted(gate)

    gate.later(seconds=1)
    gate.clusters.contain.confirm(
        gate.cluster(laboratory[0]), asked.id, owner="campus", by="reviewer:dana", now=gate.now
    )
    gate.work()

    assert containments(gate, ring[0]) == [(WORKER, STANDING, 8)]
    assert containments(gate, laboratory[0]) == [(LEA["by"], STANDING, 10)]


def test_a_request_that_was_declined_before_keeps_no_evidence_from_containing(gate: Any) -> None:
    ring = gate.ring(8)
    decline(gate, ring[0], ask(gate, ring[0]))
    three_frauds(gate, ring)

    gate.work()

    assert containments(gate, ring[0])[-1] == (WORKER, STANDING, 8)
    assert gate.cases.cases == {}


def test_what_stood_after_it_was_confirmed_and_was_released_is_contained_only_by_a_person(gate: Any) -> None:
    ring = gate.ring(8)
    asked = ask(gate, ring[0])
    gate.later(seconds=1)
    gate.clusters.contain.confirm(gate.cluster(ring[0]), asked.id, owner="campus", by="reviewer:dana", now=gate.now)
    release(gate, ring[0], asked)
    three_frauds(gate, ring)

    gate.work()

    assert containments(gate, ring[0]) == [(LEA["by"], RELEASED, 8)]
    (case,) = gate.cases.cases.values()
    assert case.note.endswith("only a person contains it now.")


def test_what_the_evidence_asked_for_and_a_person_declined_is_not_asked_for_again(gate: Any) -> None:
    second_person_for_evidence_above(gate, 4)
    ring = gate.ring(8, frauds=3)
    gate.work()
    (asked,) = gate.clusters.contain.waiting()

    decline(gate, ring[0], asked)
    gate.work()
    assert gate.cases.cases == {}
    gate.said(ring[0], source="partner")
    gate.work()

    assert containments(gate, ring[0]) == [(WORKER, RELEASED, 8)]
    (case,) = gate.cases.cases.values()
    assert case.note.endswith("or declined to contain it, before: only a person contains it now.")


def test_a_request_that_is_declined_just_as_the_worker_judges_swallows_nothing(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = gate.ring(8)
    asked = ask(gate, ring[0])
    three_frauds(gate, ring)
    surveyed, once = judge_clusters.plan_of, iter([lambda: decline(gate, ring[0], asked)])

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        for each in once:
            each()
        return surveyed(*arguments, **named)

    monkeypatch.setattr(judge_clusters, "plan_of", meanwhile)
    gate.work()
    gate.work()

    assert containments(gate, ring[0])[-1] == (WORKER, STANDING, 8)
