"""A containment of which no ban stands any more: a case for people, urgent, which its release closes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from service.connections import CasesOfWorker
from service.domain.caller import Caller, Scope
from service.domain.case import Case, CaseState
from service.domain.cluster import cluster_number
from service.domain.decision import Decision
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.ports_cases import CaseQuery
from service.usecases.undo_bans import UndoBans
from tests.clusters.test_settled_cases import DANA, LEA, contain, release
from tests.clusters.test_undo_bans import corrected, round_of

CALLER = Caller("campus", "k1", frozenset(Scope))
OPEN, CLAIMED, RESOLVED = CaseState
VERDICT = (Verdict.REJECT, "LINKED_TO_FRAUD")


@pytest.fixture
def people(gate: Any, desk: CaseUseCases) -> CaseUseCases:
    """The reviewers, whom the worker asks about what corrected bans had done."""
    opens = CasesOfWorker(lambda: gate.policy, gate.new_id, lambda: gate.now)
    gate.undo_bans = UndoBans(gate.store.begin, gate.judge, opens, gate.telling(8))
    return desk


def unfounded(gate: Any) -> list[Case]:
    query = CaseQuery(now=gate.now, states=tuple(CaseState), limit=500)
    return [each.case for each in gate.read(lambda work: work.cases.find(query)) if each.case.of_a_containment]


def contained_for_nothing(gate: Any) -> list[Any]:
    ring = gate.ring(8, frauds=3)
    gate.work()
    for view in ring[5:]:
        corrected(gate, view)
    round_of(gate)
    return list(ring)


def test_its_release_closes_it_in_whosever_hands_it_is(gate: Any, people: CaseUseCases) -> None:
    ring = contained_for_nothing(gate)
    (case,) = unfounded(gate)
    people.handle.claim(case.id, acting=DANA, now=gate.now)

    release(gate, ring[0])

    (closed,) = unfounded(gate)
    containment = case.subject.removeprefix("unfounded:")
    assert (closed.state, closed.holder, closed.reason_code) == (RESOLVED, None, "RELEASED")
    assert (closed.resolved_by, closed.judged_by_nobody) == (f"release:{containment}", True)
    (entry,) = gate.read(lambda work: work.audit.entries(subject=case.id, action="case.settled_by_release"))
    assert entry.detail == {"containment": containment}
    assert gate.decisions(ring[:5]) == ["allow"] * 5
    assert gate.read(lambda work: work.cases.waited(since=case.opened_at)) == {}
    again = people.take_back.reopen(case.id, acting=LEA, now=gate.now)
    assert (again.state, again.opinions_given) == (OPEN, 0)


def test_a_release_of_something_else_leaves_it(gate: Any, people: CaseUseCases) -> None:
    contained_for_nothing(gate)
    other = gate.ring(8, frauds=3, name="o")
    gate.work()

    release(gate, other[0])

    assert [each.state for each in unfounded(gate)] == [OPEN]


def test_it_counts_in_full_whatever_the_score_of_whoever_is_shown(gate: Any, people: CaseUseCases) -> None:
    ring = contained_for_nothing(gate)
    (case,) = unfounded(gate)
    by_hand = people.open(ring[7].id, acting=DANA, now=case.opened_at)

    assert case.risk == by_hand.risk == 0.5
    ahead = people.read.find(CaseQuery(now=gate.now), acting=LEA).items
    assert ahead[0].case.id == case.id
    assert case.rank == pytest.approx(by_hand.rank + 1 + _share(gate, case, by_hand))
    moved = case.escalated(case.queue, share=gate.policy.document.review.share(_queue(gate, case)))
    assert moved.rank == pytest.approx(case.rank)


def _queue(gate: Any, case: Case) -> Any:
    return gate.policy.document.review.named(case.queue)


def _share(gate: Any, case: Case, other: Case) -> float:
    review = gate.policy.document.review
    return math.log2(review.share(_queue(gate, case)) / review.share(_queue(gate, other)))


def test_it_shows_somebody_who_is_denied_and_of_whom_nothing_was_said(gate: Any, people: CaseUseCases) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    corrected(gate, ring[0])
    for view in ring[5:]:
        corrected(gate, view)
    round_of(gate)

    (case,) = unfounded(gate)

    assert case.record_id == ring[1].id
    assert gate.latest(ring[1]) is Decision.DENY


@pytest.mark.parametrize(("known_before", "cases"), [(1, 1), (0, 0)])
def test_what_a_person_contained_is_one_where_a_ban_was_known_by_then(
    gate: Any, people: CaseUseCases, known_before: int, cases: int
) -> None:
    ring = gate.ring(8, frauds=known_before)
    contain(gate, ring[0], whole=True)
    gate.said(ring[0])
    round_of(gate)
    assert unfounded(gate) == []

    for view in (ring[0], *ring[8 - known_before :]):
        corrected(gate, view)
    round_of(gate)

    assert len(unfounded(gate)) == cases


def test_it_is_not_asked_again_for_a_correction_of_somebody_else(gate: Any, people: CaseUseCases) -> None:
    ring = contained_for_nothing(gate)
    (case,) = unfounded(gate)
    people.handle.claim(case.id, acting=DANA, now=gate.now)
    people.verdict(case.id, *VERDICT, acting=DANA, now=gate.now)
    newcomer = gate.came(device="r-d0")
    gate.said(newcomer)
    round_of(gate)
    corrected(gate, newcomer)

    round_of(gate)

    assert gate.cluster(newcomer) == gate.cluster(ring[0])
    assert [each.state for each in unfounded(gate)] == [RESOLVED]


def with_a_further_containment(gate: Any) -> tuple[list[Any], set[int]]:
    """A ring of which four are banned and a further one that hangs on it, and how many are in the core of each."""
    first = list(gate.ring(8, frauds=3, name="a"))
    gate.work()
    second = gate.ring(8, name="b")
    for at, (device, card) in {0: ("a-d0", "a-c1"), 4: ("a-d1", "a-c2")}.items():
        gate.later(seconds=1)
        learnt = [Learnt(LearntKind.DEVICE_ID, device), Learnt(LearntKind.PAYMENT_FINGERPRINT, card)]
        gate.clusters.learn(second[at].id, learnt, caller=CALLER, now=gate.now)
    gate.said(first[4])
    round_of(gate)
    touching = gate.read(lambda work: work.containments.touching(number_of_cluster(gate, first[0])))
    cores = {each.core for each in touching}
    assert len(cores) == 2
    return first, cores


def test_a_further_containment_that_holds_no_fraud_itself_is_asked_about_too(gate: Any, people: CaseUseCases) -> None:
    del people
    first, cores = with_a_further_containment(gate)
    for at in range(4, 8):
        corrected(gate, first[at])

    round_of(gate)

    assert {each.size for each in unfounded(gate)} == cores


def test_a_further_containment_is_not_asked_about_while_a_ban_stands_beside_it(gate: Any, people: CaseUseCases) -> None:
    del people
    first, cores = with_a_further_containment(gate)
    for at in range(4, 7):
        corrected(gate, first[at])
        round_of(gate)
        assert unfounded(gate) == []

    corrected(gate, first[7])
    round_of(gate)

    assert {each.size for each in unfounded(gate)} == cores


def number_of_cluster(gate: Any, view: Any) -> int:
    number = cluster_number(gate.cluster(view))
    assert number is not None
    return number
