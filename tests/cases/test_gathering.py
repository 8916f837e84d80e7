"""One case a cluster stands in the queue: a flood hides nobody, and nobody's work is disturbed by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import GuardState
from service.domain.case import Case, CaseState
from service.domain.reviewer import Acting
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.divide_cluster import divide
from service.usecases.gather_cases import GatherCases
from service.usecases.ports_cases import CaseQuery
from service.usecases.ports_clusters import Guard

Hold = Callable[..., Case]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def flood(hold: Hold) -> Callable[..., list[Case]]:
    """Sign-ups of one device that are held, riskier than anybody honest."""

    def flooding(store: Any, count: int = 30, device: str = "d", **changes: Any) -> list[Case]:
        shared = (Identifier(IdentifierKind.DEVICE, device),)
        return [hold(store, identifiers=shared, **{"score": 0.9 + place / 1_000} | changes) for place in range(count)]

    return flooding


def gather(store: Any, now: datetime) -> list[int]:
    """Rounds of the job until one finds nothing to do; what each did."""
    job, done = GatherCases(store.begin), []
    while not done or done[-1]:
        done.append(job(now))
        assert len(done) < 20, done
    return done


def case_of(store: Any, case_id: str) -> Case:
    with store.begin() as work:
        found: Case | None = work.cases.get(None, case_id)
    assert found is not None
    return found


def queue(store: Any, now: datetime, **wanted: Any) -> list[Case]:
    with store.begin() as work:
        return [each.case for each in work.cases.find(CaseQuery(now=now, limit=100, **wanted))]


def test_a_flood_is_one_case_in_the_queue_and_honest_people_are_reached(
    store: Any, hold: Hold, flood: Callable[..., list[Case]], desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    flooding = flood(store)
    honest = [hold(store, score=0.4 + place / 100) for place in range(3)]

    done = gather(store, noon)

    assert done == [33, 0]
    shown = queue(store, noon)
    assert [each.id for each in shown] == [each.id for each in (flooding[-1], *reversed(honest))]
    assert [each.size for each in shown] == [30, 1, 1, 1]
    behind = queue(store, noon, behind=shown[0].id)
    assert {each.id for each in behind} == {each.id for each in flooding[:-1]}
    with store.begin() as work:
        assert [each.waiting for each in work.cases.counts(None, now=noon)] == [4]
        quiet = work.cases.too_quiet(now=noon + timedelta(days=9), limit=100)
    assert {each.id for each in quiet} == {each.id for each in shown}
    claimed = [desk.handle.claim_next(acting=dana, now=noon) for _ in range(5)]
    assert [each.id if each else None for each in claimed] == [*(each.id for each in shown), None]


def test_the_audit_record_says_which_cases_left_the_queue_and_behind_what(
    store: Any, flood: Callable[..., list[Case]], noon: datetime
) -> None:
    flooding = flood(store)
    gather(store, noon)
    late = flood(store, 1, score=0.5)

    gather(store, noon)

    with store.begin() as work:
        newest, first = work.audit.entries(subject=flooding[-1].id)[:2]
    assert (newest.actor, newest.action) == ("worker", "cases.gathered")
    assert newest.detail == {"cases": 1, "first": [late[0].id]}
    assert first.detail["cases"] == 29
    assert {*first.detail["first"]} < {each.id for each in flooding[:-1]}


@pytest.mark.parametrize("of_laboratory_first", [True, False])
def test_whoever_a_cut_parts_from_a_flood_comes_out_from_behind_it(
    store: Any, hold: Hold, flood: Callable[..., list[Case]], noon: datetime, of_laboratory_first: bool
) -> None:
    device, card = Identifier(IdentifierKind.DEVICE, "d"), Identifier(IdentifierKind.PAYMENT, "lab")
    laboratory = [hold(store, identifiers=(device, card), score=0.99 if of_laboratory_first else 0.5) for _ in range(3)]
    phone = Identifier(IdentifierKind.PHONE, "p")
    flooding = [hold(store, identifiers=(device, phone), score=0.9) for _ in range(5)]
    gather(store, noon)
    (front,) = queue(store, noon)
    assert (front.size, front.id in {each.id for each in laboratory}) == (8, of_laboratory_first)

    with store.begin() as work:
        (key,) = work.clusters.keys_of([(device.kind, device.value)])
        work.clusters.set_guard(Guard(key, GuardState.CUT, noon, "dana", "a shared machine"))
        work.commit()
    divide(store.begin, 1, key, at=noon)
    gather(store, noon)

    shown = queue(store, noon)
    assert sorted(each.size for each in shown) == [3, 5]
    for front, several in zip(sorted(shown, key=lambda each: each.size), (laboratory, flooding), strict=True):
        behind = queue(store, noon, behind=front.id)
        assert {front.id, *(each.id for each in behind)} == {each.id for each in several}


def test_when_the_front_is_resolved_the_next_comes_forward_and_the_rest_stand_behind_it(
    store: Any, flood: Callable[..., list[Case]], desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    flooding = flood(store, 4)
    gather(store, noon)
    front = desk.handle.claim_next(acting=dana, now=noon)
    assert front is not None
    desk.verdict(front.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)
    assert queue(store, noon) == []

    gather(store, noon)

    (shown,) = queue(store, noon)
    assert (shown.id, shown.size) == (flooding[2].id, 3)
    assert {each.id for each in queue(store, noon, behind=shown.id)} == {each.id for each in flooding[:2]}
    assert case_of(store, front.id).size == 1
    assert [each.id for each in queue(store, noon, states=(CaseState.RESOLVED,))] == [front.id]


def test_whoever_works_on_the_front_is_not_disturbed_by_those_who_follow(
    store: Any, flood: Callable[..., list[Case]], desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    flood(store, 2)
    gather(store, noon)
    held = desk.handle.claim_next(acting=dana, now=noon)
    assert held is not None
    with store.begin() as work:
        read = work.cases.get(None, held.id)
        later = flood(store, 3, score=0.99)
        gather(store, noon)
        work.cases.update(read.extended(dana.name, now=noon + MINUTE, lease=MINUTE * 30))
        work.commit()

    now = case_of(store, held.id)

    assert (now.version, now.lease_until, now.size) == (held.version + 1, noon + MINUTE * 31, 5)
    assert {case_of(store, each.id).behind for each in later} == {held.id}
    assert {case_of(store, each.id).version for each in later} == {1}
    assert [each.id for each in queue(store, noon)] == [held.id]


def test_who_stands_behind_is_claimed_and_judged_by_its_own_link_and_counted_no_more(
    store: Any, flood: Callable[..., list[Case]], desk: CaseUseCases, dana: Acting, lea: Acting, noon: datetime
) -> None:
    follower, given, front = flood(store, 3)
    gather(store, noon)
    desk.handle.claim(follower.id, acting=dana, now=noon)
    desk.handle.assign(given.id, dana.name, acting=lea, now=noon)
    mine = queue(store, noon, holder=dana.name)
    taken = desk.handle.claim_next(acting=dana, now=noon)
    desk.verdict(follower.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)

    gather(store, noon)

    assert {each.id for each in mine} == {follower.id, given.id}
    assert taken is not None
    assert taken.id == given.id
    assert (case_of(store, follower.id).state, case_of(store, follower.id).behind) == (CaseState.RESOLVED, front.id)
    assert case_of(store, front.id).size == 2
    desk.verdict(given.id, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon)
    gather(store, noon)
    assert case_of(store, front.id).size == 1


def test_nobody_stands_behind_what_their_reviewers_cannot_see(
    store: Any, flood: Callable[..., list[Case]], desk: CaseUseCases, dana: Acting, noon: datetime
) -> None:
    mine, front = flood(store, 2)
    foreign = flood(store, 2, owner="other")[1]
    gather(store, noon)
    desk.handle.escalate(mine.id, None, acting=dana, now=noon)

    gather(store, noon)

    assert {each.id for each in queue(store, noon)} == {mine.id, front.id, foreign.id}
    assert (case_of(store, mine.id).queue, case_of(store, front.id).size) == ("escalated", 1)


def test_only_what_a_decision_held_is_gathered(
    store: Any, flood: Callable[..., list[Case]], desk: CaseUseCases, lea: Acting, noon: datetime
) -> None:
    one, two = flood(store, 2)
    piece = flood(store, 1, subject="piece:p-1", size=7)[0]
    with store.begin() as work:
        work.cases.update(one.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=noon))
        work.commit()
    by_hand = desk.open(one.record_id or "", acting=lea, now=noon)

    gather(store, noon)

    assert {each.id for each in queue(store, noon)} == {two.id, piece.id, by_hand.id}
    assert (case_of(store, piece.id).size, case_of(store, piece.id).cluster) == (7, None)
    assert case_of(store, by_hand.id).cluster is None


def test_clusters_that_became_one_have_one_front(
    store: Any, flood: Callable[..., list[Case]], hold: Hold, noon: datetime
) -> None:
    flood(store, 3, device="d-1")
    flood(store, 3, device="d-2", score=0.7)
    gather(store, noon)
    assert [each.size for each in queue(store, noon)] == [3, 3]
    both = (Identifier(IdentifierKind.DEVICE, "d-1"), Identifier(IdentifierKind.DEVICE, "d-2"))
    tie = hold(store, identifiers=both, score=0.5)
    with store.begin() as work:
        work.clusters.settle(at=noon)

    gather(store, noon)

    (shown,) = queue(store, noon)
    assert shown.size == 7
    assert len(queue(store, noon, behind=shown.id)) == 6
    assert case_of(store, tie.id).behind == shown.id


def test_what_another_worker_placed_meanwhile_is_mended_by_the_next_round(
    store: Any, flood: Callable[..., list[Case]], noon: datetime
) -> None:
    def overtaken() -> Any:
        """Between reading and writing another worker sees riskier cases, and puts those in front."""
        work = store.begin()
        place = work.gathering.place

        def late(placed: Any, *, recounted: Any) -> None:
            flood(store, 2, score=0.99)
            GatherCases(store.begin)(noon)
            place(placed, recounted=recounted)

        work.gathering.place = late
        return work

    flood(store, 2)
    GatherCases(overtaken)(noon)
    assert len(queue(store, noon)) == 2
    flood(store, 1)

    gather(store, noon)

    (shown,) = queue(store, noon)
    assert (shown.risk, shown.size) == (0.99, 5)
