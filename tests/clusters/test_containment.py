"""Containment: what evidence contains by itself, what a person contains, and that a release undoes it exactly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from service.domain.containment import ContainmentState
from service.domain.decision import Decision
from service.domain.errors import ConflictError, NotFoundError
from service.domain.event import EventType

ANOTHER, SOMEBODY = "key:another", "key:somebody"
PENDING, STANDING, RELEASED = ContainmentState


def contain(gate: Any, view: Any, by: str = SOMEBODY, **changes: Any) -> Any:
    gate.later(seconds=1)
    return gate.clusters.contain.contain(
        gate.cluster(view), owner="campus", by=by, reason="ring", now=gate.now, **changes
    )


def release(gate: Any, view: Any) -> Any:
    gate.later(seconds=1)
    return gate.clusters.contain.release(
        gate.cluster(view), owner="campus", by=SOMEBODY, reason="mistake", now=gate.now
    )


def test_enough_fraud_of_several_sources_contains_a_ring_by_itself(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)

    gate.work()

    assert gate.decisions(ring) == ["deny"] * 8
    assert gate.decision(device="r-d0", card="r-c0")[0] is Decision.DENY
    (containment,) = gate.read(lambda work: work.containments.of_cluster(gate.number(ring[0])))
    assert (containment.state, containment.core, containment.opened_by) == (STANDING, 8, "worker")
    assert containment.reason == "CONFIRMED_FRAUD"
    (told,) = gate.read(lambda work: work.events.of_subject(gate.cluster(ring[0])))
    assert (told.type, told.data["contained_of_yours"]) == (EventType.CLUSTER_CONTAINED, 8)


def test_a_smaller_piece_is_one_case_and_stays_one(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    gate.work()
    gate.said(ring[0])
    gate.work()

    assert gate.decisions(ring[:7]) == ["allow"] * 7
    (case,) = gate.cases.cases.values()
    assert (case.reason, case.size, case.owner) == ("PIECE_WITH_FRAUD", 8, "campus")


def test_a_cluster_is_judged_again_only_when_something_changed(gate: Any) -> None:
    gate.ring(8, frauds=1)

    assert gate.judge_clusters(gate.now) == 1
    assert gate.judge_clusters(gate.now) == 0
    gate.came(device="r-d0")
    assert gate.judge_clusters(gate.now) == 0


def test_a_cluster_that_grows_around_its_frauds_is_judged_again(memory_gate: Any) -> None:
    gate = memory_gate
    ring = gate.ring(20, frauds=1)
    gate.judge_clusters(gate.now)
    for number in range(3):
        gate.came(device=f"r-d{number}")

    assert gate.judge_clusters(gate.now) == 1
    assert len(ring) == 20


def test_whoever_hangs_by_one_edge_is_asked_for_a_proof_that_does_not_rest_on_it(gate: Any) -> None:
    honest = gate.came(device="r-d0")
    gate.ring(8, frauds=3)

    gate.work()

    assert gate.latest(honest) is Decision.STEP_UP
    told = gate.read(lambda work: work.events.of_subject(honest.id))[-1]
    assert told.type is EventType.ACCOUNT_REASSESS
    assert (told.data["role"], told.data["not_proven_by"]) == ("leaf", ["device"])


def test_whoever_hangs_on_a_banned_account_by_one_edge_is_asked_too_and_not_held(gate: Any) -> None:
    honest = gate.came(device="r-d3")
    gate.ring(8, frauds=3)

    gate.work()

    assert gate.latest(honest) is Decision.STEP_UP
    assert gate.decision(device="r-d3")[0] is Decision.REVIEW


def test_verified_good_accounts_in_its_midst_are_left_alone(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.said(ring[0], "legitimate")

    preview = gate.clusters.contain.preview(gate.cluster(ring[0]), owner="campus")
    gate.work()

    assert len(preview.plan.good) == 1
    assert gate.decisions(ring) == ["allow"] + ["deny"] * 7


def test_a_laboratory_is_never_contained(gate: Any) -> None:
    laboratory = [gate.came(device="bench", card="pi") for _ in range(25)]
    gate.said(laboratory[0], "legitimate")
    before = gate.decisions(laboratory)

    gate.work()

    assert gate.decisions(laboratory) == before
    with pytest.raises(ConflictError):
        contain(gate, laboratory[0])


def test_a_preview_says_whom_it_would_touch_and_touches_nobody(gate: Any) -> None:
    ring = gate.ring(8, frauds=2)
    leaf = gate.came(device="r-d0")

    preview = gate.clusters.contain.preview(gate.cluster(ring[0]), owner="campus")

    assert (preview.size, len(preview.plan.core), len(preview.plan.leaves), preview.plan.frauds) == (9, 8, 1, 2)
    assert preview.decisions == {"allow": 8}
    assert not preview.second_person
    gate.work()
    assert gate.decisions([*ring, leaf])[:6] == ["allow"] * 6


def test_a_person_contains_a_smaller_piece_once(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)

    contained = contain(gate, ring[0])
    gate.work()

    assert (contained.state, contained.core) == (STANDING, 8)
    assert gate.decisions(ring) == ["deny"] * 8
    with pytest.raises(ConflictError, match="already"):
        contain(gate, ring[0])


def test_a_star_is_contained_whole_or_not_at_all(gate: Any) -> None:
    star = [gate.came(card="one") for _ in range(6)]
    gate.said(star[0])

    with pytest.raises(ConflictError, match="whole"):
        contain(gate, star[0])
    contained = contain(gate, star[0], whole=True)
    gate.work()

    assert contained.core == 6
    assert gate.decisions(star) == ["deny"] * 6


def test_above_a_size_a_second_person_must_confirm(with_policy: Callable[..., Any]) -> None:
    gate = with_policy()
    small_lines(gate, second_person_above=5)
    ring = gate.ring(8, frauds=1)

    pending = contain(gate, ring[0])
    gate.carry_out(gate.now)
    assert pending.state is PENDING
    assert gate.decisions(ring[:7]) == ["allow"] * 7
    assert "CONTAINED_CLUSTER" not in gate.decision(device="r-d0", card="r-c0")[1]
    with pytest.raises(ConflictError, match="somebody else"):
        contain(gate, ring[0])

    confirmed = contain(gate, ring[0], by=ANOTHER)
    gate.work()
    assert (confirmed.state, confirmed.opened_by, confirmed.confirmed_by) == (STANDING, SOMEBODY, ANOTHER)
    assert gate.decisions(ring) == ["deny"] * 8
    assert gate.read(lambda work: work.containments.of_cluster(gate.number(ring[0]))) == (confirmed,)


def test_more_than_evidence_may_contain_waits_for_a_person(with_policy: Callable[..., Any]) -> None:
    gate = with_policy()
    small_lines(gate, by_evidence_up_to=5)
    ring = gate.ring(8, frauds=3)

    gate.work()
    assert gate.decisions(ring[:5]) == ["allow"] * 5
    contain(gate, ring[0])
    gate.work()

    assert gate.decisions(ring) == ["deny"] * 8


def small_lines(gate: Any, **changes: Any) -> None:
    document = gate.policy.document
    lines = document.clusters.containment.model_copy(update=changes)
    clusters = document.clusters.model_copy(update={"containment": lines})
    gate.policy.document = document.model_copy(update={"clusters": clusters})


def test_a_release_undoes_a_containment_exactly(gate: Any) -> None:
    ring, leaf = gate.ring(8), gate.came(device="r-d0")
    for at, source in ((0, "reviewer"), (2, "chargeback"), (4, "reviewer")):
        gate.said(ring[at], source=source)
    everybody = [*ring, leaf]
    before = gate.decisions(everybody)
    linkage_before = gate.read(lambda work: look(work, gate))
    gate.work()
    assert gate.decisions(everybody) != before

    (released,) = release(gate, ring[0])
    gate.carry_out(gate.now)

    assert released.state is RELEASED
    assert gate.decisions(everybody) == before
    assert gate.read(lambda work: look(work, gate)) == linkage_before
    recorded = gate.read(lambda work: work.ledger.get("campus", ring[1].id))
    assert [each.decision.value for each in recorded.assessments] == ["allow", "deny", "allow"]
    assert recorded.assessments[-1].reasons[-1].code == "CONTAINMENT_RELEASED"
    with pytest.raises(ConflictError):
        release(gate, ring[0])


def look(work: Any, gate: Any) -> Any:
    """What a newcomer on two of the ring's identifiers meets."""
    from models.identifiers import identifiers_of
    from models.signals.signals import derive_signals

    newcomer = gate.signup(900, device="r-d0", card="r-c0")
    carried = identifiers_of(newcomer, derive_signals(newcomer, gate.reference))
    return work.ledger.look("campus", "new", carried, now=gate.now).linkage.as_document()["cluster"]["contained"]


def test_a_release_leaves_alone_what_somebody_changed_since(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    recorded = gate.read(lambda work: work.ledger.get("campus", ring[0].id))
    by_hand = replace(recorded.assessments[-1], id=gate.new_id(gate.now), decision=Decision.REVIEW, decided_at=gate.now)
    with gate.store.begin() as work:
        audit = work.audit.entries(limit=1)[0]
        work.ledger.append_assessment(recorded.signup_no, by_hand, audit)
        work.commit()

    release(gate, ring[0])
    gate.carry_out(gate.now)

    assert gate.latest(ring[0]) is Decision.REVIEW
    assert gate.latest(ring[1]) is Decision.ALLOW


def test_what_a_person_released_is_contained_again_only_by_a_person(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    release(gate, ring[0])
    gate.work()
    gate.said(ring[0], source="partner")

    gate.work()

    assert gate.latest(ring[1]) is Decision.ALLOW
    (case,) = gate.cases.cases.values()
    assert case.reason == "PIECE_WITH_FRAUD"
    assert case.note.endswith("Somebody released it, or declined to contain it, before: only a person contains it now.")
    assert contain(gate, ring[0]).state is STANDING


def test_who_came_in_after_a_containment_is_contained_with_the_next_fraud(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    with gate.store.begin() as work:
        work.clusters.let_go(1, at=gate.now)
        work.commit()
    late = gate.came(device="r-d0", card="r-c1")
    gate.said(ring[0], source="partner")

    gate.work()

    containments = gate.read(lambda work: work.containments.of_cluster(gate.number(ring[0])))
    assert [each.core for each in containments] == [1, 8]
    assert gate.latest(late) is Decision.DENY


def test_who_was_asked_once_is_not_asked_again_for_everybody_who_joins_the_core(gate: Any) -> None:
    leaf, ring = gate.came(device="r-d0"), gate.ring(8, frauds=3)
    branch = [gate.came(phone="+33140000009", card="r-c1"), gate.came(phone="+33140000009")]
    gate.work()
    with gate.store.begin() as work:
        work.clusters.let_go(1, at=gate.now)
        work.commit()
    gate.came(device="r-d0", card="r-c1")
    new = gate.came(card="r-c2")
    gate.said(ring[0], source="partner")

    gate.work()

    containments = gate.read(lambda work: work.containments.of_cluster(gate.number(leaf)))
    assert [(each.core, each.leaves) for each in containments] == [(1, 1), (8, 2)]
    touched = gate.read(lambda work: [each.signup_no for each in work.containments.touched(containments[0].number)])
    assert gate.number(new) in touched
    assert not {gate.number(each) for each in (leaf, *branch)} & set(touched)


def test_a_change_and_the_reassessment_are_told_at_the_same_time(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()

    decided, changed, reassess = gate.read(lambda work: work.events.of_subject(ring[0].id))

    assert decided.type is EventType.SIGNUP_DECIDED
    assert (changed.type, changed.data["previous_decision"]) == (EventType.SIGNUP_CHANGED, "allow")
    assert (reassess.type, reassess.data["decision"]) == (EventType.ACCOUNT_REASSESS, "deny")
    assert changed.due_at == reassess.due_at


def test_what_a_release_gives_back_is_told_as_decided_anew_too(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    gate.clusters.contain.release(gate.cluster(ring[0]), owner="campus", by="key:k", reason="mistake", now=gate.now)
    gate.carry_out(gate.now)

    changed, reassess = gate.read(lambda work: work.events.of_subject(ring[0].id))[-2:]

    assert (changed.type, reassess.type) == (EventType.SIGNUP_CHANGED, EventType.ACCOUNT_REASSESS)
    assert (reassess.data["previous_decision"], reassess.data["decision"]) == ("deny", "allow")
    assert reassess.data["containment"]


def test_two_people_at_once_contain_it_once(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    name, refused = gate.cluster(ring[0]), []

    def act(by: str) -> None:
        try:
            gate.clusters.contain.contain(name, owner="campus", by=by, reason="ring", now=gate.now)
        except ConflictError:
            refused.append(by)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, [SOMEBODY, ANOTHER]))

    standing = gate.read(lambda work: work.containments.of_cluster(gate.number(ring[0])))
    assert (len(refused), len(standing)) == (1, 1)


def test_a_cluster_of_others_is_unknown(gate: Any) -> None:
    ring = gate.ring(4, frauds=1)

    for name, owner in ((gate.cluster(ring[0]), "another"), ("cl_999", "campus"), ("nothing", "campus")):
        with pytest.raises(NotFoundError):
            gate.clusters.contain.preview(name, owner=owner)
        with pytest.raises(NotFoundError):
            gate.clusters.read(name, owner=owner)


def test_every_step_is_in_the_audit_record(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    contain(gate, ring[0])
    release(gate, ring[0])

    entries = gate.read(lambda work: work.audit.entries(subject=gate.cluster(ring[0])))

    assert [(each.action, each.actor) for each in reversed(entries)] == [
        ("cluster.contained", SOMEBODY),
        ("cluster.released", SOMEBODY),
    ]


def test_those_who_were_only_recorded_are_held_and_not_decided_on(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    past = gate.came(device="r-d0", card="r-c0", record_only=True)
    gate.work()

    assert gate.read(lambda work: work.ledger.get("campus", past.id)).assessments == ()
    assert gate.decisions(ring) == ["deny"] * 8
