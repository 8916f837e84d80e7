"""A cluster may span owners; what one of them does about it touches their own accounts alone, over every store."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.caller import Caller, Scope
from service.domain.cluster import identifier_handle
from service.domain.containment import ContainmentState
from service.domain.errors import ConflictError, NotFoundError
from service.usecases.learn_identifiers import Learnt, LearntKind

OURS, THEIRS = "campus", "elsewhere"
US, THEM = "key:us", "key:them"
PENDING, STANDING, RELEASED = ContainmentState


class Shared:
    """A ring of ours with one known fraud and a leaf, and two accounts of theirs in the midst of it."""

    def __init__(self, gate: Any, frauds: int = 1) -> None:
        self.gate = gate
        self.ours = gate.ring(8, frauds=frauds)
        self.leaf = gate.came(device="r-d0")
        self.theirs = [gate.came(owner=THEIRS, device="r-d1", card=card) for card in ("r-c1", "elsewhere-card")]
        self.name = gate.cluster(self.ours[0])

    def preview(self, owner: str | None, **changes: Any) -> Any:
        return self.gate.clusters.contain.preview(self.name, owner=owner, **changes)

    def contain(self, owner: str | None, by: str, **changes: Any) -> Any:
        self.gate.later(seconds=1)
        done = self.gate.clusters.contain.contain(
            self.name, owner=owner, by=by, reason="ring", now=self.gate.now, **changes
        )
        self.gate.carry_out(self.gate.now)
        return done

    def start(self, owner: str | None, by: str, **changes: Any) -> Any:
        self.gate.later(seconds=1)
        return self.gate.clusters.contain.start(
            self.name, owner=owner, by=by, reason="ring", now=self.gate.now, ask=True, **changes
        )

    def release(self, owner: str | None, by: str) -> Any:
        self.gate.later(seconds=1)
        done = self.gate.clusters.contain.release(self.name, owner=owner, by=by, reason="mistake", now=self.gate.now)
        self.gate.carry_out(self.gate.now)
        return done

    def decisions(self) -> tuple[list[str], list[str]]:
        """Of our accounts, the leaf last, and of theirs."""
        theirs = self.gate.read(lambda work: [work.ledger.get(THEIRS, view.id) for view in self.theirs])
        return (
            self.gate.decisions([*self.ours, self.leaf]),
            [recorded.assessments[-1].decision.value for recorded in theirs],
        )

    def handle(self, view: Any, kind: str, owner: str = OURS) -> str:
        signup = self.gate.read(lambda work: work.outcomes.signup(owner, view.id))
        member = self.gate.read(lambda work: work.clusters.member(signup.signup_no))
        key = next(each for each in member.identifiers if each.kind.value == kind)
        return identifier_handle(key.kind, key.digest)


def numbers(preview: Any) -> tuple[int, ...]:
    plan = preview.plan
    return (
        preview.size,
        len(plan.core),
        len(plan.leaves),
        plan.frauds,
        len(plan.good),
        sum(preview.decisions.values()),
    )


def test_a_containment_touches_the_accounts_of_whoever_asked_and_no_others(gate: Any) -> None:
    shared = Shared(gate)

    previews = [shared.preview(owner, whole=True) for owner in (OURS, THEIRS, None)]
    contained = shared.contain(THEIRS, THEM, whole=True)

    assert [numbers(each) for each in previews] == [(11, 9, 0, 1, 0, 9), (11, 2, 0, 0, 0, 2), (11, 11, 0, 1, 0, 11)]
    assert (contained.core, contained.leaves) == (2, 0)
    assert shared.decisions() == (["allow"] * 9, ["deny"] * 2)
    (told,) = gate.read(lambda work: work.events.of_subject(shared.name))
    assert (told.owner, told.data["contained_of_yours"]) == (THEIRS, 2)


def test_the_pieces_too_are_contained_as_far_as_they_are_ones_own(gate: Any) -> None:
    shared = Shared(gate)

    previews = [shared.preview(owner) for owner in (OURS, THEIRS, None)]
    contained = shared.contain(OURS, US)

    assert [numbers(each)[1:4] for each in previews] == [(8, 1, 1), (1, 1, 0), (9, 2, 1)]
    assert [each.plan.pieces for each in previews] == [1, 1, 1]
    assert (contained.core, contained.leaves) == (8, 1)
    assert shared.decisions() == (["deny"] * 8 + ["step_up"], ["allow"] * 2)


def test_what_a_containment_holds_is_carried_by_ones_own_accounts(gate: Any) -> None:
    shared = Shared(gate)

    held = {each.digest.hex() for each in shared.preview(THEIRS, whole=True).plan.keys}

    assert shared.handle(shared.theirs[1], "payment", THEIRS).partition("_")[2] in held
    assert shared.handle(shared.ours[4], "payment").partition("_")[2] not in held


def test_a_release_undoes_what_touches_ones_own_accounts_alone(gate: Any) -> None:
    shared = Shared(gate)
    shared.contain(OURS, US, whole=True)

    with pytest.raises(ConflictError, match="not contained"):
        shared.release(THEIRS, THEM)
    theirs = shared.contain(THEIRS, THEM, whole=True)
    released = shared.release(THEIRS, THEM)

    assert [each.id for each in released] == [theirs.id]
    assert shared.decisions() == (["deny"] * 9, ["allow"] * 2)
    assert [each.core for each in shared.release(OURS, US)] == [9]
    assert shared.decisions() == (["allow"] * 9, ["allow"] * 2)


def test_what_touches_several_owners_is_released_by_whoever_sees_them_all(gate: Any) -> None:
    shared = Shared(gate, frauds=3)
    before = shared.decisions()
    gate.work()
    assert shared.decisions() == (["deny"] * 8 + ["step_up"], ["deny", "step_up"])

    for owner, by in ((OURS, US), (THEIRS, THEM)):
        with pytest.raises(ConflictError, match="other owners"):
            shared.release(owner, by)
    released = shared.release(None, "reviewer:lea")

    assert [(each.opened_by, each.core) for each in released] == [("worker", 9)]
    assert shared.decisions() == before


def test_what_an_account_of_theirs_learns_makes_our_containment_not_theirs_too(gate: Any) -> None:
    ours, theirs = gate.ring(8, frauds=1), gate.came(owner=THEIRS)
    name = gate.cluster(ours[0])
    act = {"owner": OURS, "by": US, "reason": "ring", "now": gate.now}
    gate.clusters.contain.contain(name, **act)
    gate.carry_out(gate.now)

    learnt = [Learnt(LearntKind.DEVICE_ID, "r-d0"), Learnt(LearntKind.DEVICE_ID, "r-d1")]
    gate.clusters.learn(theirs.id, learnt, caller=Caller(THEIRS, "k2", frozenset(Scope)), now=gate.now)
    gate.carry_out(gate.now)

    assert gate.read(lambda work: work.ledger.get(THEIRS, theirs.id)).assessments[-1].decision.value == "allow"
    assert [each.state for each in gate.clusters.contain.release(gate.cluster(ours[0]), **act)] == [RELEASED]


def test_another_owner_is_no_second_person(gate: Any) -> None:
    shared = Shared(gate)
    asked = shared.start(OURS, US, whole=True)

    contained = shared.contain(THEIRS, THEM, whole=True)
    for answer in (gate.clusters.contain.confirm, decline(gate)):
        with pytest.raises(ConflictError, match="no longer waits"):
            answer(shared.name, asked.id, owner=THEIRS, by=THEM, now=gate.now)

    assert (contained.core, contained.state) == (2, STANDING)
    assert gate.clusters.contain.waiting() == (asked,)
    assert shared.decisions() == (["allow"] * 9, ["deny"] * 2)
    assert shared.contain(OURS, "key:second", whole=True).core == 9
    assert shared.decisions() == (["deny"] * 9, ["deny"] * 2)


def decline(gate: Any) -> Any:
    def answer(name: str, containment: str, **said: Any) -> None:
        gate.clusters.contain.decline(name, containment, reason="mistake", **said)

    return answer


def test_what_waits_about_several_owners_is_confirmed_by_whoever_sees_them_all(gate: Any) -> None:
    shared = Shared(gate)
    asked = shared.start(None, "reviewer:dana", whole=True)

    with pytest.raises(ConflictError, match="other owners"):
        shared.contain(OURS, US, whole=True)
    gate.clusters.contain.confirm(shared.name, asked.id, owner=None, by="reviewer:lea", now=gate.now)
    gate.carry_out(gate.now)

    assert shared.decisions() == (["deny"] * 9, ["deny"] * 2)


def test_only_what_ones_own_accounts_carry_is_cut_out_shown_or_tied_again(gate: Any) -> None:
    shared = Shared(gate)
    theirs, ours = shared.handle(shared.theirs[1], "payment", THEIRS), shared.handle(shared.ours[4], "payment")
    clusters, said = gate.clusters, {"reason": "shared_by_honest", "now": gate.now}

    for act in (clusters.cut, clusters.cut.undo):
        with pytest.raises(NotFoundError, match="carries"):
            act(shared.name, ours, owner=THEIRS, by=THEM, **said)
    with pytest.raises(NotFoundError, match="carries"):
        clusters.cut.preview(shared.name, ours, owner=THEIRS)
    with pytest.raises(NotFoundError, match="carries"):
        clusters.reveal(shared.name, ours, owner=THEIRS, by=THEM, now=gate.now)

    assert gate.read(lambda work: work.clusters.guards()) == ()
    assert clusters.cut.preview(shared.name, theirs, owner=THEIRS).carriers == 1
    clusters.cut(shared.name, theirs, owner=THEIRS, by=THEM, **said)
    assert len(gate.read(lambda work: work.clusters.guards())) == 1
