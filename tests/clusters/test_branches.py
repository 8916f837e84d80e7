"""Branches: who hangs through others on a banned account, or on what was contained before, is asked for a proof."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.caller import Caller, Scope
from service.domain.event import EventType
from service.usecases.ask_branches import AskBranches
from service.usecases.branches import Hanging
from service.usecases.learn_identifiers import Learnt, LearntKind


def told_of(gate: Any, view: Any) -> list[dict[str, Any]]:
    events = gate.read(lambda work: work.events.of_subject(view.id))
    return [each.data for each in events if each.type is EventType.ACCOUNT_REASSESS]


def learn(gate: Any, view: Any, kind: str, value: str, owner: str = "campus") -> None:
    caller = Caller(owner, "k1", frozenset(Scope))
    gate.clusters.learn(view.id, [Learnt(LearntKind(kind), value)], caller=caller, now=gate.now)


def release(gate: Any, view: Any) -> None:
    gate.later(seconds=1)
    gate.clusters.contain.release(gate.cluster(view), owner=None, by="reviewer:dana", reason="mistake", now=gate.now)


@pytest.mark.parametrize("doubtful", [True, False])
def test_who_hangs_through_others_on_a_banned_account_is_asked_where_the_branch_is_doubted(
    gate: Any, doubtful: bool
) -> None:
    accounts = gate.chain(6)
    if doubtful:
        gate.proven(accounts[2], passed=False)
        gate.proven(accounts[3], passed=False)
    gate.said(accounts[0])

    gate.work()

    # Whoever shares something with the banned one is looked back at for that.
    assert gate.decisions(accounts[1:]) == ["allow"] + ["step_up" if doubtful else "allow"] * 4
    assert gate.read(lambda work: work.containments.of_cluster(gate.number(accounts[0]))) == ()
    last = gate.read(lambda work: work.ledger.get("campus", accounts[5].id)).assessments[-1]
    assert ("HANGS_ON_BANNED" in [each.code for each in last.reasons]) is doubtful
    assert [each["after"] for each in told_of(gate, accounts[5])] == ["ban_of_another"] * doubtful

    gate.look_back(gate.now)
    assert gate.decisions(accounts[1:2]) == ["review"]


@pytest.mark.parametrize(("length", "failed", "asked"), [(3, 1, True), (4, 1, False), (4, 2, True)])
def test_one_doubted_account_is_enough_for_a_branch_of_two_alone(
    memory_gate: Any, length: int, failed: int, asked: bool
) -> None:
    accounts = memory_gate.chain(length)
    for view in accounts[1 : 1 + failed]:
        memory_gate.proven(view, passed=False)
    memory_gate.said(accounts[0])

    memory_gate.work()

    assert memory_gate.decisions(accounts[-1:]) == ["step_up" if asked else "allow"]


def test_whoever_proved_something_or_is_known_as_good_is_not_asked(gate: Any) -> None:
    accounts = gate.chain(7)
    gate.proven(accounts[2], passed=False)
    gate.proven(accounts[3], passed=False)
    gate.proven(accounts[4], passed=True)
    gate.said(accounts[5], "legitimate")
    gate.said(accounts[0])

    gate.work()

    assert gate.decisions(accounts[2:]) == ["step_up", "step_up", "allow", "allow", "step_up"]


def test_a_laboratory_with_one_mistaken_ban_is_asked_nothing_for_the_branch_it_is(gate: Any) -> None:
    bench = [gate.came(card="pi") for _ in range(8)]
    gate.proven(bench[1], passed=False)
    gate.said(bench[0])

    gate.work()

    assert gate.decisions(bench[1:]) == ["allow"] * 7


def test_who_is_asked_once_is_not_asked_again_after_the_proof(gate: Any) -> None:
    accounts = gate.chain(5)
    gate.proven(accounts[1], passed=False)
    gate.proven(accounts[2], passed=False)
    gate.said(accounts[0])
    gate.work()
    gate.proven(accounts[4], passed=True)
    gate.said(accounts[1])

    gate.work()

    assert len(told_of(gate, accounts[4])) == 1


def test_who_comes_to_hang_on_what_is_contained_already_is_asked_and_given_back_with_it(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    gate.later(seconds=1)
    gate.clusters.contain.contain(gate.cluster(ring[0]), owner="campus", by="key:us", reason="ring", now=gate.now)
    gate.carry_out(gate.now)
    assert gate.decisions(ring[:7]) == ["deny"] * 7
    late = gate.chain(4, name="late")
    gate.proven(late[0], passed=False)
    gate.proven(late[1], passed=False)
    # What ties them to the ring is learnt later than it was contained.
    learn(gate, late[0], "device_id", "r-d0")

    gate.said(ring[0])
    gate.work()

    assert gate.decisions(late[1:]) == ["step_up"] * 3
    assert {each["after"] for view in late[1:] for each in told_of(gate, view)} == {"containment_of_others"}

    release(gate, ring[0])
    gate.work()

    assert gate.decisions(late[2:]) == ["allow"] * 2


@pytest.fixture
def released(gate: Any) -> list[Any]:
    """A ring of which a person released what evidence had contained; the ban of the last one stays."""
    ring: list[Any] = gate.ring(8)
    for view in ring[:5]:
        gate.proven(view, passed=False)
    gate.said(ring[7])
    gate.later(seconds=5)
    gate.judge_clusters(gate.now)
    return ring


@pytest.mark.parametrize("carried_out", [True, False])
def test_whom_a_person_released_is_asked_nothing_for_the_bans_that_stay(
    gate: Any, released: list[Any], carried_out: bool
) -> None:
    if carried_out:
        gate.carry_out(gate.now)
        assert gate.decisions(released[:7]) == ["deny"] * 7
    release(gate, released[0])
    gate.work()
    gate.proven(released[5], passed=False)
    gate.said(released[7], source="chargeback")

    gate.work()

    assert gate.decisions(released[:7]) == ["allow"] * 7


def test_who_hangs_on_what_a_person_released_is_not_asked_for_its_bans(gate: Any, released: list[Any]) -> None:
    tail = gate.chain(5, name="tail")
    release(gate, released[0])
    gate.work()
    learn(gate, tail[0], "device_id", "r-d3")  # the banned one's
    for view in tail[1:3]:
        gate.proven(view, passed=False)
    gate.said(released[7], source="chargeback")

    gate.work()

    assert gate.cluster(tail[4]) == gate.cluster(released[7])
    assert gate.decisions(tail[3:]) == ["allow"] * 2


@pytest.mark.parametrize("carried_out", [True, False])
def test_whom_a_person_released_is_not_asked_for_hanging_on_another_ring(
    gate: Any, released: list[Any], carried_out: bool
) -> None:
    if carried_out:
        gate.carry_out(gate.now)
    release(gate, released[0])
    other = gate.ring(8, frauds=3, name="b")
    gate.work()
    assert gate.decisions(other[:5]) == ["deny"] * 5
    learn(gate, released[6], "phone", "+33612345678")
    learn(gate, gate.came(phone="+33612345678"), "device_id", "b-d0")
    assert gate.cluster(released[0]) == gate.cluster(other[0])
    gate.said(other[0])

    gate.work()

    assert gate.decisions(released[:7]) == ["allow"] * 7


def test_whom_a_person_declined_to_contain_is_not_asked_for_his_neighbours_bans(memory_gate: Any) -> None:
    gate, document = memory_gate, memory_gate.policy.document
    lines = document.clusters.containment.model_copy(update={"by_evidence_up_to": 5})
    clusters = document.clusters.model_copy(update={"containment": lines})
    gate.policy.document = document.model_copy(update={"clusters": clusters})
    ring = gate.ring(10, frauds=3)
    for view in ring[:4]:
        gate.proven(view, passed=False)
    gate.work()
    (request,) = gate.read(lambda work: work.containments.waiting())
    gate.later(seconds=1)
    gate.clusters.contain.decline(
        gate.cluster(ring[0]), request.id, owner=None, by="reviewer:dana", reason="laboratory", now=gate.now
    )
    gate.said(ring[9], source="partner")

    gate.work()

    assert gate.decisions(ring[:7]) == ["allow"] * 7


def test_nobody_is_asked_for_hanging_on_what_only_waits_to_be_contained(gate: Any) -> None:
    laboratory = [gate.came(card="pi") for _ in range(12)]
    gate.said(laboratory[0])
    gate.work()
    gate.later(seconds=1)
    gate.clusters.contain.start(
        gate.cluster(laboratory[0]), owner=None, by="reviewer:ann", reason="ring", now=gate.now, whole=True, ask=True
    )
    beside = [gate.came(device="x", phone="+33612345679"), gate.came(device="x")]
    learn(gate, laboratory[6], "phone", "+33612345679")
    gate.proven(beside[0], passed=False)
    gate.said(laboratory[1])

    gate.work()

    assert gate.decisions(beside) == ["allow"] * 2


def test_another_owners_accounts_that_come_to_hang_on_a_containment_keep_nobody_from_releasing_it(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    gate.later(seconds=1)
    gate.clusters.contain.contain(gate.cluster(ring[0]), owner="campus", by="key:us", reason="ring", now=gate.now)
    gate.carry_out(gate.now)
    late = gate.chain(4, name="late", owner="elsewhere")
    learn(gate, late[0], "device_id", "r-d0", owner="elsewhere")
    for view in late[:2]:
        gate.proven(view, passed=False, owner="elsewhere")
    gate.said(ring[0])
    gate.work()
    asked = gate.read(lambda work: work.ledger.get("elsewhere", late[3].id)).assessments[-1]
    assert "HANGS_ON_CONTAINED" in [each.code for each in asked.reasons]

    gate.later(seconds=1)
    gate.clusters.contain.release(gate.cluster(ring[0]), owner="campus", by="key:us", reason="mistake", now=gate.now)
    gate.work()

    assert gate.read(lambda work: work.ledger.get("elsewhere", late[3].id)).assessments[-1].decision == "allow"


def test_who_was_asked_is_not_read_again_at_the_next_ban(memory_gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = memory_gate.chain(9)
    memory_gate.proven(accounts[2], passed=False)
    memory_gate.proven(accounts[3], passed=False)
    memory_gate.said(accounts[0])
    memory_gate.work()
    asked: list[Hanging] = []
    monkeypatch.setattr(AskBranches, "__call__", lambda _, hanging, __: asked.append(hanging) or 0)
    memory_gate.said(accounts[0], source="chargeback")
    memory_gate.said(accounts[8])

    memory_gate.work()

    assert asked == []


def test_who_is_left_out_by_an_interruption_is_asked_in_the_next_round(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = gate.chain(6)
    gate.proven(accounts[2], passed=False)
    gate.proven(accounts[3], passed=False)
    gate.said(accounts[0])
    with monkeypatch.context() as killed:
        killed.setattr(AskBranches, "_ask", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            gate.work()
    assert gate.decisions(accounts[2:]) == ["allow"] * 4

    gate.work()

    assert gate.decisions(accounts[2:]) == ["step_up"] * 4
