"""The file of a cluster: what ties it, who looks honest, what was done about it, and an identifier in clear."""

from __future__ import annotations

from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from service.domain.decision import Decision
from service.domain.errors import NotFoundError
from service.usecases.honest_looking import looks_honest, trust_signs
from service.usecases.ports_cluster_list import Standing

Kind = IdentifierKind
LEA = "reviewer:lea"


def file_of(gate: Any, view: Any, **changes: Any) -> Any:
    return gate.clusters.file(gate.cluster(view), **({"owner": None} | changes))


def test_what_ties_most_accounts_comes_first_with_how_many_since_when_and_the_frauds(gate: Any) -> None:
    views = [gate.came(device="one", card="few" if at < 2 else None) for at in range(4)]
    gate.said(views[1])

    file = file_of(gate, views[0])

    device, card = file.shared
    assert (device.kind, device.accounts, device.frauds, device.ties) == (Kind.DEVICE, 4, 1, True)
    assert (card.kind, card.accounts) == (Kind.PAYMENT, 2)
    assert device.since == file.moments[0].occurred_at
    assert (file.tied, file.kinds[Kind.DEVICE], file.summary.frauds) == (4, 1, 1)
    assert [each.shares for each in file.members[:3]] == [(Kind.DEVICE, Kind.PAYMENT)] * 2 + [(Kind.DEVICE,)]


def test_what_is_cut_out_is_shown_and_ties_nobody_and_a_preview_says_who_would_leave(gate: Any) -> None:
    views = [gate.came(device="one", card="few" if at < 2 else None) for at in range(4)]
    name, handle = gate.cluster(views[0]), file_of(gate, views[0]).shared[0].handle

    preview = gate.clusters.cut.preview(name, handle, owner=None)
    assert (preview.carriers, preview.parts, preview.guard) == (4, (1, 1), None)
    assert len(file_of(gate, views[0]).members) == 4
    parted = gate.clusters.cut(name, handle, owner=None, by=LEA, reason="shared_by_honest", now=gate.now)

    assert parted.moved == sum(preview.parts)
    card, device = file_of(gate, views[0]).shared
    assert (card.kind, card.ties, card.guard) == (Kind.PAYMENT, True, None)
    assert (device.guard.state, device.guard.by, device.ties) == (GuardState.CUT, LEA, False)
    assert gate.clusters.cut.preview(name, handle, owner=None).parts == ()


def test_verified_good_accounts_are_flagged_and_so_are_two_signs_of_trust(gate: Any) -> None:
    views = [gate.came(device="one") for _ in range(3)]
    gate.said(views[2], "legitimate")

    assert [each.id for each in file_of(gate, views[0]).honest] == [views[2].id]


MEMBERS_ONLY = {"academic": True, "academic_withdrawn": False, "open_enrolment": False}


@pytest.mark.parametrize(
    ("signals", "signs"),
    [
        ({"email": MEMBERS_ONLY, "network": {"academic": True}}, 2),
        ({"email": MEMBERS_ONLY}, 1),
        ({"email": MEMBERS_ONLY | {"open_enrolment": True}, "network": {"academic": True}}, 1),
        ({"email": MEMBERS_ONLY | {"academic_withdrawn": True}, "payment": {"three_d_secure": 1.0}}, 1),
        ({"identity": {"sponsor_academic": True, "sponsor_same_institution": None}}, 0),
        ({}, 0),
    ],
)
def test_a_sign_of_trust_must_be_hard_to_come_by(signals: Any, signs: int) -> None:
    standing = Standing(Decision.REVIEW, 0.8, signals)

    assert len(trust_signs(standing)) == signs
    assert looks_honest(None, standing) is (signs >= 2)


def test_other_owners_members_are_counted_and_not_shown(gate: Any) -> None:
    views = [gate.came(device="one") for _ in range(2)]

    file = file_of(gate, views[0], owner="campus")
    assert len(file.members) == 2
    with pytest.raises(NotFoundError):
        file_of(gate, views[0], owner="somebody else")


def test_the_graph_leads_from_what_ties_to_the_accounts_tied(gate: Any) -> None:
    views = [gate.came(device="one", card=f"c{at // 2}") for at in range(4)]

    graph = gate.clusters.file.graph(gate.cluster(views[0]), owner=None)

    numbers = [gate.number(view) for view in views]
    tied = {tuple(kind for kind, _ in name): [] for name in graph.ties}
    for name, members in graph.ties.items():
        tied[tuple(kind for kind, _ in name)].append(list(members))
    assert tied == {(Kind.DEVICE,): [numbers], (Kind.PAYMENT,): [numbers[:2], numbers[2:]]}
    assert [graph.accounts[number].id for number in numbers] == [view.id for view in views]


def test_a_page_of_members_continues_where_the_one_before_ended(gate: Any) -> None:
    views = [gate.came(device="one") for _ in range(5)]

    first = file_of(gate, views[0], limit=3)
    second = file_of(gate, views[0], limit=3, after_no=first.next_no)

    assert [each.id for each in (*first.members, *second.members)] == [view.id for view in views]
    assert second.next_no is None


def test_the_history_says_who_did_what_and_why_newest_first(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    name = gate.cluster(ring[0])
    gate.clusters.contain.start(name, owner=None, by=LEA, reason="fraud_ring", now=gate.now, ask=False)
    gate.later(minutes=1)
    gate.clusters.contain.release(name, owner=None, by=LEA, reason="mistake", now=gate.now)

    history = file_of(gate, ring[0]).history

    assert [(each.action, each.detail["reason"]) for each in history] == [
        ("cluster.released", "mistake"),
        ("cluster.contained", "fraud_ring"),
    ]


def test_a_request_that_is_released_is_told_from_a_containment_that_was(memory_gate: Any) -> None:
    gate = memory_gate
    name = gate.cluster(gate.ring(8, frauds=1)[0])
    for asked in (True, False):
        gate.clusters.contain.start(name, owner=None, by=LEA, reason="fraud_ring", now=gate.now, ask=asked)
        gate.clusters.contain.release(name, owner=None, by=LEA, reason="mistake", now=gate.now)
        gate.later(minutes=1)

    history = gate.read(lambda work: work.audit.entries(subject=name, action="cluster.released"))

    assert [each.detail.get("waited") for each in history] == [None, True]


def test_an_identifier_is_told_in_clear_and_that_somebody_asked_is_on_record(gate: Any) -> None:
    views = [gate.came(device="d-77", phone="+442079460018") for _ in range(2)]
    name = gate.cluster(views[0])
    values = {}

    for each in file_of(gate, views[0]).shared:
        values[each.kind] = gate.clusters.reveal(name, each.handle, owner=None, by=LEA, now=gate.now)

    assert values == {Kind.DEVICE: "d-77", Kind.PHONE: "+442079460018"}
    entries = gate.read(lambda work: work.audit.entries(subject=name, action="cluster.identifier_revealed"))
    assert [(each.actor, set(each.detail)) for each in entries] == [(LEA, {"identifier"})] * 2
    assert "d-77" not in str(entries)


def test_an_identifier_that_nobody_in_the_cluster_carries_is_not_told(memory_gate: Any) -> None:
    gate = memory_gate
    mine, other = [gate.came(device="mine") for _ in range(2)], [gate.came(device="other") for _ in range(2)]
    handle = file_of(gate, other[0]).shared[0].handle

    with pytest.raises(NotFoundError):
        gate.clusters.reveal(gate.cluster(mine[0]), handle, owner=None, by=LEA, now=gate.now)

    assert not gate.read(lambda work: work.audit.entries(action="cluster.identifier_revealed"))


def test_bans_and_what_was_said_after_them_come_newest_first_with_what_was_said_before(gate: Any) -> None:
    views = [gate.came(device="one") for _ in range(3)]
    elsewhere = gate.came()
    gate.said(elsewhere)
    gate.said(views[0], "legitimate", source="partner")
    gate.said(views[1], reason="stolen_card")
    gate.said(views[1], "legitimate", source="law")
    gate.said(views[2])
    gate.said(views[2], "unknown")

    lines = file_of(gate, views[0]).bans

    told = [(each.signup_id, each.outcome.said.label.value, len(each.earlier)) for each in lines]
    assert told == [
        (views[2].signup_id, "unknown", 1),
        (views[2].signup_id, "fraud", 0),
        (views[1].signup_id, "legitimate", 1),
        (views[1].signup_id, "fraud", 0),
    ]
    assert (lines[3].outcome.said.reason, lines[3].outcome.by) == ("stolen_card", "key:k1")


def test_of_many_bans_the_newest_are_told_and_of_another_owner_s_not_whose_they_are(gate: Any) -> None:
    views = [gate.came(device="one") for _ in range(25)]
    for view in views:
        gate.said(view)

    lines = file_of(gate, views[0]).bans
    gate.came(device="one", owner="other")
    others = file_of(gate, views[0], owner="other").bans

    assert [each.signup_id for each in lines] == [view.signup_id for view in reversed(views[5:])]
    assert {each.signup_id for each in others} == {None}
