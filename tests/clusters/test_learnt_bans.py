"""Bans that come to reach somebody by what is learnt: whoever came before it was learnt is looked at all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.caller import Caller, Scope
from service.domain.decision import REFUSED, Decision
from service.usecases.ask_again import AskAgain
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.ports import AuditEntry
from service.usecases.reassess import Reassess


def asks_nobody(person: Any, assessment: Any, **_: Any) -> Any:
    del person
    return assessment, None


CALLER = Caller("campus", "k1", frozenset(Scope))
ALLOW = Decision.ALLOW


def learns(gate: Any, view: Any, device: str) -> None:
    gate.later(seconds=1)
    gate.clusters.learn(view.id, [Learnt(LearntKind.DEVICE_ID, device)], caller=CALLER, now=gate.now)


def bans(gate: Any) -> Any:
    return gate.read(lambda work: work.after_bans.bans(limit=9))


def let_in(gate: Any, view: Any) -> None:
    """A further assessment, of somebody who was judged with the ban and let in all the same."""
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", view.id)
        made = replace(recorded.assessments[-1], id=gate.new_id(gate.now), decided_at=gate.now, decision=ALLOW)
        work.ledger.append_assessment(recorded.signup_no, made, AuditEntry(gate.now, "test", "let in", view.id, {}))
        work.commit()


def looked_back(gate: Any, due: Any) -> None:
    with gate.store.begin() as work:
        for each in due:
            work.after_bans.looked_back(each, at=gate.now)
        work.commit()


def test_who_came_between_a_ban_and_what_the_banned_one_came_later_is_looked_at(gate: Any) -> None:
    banned = gate.came(device="first")
    gate.said(banned)
    gate.look_back(gate.now)
    gate.later(minutes=5)
    between = gate.came(device="second")
    assert between.assessment.decision is ALLOW

    learns(gate, banned, "second")
    gate.look_back(gate.now)

    assert gate.latest(between) in REFUSED


def test_what_another_account_learns_has_nobody_else_judged_again(gate: Any) -> None:
    banned, kin = gate.came(device="first"), gate.came(device="first")
    gate.said(banned)
    gate.look_back(gate.now)
    gate.later(minutes=5)
    late, other = gate.came(device="first"), gate.came(device="other")
    let_in(gate, late)
    judged: list[None] = []
    judge = replace(gate.judge, model=lambda: judged.append(None))

    learns(gate, other, "first")
    replace(gate.look_back, judge=judge)(gate.now)

    assert gate.latest(other) in REFUSED
    assert gate.latest(kin) in REFUSED
    assert len(judged) == 1


@pytest.mark.parametrize("looked_back_before", [True, False], ids=["again", "for the first time"])
@pytest.mark.parametrize("who", ["the banned", "another"])
def test_what_is_learnt_while_a_ban_is_looked_back_from_leaves_it_due(
    gate: Any, who: str, *, looked_back_before: bool
) -> None:
    banned, other = gate.came(device="first"), gate.came(device="other")
    gate.said(banned)
    if looked_back_before:
        gate.look_back(gate.now)
        learns(gate, banned, "more")
    seen = bans(gate)
    assert len(seen) == 1

    learns(gate, *((banned, "other") if who == "the banned" else (other, "first")))
    looked_back(gate, seen)

    assert len(bans(gate)) == 1
    gate.look_back(gate.now)
    assert gate.latest(other) in REFUSED
    assert bans(gate) == ()


def test_a_ban_that_was_corrected_is_not_due_again(gate: Any) -> None:
    banned, other = gate.came(device="first"), gate.came(device="other")
    gate.said(banned)
    gate.look_back(gate.now)
    learns(gate, banned, "more")
    gate.said(banned, label="legitimate", source="law", reason="mistaken")

    looked_back(gate, bans(gate))
    learns(gate, other, "first")

    assert bans(gate) == ()


def test_carriers_are_those_of_a_time_and_a_decision(gate: Any) -> None:
    early, learns_late = gate.came(device="d"), gate.came(device="old")
    gate.later(days=2)
    gate.said(gate.came(device="d"))
    asked = gate.came(device="d")
    came_late = gate.came(device="else")
    learns(gate, came_late, "d")
    learns(gate, learns_late, "d")
    since = gate.now - timedelta(days=1)

    def found(**wanted: Any) -> list[str]:
        member = gate.read(lambda work: work.clusters.member(gate.number(early)))
        key = next(each for each in member.identifiers if each.kind is IdentifierKind.DEVICE)
        return [each.id for each in gate.read(lambda work: work.clusters.carriers(key, limit=9, **wanted))]

    assert {early.id, learns_late.id} <= set(found())
    assert not {early.id, learns_late.id} & set(found(since=since))
    assert {asked.id, came_late.id} <= set(found(since=since))
    decision = gate.latest(asked)
    assert decision is not ALLOW
    assert found(since=since, once=decision) == [asked.id]


@pytest.mark.parametrize("learns_again", [False, True], ids=["what he carried", "something new"])
def test_a_release_answers_for_what_was_carried_by_then_and_not_for_what_is_learnt_later(
    gate: Any, *, learns_again: bool
) -> None:
    pair = [gate.came(device="p", card="q") for _ in range(2)]
    gate.said(gate.came(device="x"))
    gate.look_back(gate.now)
    if not learns_again:
        learns(gate, pair[0], "x")
    contain = gate.clusters.contain
    contain.contain(gate.cluster(pair[0]), owner=None, by="lea", reason="ring", now=gate.now, whole=True)
    gate.work()
    contain.release(gate.cluster(pair[0]), owner=None, by="lea", reason="mistake", now=gate.now)
    gate.work()
    assert gate.latest(pair[0]) is ALLOW
    gate.later(days=3)
    # The ban is due again also where it is somebody else who learns of it.
    learns(gate, pair[0] if learns_again else gate.came(), "x")

    gate.look_back(gate.now)

    assert (gate.latest(pair[0]) in REFUSED) is learns_again


def test_a_reassessment_knows_what_was_learnt(gate: Any) -> None:
    gate.said(gate.came(device="x"))
    other = gate.came()
    learns(gate, other, "x")

    view = Reassess(gate.store.begin, gate.judge, AskAgain(asks_nobody))(other.id, caller=CALLER, now=gate.now)

    assert view.current.assessment is not None
    assert view.current.assessment.decision in REFUSED
