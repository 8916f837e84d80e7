"""A ban that is corrected while something near it is contained: what it did is undone once that is released."""

from __future__ import annotations

from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.marks import Mark
from service.domain.case import CaseState
from service.domain.cluster import identifier_handle
from service.domain.decision import Decision
from service.usecases.carry_out import CarryOut
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.undo_bans import UndoBans
from tests.clusters.test_corrected_pieces import pieces, states
from tests.clusters.test_framed import learns
from tests.clusters.test_settled_cases import contain, release
from tests.clusters.test_undo_bans import AGENT, corrected, due, round_of
from tests.clusters.test_unfounded import people, unfounded

__all__ = ["people"]

ALLOW, STEP_UP, REVIEW, DENY = Decision
HABITS = {"agent": AGENT, "ip": "81.2.69.142"}


@pytest.fixture(params=[{"device": "d", "card": "c"}, HABITS], ids=["denied", "asked"])
def banned(gate: Any, request: pytest.FixtureRequest) -> Any:
    """Somebody who was banned by mistake, and of whom somebody else was denied, or asked, by the look back."""
    gate.before = gate.came(**request.param)
    view = gate.came(**request.param)
    gate.said(view)
    round_of(gate)
    assert gate.latest(gate.before) in (DENY, STEP_UP)
    return view


@pytest.mark.parametrize("first", ["correction", "release"])
def test_who_was_asked_or_denied_for_it_is_let_in_after_correction_and_release(
    gate: Any, banned: Any, first: str
) -> None:
    contain(gate, banned, whole=True)
    assert gate.latest(gate.before) is DENY

    if first == "release":
        release(gate, banned)
    corrected(gate, banned)
    round_of(gate)
    if first == "correction":
        assert (gate.latest(gate.before), due(gate)) == (DENY, 0)
        release(gate, banned)
    round_of(gate)

    assert (gate.latest(gate.before), due(gate)) == (ALLOW, 0)


def test_who_is_contained_at_the_very_moment_is_not_let_in(
    gate: Any, banned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(gate, banned)
    gate.later(seconds=1)
    look_at = UndoBans._look_at

    def contained_meanwhile(undo: UndoBans, numbers: Any, now: Any) -> int:
        contain(gate, banned, whole=True)
        return look_at(undo, numbers, now)

    with monkeypatch.context() as patched:
        patched.setattr(UndoBans, "_look_at", contained_meanwhile)
        gate.undo_bans(gate.now)

    assert gate.latest(gate.before) is DENY


def test_what_the_containment_alone_had_made_is_left_to_its_release(
    gate: Any, banned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    learns(gate, gate.before, "own", "own")
    beside = gate.came(device="own")
    assert gate.latest(beside) is ALLOW
    contain(gate, banned, whole=True)
    corrected(gate, banned)
    round_of(gate)
    with monkeypatch.context() as late:
        late.setattr(CarryOut, "batch", lambda *_: 0)
        release(gate, banned)
        gate.undo_bans(gate.now)
    assert (gate.latest(gate.before), gate.latest(beside), due(gate)) == (ALLOW, DENY, 0)

    round_of(gate)

    assert gate.decisions([gate.before, beside]) == ["allow"] * 2
    last = gate.read(lambda work: work.ledger.get("campus", beside.id)).assessments[-1]
    assert [each.code for each in last.reasons][-1] == "CONTAINMENT_RELEASED"


def test_who_was_asked_for_a_containment_and_denied_for_a_ban_is_let_in_without_both(gate: Any) -> None:
    leaf = gate.came(device="r-d0", card="c")
    ring = gate.ring(8, frauds=3)
    round_of(gate)
    assert gate.latest(leaf) is STEP_UP
    learns(gate, leaf, "d", "c")
    banned = gate.came(device="d", card="c")
    gate.said(banned)
    gate.look_back(gate.now)
    recorded = gate.read(lambda work: work.ledger.get("campus", leaf.id))
    assert [each.decision for each in recorded.assessments] == [ALLOW, STEP_UP, DENY]
    for view in (*ring[5:], banned):
        corrected(gate, view)
    round_of(gate)

    release(gate, leaf)
    round_of(gate)

    assert gate.latest(leaf) is ALLOW


def test_a_request_that_is_declined_stands_in_the_way_no_more(gate: Any, banned: Any) -> None:
    cluster, by_lea = gate.cluster(banned), {"owner": "campus", "by": "lea", "reason": "ring"}
    asked = gate.clusters.contain.start(cluster, now=gate.now, whole=True, ask=True, **by_lea)
    corrected(gate, banned)
    round_of(gate)
    assert gate.latest(gate.before) in (DENY, STEP_UP)

    gate.clusters.contain.decline(cluster, asked.id, now=gate.now, **by_lea)
    round_of(gate)

    assert gate.latest(gate.before) is ALLOW


def test_a_ban_that_stands_is_undone_by_no_release(gate: Any, banned: Any) -> None:
    before = gate.latest(gate.before)
    contain(gate, banned, whole=True)

    release(gate, banned)

    assert due(gate) == 0
    round_of(gate)
    assert gate.latest(gate.before) is before


def test_who_was_cut_out_of_what_is_contained_waits_for_the_release_of_his_part(gate: Any) -> None:
    before, banned = gate.came(device="d", card="c"), gate.came(device="d", card="c")
    gate.said(banned)
    round_of(gate)
    contain(gate, banned, whole=True)
    for kind, value in ((IdentifierKind.DEVICE, "d"), (IdentifierKind.PAYMENT, "c")):
        (key,) = gate.read(lambda work, key=(kind, value): work.clusters.keys_of([key]))
        gate.later(seconds=90)
        handle = identifier_handle(kind, key.digest)
        gate.clusters.cut(gate.cluster(banned), handle, owner="campus", by="lea", reason="shared", now=gate.now)
    assert gate.cluster(before) != gate.cluster(banned)
    corrected(gate, banned)
    round_of(gate)
    release(gate, banned)
    round_of(gate)
    assert (gate.latest(before), due(gate)) == (DENY, 0)

    release(gate, before)
    round_of(gate)

    assert (gate.latest(before), due(gate)) == (ALLOW, 0)


def test_the_case_of_its_piece_that_a_release_gives_back_is_closed_again(gate: Any, people: CaseUseCases) -> None:
    del people
    ring = gate.ring(8, frauds=1)
    round_of(gate)
    contain(gate, ring[0])
    assert states(gate, ring) == [CaseState.RESOLVED]
    corrected(gate, ring[7])
    round_of(gate)
    assert len(unfounded(gate)) == 1

    release(gate, ring[0])
    round_of(gate)

    (piece,) = pieces(gate, ring)
    assert (piece.state, piece.reason_code) == (CaseState.RESOLVED, "BANS_CORRECTED")


def test_an_account_that_was_put_off_is_looked_back_from_when_it_is_banned(gate: Any) -> None:
    view = gate.came(device="d", card="c")
    kin = gate.came(device="d", card="c")
    with gate.store.begin() as work:
        work.after_bans.put_off(gate.number(view), at=gate.now)
        work.commit()
    assert due(gate) == 0

    gate.said(view)
    with gate.store.begin() as work:
        work.after_bans.put_off(gate.number(view), at=gate.now)
        work.after_bans.take_up(work.clusters.cluster_of(gate.number(view)), at=gate.now)
        work.commit()
    assert (due(gate), len(gate.read(lambda work: work.after_bans.bans(limit=9)))) == (0, 1)
    round_of(gate)

    assert gate.latest(kin) is DENY
    assert gate.read(lambda work: work.clusters.member(gate.number(view))).label is Mark.BANNED
