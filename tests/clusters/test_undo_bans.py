"""A corrected ban: whoever was asked or denied because of it is let in again, unless he answered for himself since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.caller import Caller, Scope
from service.domain.cluster import identifier_handle
from service.domain.decision import Decision
from service.domain.event import EventType
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.ports import AuditEntry
from service.usecases.second_look import SecondLook
from service.usecases.undo_bans import UndoBans

ALLOW, STEP_UP, REVIEW, DENY = Decision
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/131.0"


def round_of(gate: Any) -> None:
    gate.work()
    gate.look_back(gate.now)
    gate.later(seconds=1)
    gate.take_up(gate.now)
    gate.undo_bans(gate.now)


def corrected(gate: Any, view: Any) -> None:
    gate.said(view, "legitimate", source="law")


def due(gate: Any) -> int:
    return len(gate.read(lambda work: work.after_bans.corrected(limit=10)))


@pytest.fixture
def banned(gate: Any) -> Any:
    """Somebody who shares a device and a card with one who came before, and was banned by mistake."""
    gate.before = gate.came(device="d", card="c")
    view = gate.came(device="d", card="c")
    gate.said(view)
    round_of(gate)
    assert gate.latest(gate.before) is DENY
    return view


def test_who_was_denied_by_a_look_back_is_let_in_again(gate: Any, banned: Any) -> None:
    corrected(gate, banned)

    round_of(gate)

    assert gate.latest(gate.before) is ALLOW
    recorded = gate.read(lambda work: work.ledger.get("campus", gate.before.id))
    assert [each.decision for each in recorded.assessments] == [ALLOW, DENY, ALLOW]
    assert "BAN_CORRECTED" in [each.code for each in recorded.assessments[-1].reasons]
    told = [each for each in gate.read(lambda work: work.events.of_subject(gate.before.id)) if "after" in each.data]
    due_at = {each.data["after"]: each.due_at for each in told if each.type is EventType.ACCOUNT_REASSESS}
    # Not before the denial, which was not told yet, and right after it.
    assert timedelta(0) <= due_at["ban_corrected"] - due_at["ban_of_another"] <= timedelta(minutes=1)
    assert due(gate) == 0


def test_who_was_turned_away_at_the_door_is_let_in(gate: Any, banned: Any) -> None:
    newcomer = gate.came(device="d", card="c")
    assert gate.latest(newcomer) is DENY
    corrected(gate, banned)

    round_of(gate)

    assert gate.latest(newcomer) is ALLOW


def test_nobody_is_let_in_while_the_ban_stands_or_another_one_does(gate: Any, banned: Any) -> None:
    round_of(gate)
    assert (gate.latest(gate.before), due(gate)) == (DENY, 0)

    gate.said(gate.came(device="d", card="c"))
    corrected(gate, banned)
    round_of(gate)

    assert gate.latest(gate.before) is DENY


def hung_on_bans(gate: Any) -> list[Any]:
    """A chain: two are banned, two failed a proof, and two hang through these on the bans and are asked for it."""
    links: list[Any] = gate.chain(6)
    gate.proven(links[2], passed=False)
    gate.proven(links[3], passed=False)
    gate.said(links[0])
    gate.said(links[1])
    round_of(gate)
    assert gate.decisions(links[4:]) == ["step_up"] * 2
    return links


def test_who_hangs_on_it_through_others_is_no_longer_asked(gate: Any) -> None:
    links = hung_on_bans(gate)

    corrected(gate, links[0])
    round_of(gate)
    assert gate.decisions(links[4:]) == ["step_up"] * 2  # the other ban stands

    corrected(gate, links[1])
    round_of(gate)
    assert gate.decisions(links[4:]) == ["allow"] * 2


@pytest.mark.parametrize(("others", "becomes"), [(0, ALLOW), (10, REVIEW)])
def test_of_what_a_second_look_made_of_a_ban_stands_what_it_would_have_seen_without_it(
    gate: Any, others: int, becomes: Decision
) -> None:
    early, banned = gate.came(device="d", card="c"), gate.came(device="d", card="c")
    for _ in range(others):
        gate.came(device="d")
    gate.said(banned)
    gate.later(minutes=70)
    SecondLook(gate.store.begin, gate.judge, gate.telling(9).ask_again)(gate.now)
    assert gate.latest(early) is DENY
    corrected(gate, banned)

    round_of(gate)

    assert gate.latest(early) is becomes


@pytest.mark.parametrize("at_once", [True, False])
def test_of_two_corrected_bans_neither_leaves_anything_behind(gate: Any, at_once: bool) -> None:
    early = gate.came(device="d", agent=AGENT, ip="81.2.69.142", card="c")
    by_habits = gate.came(agent=AGENT, ip="81.2.69.142")
    by_device = gate.came(device="d", card="c")
    gate.said(by_habits)
    if not at_once:
        round_of(gate)
        assert gate.latest(early) is STEP_UP
    gate.said(by_device)
    round_of(gate)
    assert gate.latest(early) is DENY
    corrected(gate, by_habits)
    corrected(gate, by_device)

    round_of(gate)

    assert gate.latest(early) is ALLOW


@pytest.mark.parametrize("asked", ["at the door", "by a second look"])
def test_who_was_asked_for_one_ban_and_denied_for_another_is_let_in_without_them(gate: Any, asked: str) -> None:
    habits = {"agent": AGENT, "ip": "81.2.69.142"}
    early = gate.came(device="d", card="c", **habits)
    by_habits, by_device = gate.came(**habits), gate.came(device="d", card="c")
    gate.said(by_habits)
    if asked == "at the door":
        early = gate.came(device="d", card="c", **habits)
    else:
        gate.later(minutes=70)
        SecondLook(gate.store.begin, gate.judge, gate.telling(9).ask_again)(gate.now)
    assert gate.latest(early) is STEP_UP
    gate.said(by_device)
    round_of(gate)
    assert gate.latest(early) is DENY
    for view in (by_habits, by_device):
        corrected(gate, view)
        round_of(gate)

    assert gate.latest(early) is ALLOW


@pytest.mark.parametrize("how", ["cut", "exempt"])
def test_who_was_denied_is_let_in_though_what_he_shares_ties_nobody_by_then(
    gate: Any, banned: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("service.usecases.look_back.CARRIERS", 5)
    for kind, value in ((IdentifierKind.DEVICE, "d"), (IdentifierKind.PAYMENT, "c")):
        gate.later(seconds=90)
        taken_out(gate, kind, value, how)
    crowd = [gate.came(**each) for each in [{"device": "d"}, {"card": "c"}] * 6]
    assert set(gate.decisions(crowd)) == {"allow"}
    assert gate.cluster(gate.before) != gate.cluster(banned)
    corrected(gate, banned)

    round_of(gate)

    assert gate.latest(gate.before) is ALLOW


def taken_out(gate: Any, kind: IdentifierKind, value: str, how: str) -> None:
    if how == "exempt":
        gate.declare([(kind, value)], by="lea", reason="shared", until=None, now=gate.now)
        return
    (key,) = gate.read(lambda work: work.clusters.keys_of([(kind, value)]))
    handle, cluster = identifier_handle(kind, key.digest), gate.cluster(gate.before)
    gate.clusters.cut(cluster, handle, owner=None, by="lea", reason="shared", now=gate.now)


def test_who_is_in_review_waits_for_a_person(gate: Any) -> None:
    before = gate.came(device="d")
    view = gate.came(device="d")
    gate.said(view)
    round_of(gate)
    corrected(gate, view)

    round_of(gate)

    assert gate.latest(before) is REVIEW


def test_a_ban_that_is_corrected_before_it_was_looked_back_from_is_undone_too(gate: Any) -> None:
    view = gate.came(device="d", card="c")
    gate.said(view)
    newcomer = gate.came(device="d", card="c")
    assert gate.latest(newcomer) is DENY
    corrected(gate, view)

    round_of(gate)

    assert (gate.latest(newcomer), due(gate)) == (ALLOW, 0)


def test_who_is_banned_himself_by_now_is_not_let_in(gate: Any, banned: Any) -> None:
    newcomer = gate.came(device="d", card="c")
    corrected(gate, banned)
    gate.later(seconds=5)
    look_at = UndoBans._look_at

    def banned_meanwhile(undo: UndoBans, numbers: Any, now: Any) -> int:
        gate.said(newcomer)
        return look_at(undo, numbers, now)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(UndoBans, "_look_at", banned_meanwhile)
        gate.undo_bans(gate.now)

    assert gate.latest(newcomer) is DENY


def test_who_learnt_what_another_banned_account_carries_is_not_let_in(gate: Any, banned: Any) -> None:
    gate.said(gate.came(device="other"))
    other = gate.came(card="x")
    caller = Caller("campus", "k1", frozenset(Scope))
    gate.clusters.learn(gate.before.id, [Learnt(LearntKind("device_id"), "other")], caller=caller, now=gate.now)
    corrected(gate, banned)

    round_of(gate)

    assert (gate.latest(gate.before), gate.latest(other)) == (DENY, ALLOW)


def test_nobody_is_let_in_beside_what_is_contained(gate: Any, banned: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    tie = gate.came(device="r-d0", card="tie")
    caller = Caller("campus", "k1", frozenset(Scope))
    gate.clusters.learn(gate.before.id, [Learnt(LearntKind("payment_fingerprint"), "tie")], caller=caller, now=gate.now)
    assert gate.cluster(tie) == gate.cluster(gate.before) == gate.cluster(ring[0])
    for view in (*ring[5:], banned):
        corrected(gate, view)

    round_of(gate)

    assert gate.latest(gate.before) is DENY


@pytest.mark.parametrize("changes", [{"rules": ("watch",)}, {"linkage": {"bans": {"strong": 1, "triples_72h": 3}}}])
def test_who_was_asked_for_habits_is_left_to_that(gate: Any, banned: Any, changes: dict[str, Any]) -> None:
    newcomer = gate.came(device="d", card="c")
    stood = UndoBans._given_back

    def asked_for_habits(undo: UndoBans, work: Any, recorded: Any, member: Any, now: Any) -> Any:
        last = replace(recorded.assessments[-1], **changes)
        return stood(undo, work, replace(recorded, assessments=(*recorded.assessments[:-1], last)), member, now)

    corrected(gate, banned)
    gate.later(seconds=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(UndoBans, "_given_back", asked_for_habits)
        gate.undo_bans(gate.now)

    assert gate.latest(newcomer) is DENY


def test_who_would_be_in_review_without_the_ban_has_a_case(gate: Any, banned: Any) -> None:
    crowd = [gate.came(device="d", card="c") for _ in range(12)]
    assert set(gate.decisions(crowd)) == {"deny"}
    corrected(gate, banned)

    round_of(gate)

    held = [view for view in crowd if gate.latest(view) is REVIEW]
    assert held
    cases = [gate.read(lambda work, view=view: work.cases.of_subject("campus", f"signup:{view.id}")) for view in held]
    assert None not in cases


def test_a_ban_that_is_corrected_while_it_is_looked_back_from_is_undone(gate: Any) -> None:
    before, view = gate.came(device="d", card="c"), gate.came(device="d", card="c")
    gate.said(view)
    (due_ban,) = gate.read(lambda work: work.after_bans.bans(limit=10))
    corrected(gate, view)

    with gate.store.begin() as work:
        work.after_bans.looked_back(due_ban, at=gate.now)
        work.commit()

    assert due(gate) == 1
    assert gate.latest(before) is ALLOW


def test_a_ban_that_is_said_again_is_looked_back_from_and_undone_again(gate: Any, banned: Any) -> None:
    corrected(gate, banned)
    round_of(gate)
    gate.said(banned, source="law", reason="after all")
    round_of(gate)
    assert gate.latest(gate.before) is DENY

    gate.said(banned, "legitimate", source="law", reason="and again")
    round_of(gate)

    assert gate.latest(gate.before) is ALLOW


def test_who_failed_the_proof_that_he_was_asked_for_is_left_to_that(gate: Any) -> None:
    links = gate.chain(5)
    gate.proven(links[2], passed=False)
    gate.proven(links[3], passed=False)
    gate.said(links[0])
    round_of(gate)
    assert gate.latest(links[4]) is STEP_UP
    gate.later(seconds=1)
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", links[4].id)
        last = recorded.assessments[-1]
        denied = replace(last, id=gate.new_id(gate.now), decided_at=gate.now, decision=DENY)
        entry = AuditEntry(gate.now, "gatehouse", "step_up.settled", recorded.id, {})
        work.ledger.append_assessment(recorded.signup_no, denied, entry, [], after=last.id)
        work.commit()
    corrected(gate, links[0])

    round_of(gate)

    assert gate.latest(links[4]) is DENY


def test_what_is_interrupted_is_done_in_the_next_round(gate: Any, banned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    corrected(gate, banned)
    with monkeypatch.context() as killed:
        killed.setattr(UndoBans, "_look_at", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            round_of(gate)
    assert due(gate) == 1

    round_of(gate)

    assert gate.latest(gate.before) is ALLOW


def test_what_was_contained_for_bans_that_are_all_corrected_is_a_case(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.work()
    gate.look_back(gate.now)
    corrected(gate, ring[5])
    round_of(gate)
    assert [each.reason for each in gate.cases.cases.values()] == []

    for view in ring[6:]:
        corrected(gate, view)
    round_of(gate)

    (case,) = gate.cases.cases.values()
    assert (case.reason, case.size, case.detail["cluster"]) == ("CONTAINMENT_UNFOUNDED", 8, gate.cluster(ring[0]))
    assert case.note.startswith("8 accounts are contained, and no ban among them stands. ")
    told = gate.read(lambda work: work.audit.entries(action="cluster.to_be_reviewed", limit=10))
    assert len(told) == 1
    assert gate.decisions(ring[:5]) == ["deny"] * 5  # until a person releases it
