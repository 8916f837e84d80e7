"""A cut while sign-ups come, and one that is interrupted: nobody is left behind in the cluster that was divided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.errors import ConflictError
from service.usecases import divide_cluster, move_members
from service.usecases.learn_identifiers import LearntKind
from tests.clusters.releasing import learns

BY = {"owner": "campus", "by": "key:k", "reason": "shared_card"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def handle_of(gate: Any, view: Any, kind: str) -> str:
    detail = gate.clusters.read(gate.cluster(view), owner="campus")
    return next(each.handle for each in detail.links if each.kind == kind)


def cut(gate: Any, view: Any, handle: str) -> Any:
    return gate.clusters.cut(gate.cluster(view), handle, now=gate.now, **BY)


def undo(gate: Any, view: Any, handle: str) -> Any:
    return gate.clusters.cut.undo(gate.cluster(view), handle, now=gate.now, **BY)


def test_whoever_joins_during_a_cut_follows_the_part_that_it_belongs_to(gate: Any, meanwhile: Any) -> None:
    left = [gate.came(card="shared", device="left") for _ in range(3)]
    right = [gate.came(card="shared", device="right") for _ in range(2)]
    came: dict[str, Any] = {}

    def join() -> None:
        came["both"] = gate.came(card="shared", device="right")
        came["device"] = gate.came(device="right", phone="+33612345678")
        came["through it"] = gate.came(phone="+33612345678")
        came["staying"] = gate.came(card="shared", device="left")
        came["card"] = gate.came(card="shared")

    meanwhile(join)
    parted = cut(gate, left[0], handle_of(gate, left[0], "payment"))

    there, here = gate.cluster(right[0]), gate.cluster(left[0])
    assert there != here
    assert [gate.cluster(came[each]) for each in ("both", "device", "through it", "staying")] == [there] * 3 + [here]
    assert gate.cluster(came["card"]) not in (here, there)
    assert parted.moved == 5
    assert gate.cluster(gate.came(phone="+33612345678")) == there


def test_whoever_shares_two_medium_identifiers_with_a_part_follows_it_too(gate: Any, meanwhile: Any) -> None:
    left = [gate.came(card="shared", device="left") for _ in range(3)]
    right = [gate.came(card="shared", ip="90.1.2.3", agent=FIREFOX) for _ in range(2)]
    came: list[Any] = []
    meanwhile(lambda: came.append(gate.came(ip="90.1.2.3", agent=FIREFOX)))

    cut(gate, left[0], handle_of(gate, left[0], "payment"))

    assert gate.cluster(left[0]) != gate.cluster(right[0]) == gate.cluster(came[0])


def test_whoever_ties_two_parts_during_a_cut_makes_them_one(gate: Any, meanwhile: Any) -> None:
    pairs = {name: [gate.came(card="shared", device=name) for _ in range(2)] for name in ("a", "b", "c")}
    three = gate.came(card="shared", device="a")
    came: list[Any] = []

    def join() -> None:
        came.append(gate.came(device="b", phone="+33612345678"))
        came.append(gate.came(device="c", phone="+33612345678"))

    meanwhile(join)
    cut(gate, three, handle_of(gate, three, "payment"))

    assert gate.cluster(pairs["a"][0]) == gate.cluster(three)
    tied = [*pairs["b"], *pairs["c"], *came]
    assert len({gate.cluster(each) for each in tied}) == 1
    assert gate.cluster(three) != gate.cluster(tied[0])


def test_whoever_ties_a_part_to_those_who_stay_makes_them_one(gate: Any, meanwhile: Any) -> None:
    left = [gate.came(card="shared", device="left") for _ in range(3)]
    right = [gate.came(card="shared", device="right") for _ in range(2)]
    other = gate.came(card="shared")

    def join() -> None:
        gate.came(device="left", phone="+33612345678")
        gate.came(device="right", phone="+33612345678")

    meanwhile(join)
    cut(gate, left[0], handle_of(gate, left[0], "payment"))

    assert len({gate.cluster(each) for each in [*left, *right]}) == 1
    assert gate.cluster(other) != gate.cluster(left[0])


@pytest.mark.parametrize("device", ["left", "other"])
def test_what_somebody_who_leaves_learns_during_a_cut_ties_where_they_are_by_then(
    gate: Any, meanwhile: Any, device: str
) -> None:
    left = [gate.came(card="shared", device="left") for _ in range(3)]
    right = [gate.came(card="shared", device="right") for _ in range(2)]
    others = [gate.came(device="other") for _ in range(2)]

    meanwhile(lambda: learns(gate, right[0], LearntKind.DEVICE_ID, device))
    cut(gate, left[0], handle_of(gate, left[0], "payment"))

    tied, apart = (left, others) if device == "left" else (others, left)
    assert len({gate.cluster(each) for each in (*right, *tied)}) == 1
    assert gate.cluster(apart[0]) != gate.cluster(right[0])


def test_whoever_asks_for_a_cut_that_is_under_way_is_told_so(gate: Any, meanwhile: Any) -> None:
    people = [gate.came(card="shared") for _ in range(3)]
    handle = handle_of(gate, people[0], "payment")

    def ask() -> None:
        with pytest.raises(ConflictError, match="ties nobody already"):
            cut(gate, people[0], handle)

    meanwhile(ask)
    parted = cut(gate, people[0], handle)

    assert parted.moved == 2
    assert recorded(gate, "cluster.cut") == 1


def test_of_two_who_undo_a_cut_at_the_same_time_one_is_refused(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [gate.came(card="shared") for _ in range(3)]
    handle = handle_of(gate, people[0], "payment")
    cut(gate, people[0], handle)
    kind, beside = type(gate.read(lambda work: work.clusters)), iter([undo])
    unite = kind.unite

    def united(*arguments: Any, **named: Any) -> None:
        unite(*arguments, **named)
        for each in beside:
            each(gate, people[1], handle)

    monkeypatch.setattr(kind, "unite", united)
    with pytest.raises(ConflictError, match="lifted already"):
        undo(gate, people[0], handle)

    assert len({gate.cluster(each) for each in people}) == 1
    assert recorded(gate, "cluster.cut_undone") == 1


def recorded(gate: Any, action: str) -> int:
    entries = gate.read(lambda work: work.audit.entries(limit=100))
    return [each.action for each in entries].count(action)


@contextmanager
def killed_after(gate: Any, monkeypatch: pytest.MonkeyPatch, transactions: int) -> Iterator[None]:
    """What is done inside ends after so many transactions that move members."""
    kind, left = type(gate.read(lambda work: work.clusters)), iter(range(transactions))

    def dying(original: Callable[..., None]) -> Callable[..., None]:
        def step(*arguments: Any, **named: Any) -> None:
            if next(left, None) is None:
                raise RuntimeError("killed")
            original(*arguments, **named)

        return step

    with monkeypatch.context() as broken:
        for name in ("split", "move", "unite"):
            broken.setattr(kind, name, dying(getattr(kind, name)))
        with pytest.raises(RuntimeError, match="killed"):
            yield


def test_who_came_during_a_cut_that_was_interrupted_follows_its_part_when_the_cut_is_completed(
    gate: Any, meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move_members, "MEMBERS_A_TRANSACTION", 2)
    left = [gate.came(card="shared", device="left") for _ in range(3)]
    right = [gate.came(card="shared", device="right") for _ in range(2)]
    others = [gate.came(card="shared") for _ in range(3)]
    handle = handle_of(gate, left[0], "payment")
    came: list[Any] = []
    meanwhile(lambda: came.extend([gate.came(card="shared", device="right"), gate.came(device="right")]))
    with killed_after(gate, monkeypatch, 1):
        cut(gate, left[0], handle)
    assert gate.cluster(right[0]) != gate.cluster(came[0]) == gate.cluster(left[0])

    gate.later(minutes=1)
    cut(gate, left[0], handle)

    assert {gate.cluster(each) for each in came} == {gate.cluster(each) for each in right}
    assert len({gate.cluster(each) for each in (left[0], right[0], *others)}) == 5
    assert len({gate.cluster(each) for each in left}) == 1


@pytest.mark.parametrize("transactions", [1, 2, 3])
def test_a_large_part_is_moved_in_several_transactions_and_stays_one_when_interrupted(
    gate: Any, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    monkeypatch.setattr(move_members, "MEMBERS_A_TRANSACTION", 2)
    left = [gate.came(card="shared", device="left") for _ in range(9)]
    right = [gate.came(card="shared", device="right") for _ in range(7)]
    handle = handle_of(gate, left[0], "payment")
    with killed_after(gate, monkeypatch, transactions):
        cut(gate, left[0], handle)
    joined = gate.came(device="right")

    gate.later(minutes=1)
    cut(gate, left[0], handle)

    assert len({gate.cluster(each) for each in left}) == len({gate.cluster(each) for each in [*right, joined]}) == 1
    assert gate.cluster(left[0]) != gate.cluster(right[0])
    assert gate.cluster(gate.came(device="right")) == gate.cluster(right[0])


@pytest.mark.parametrize("transactions", [0, 1])
def test_an_undo_that_was_interrupted_is_completed(
    gate: Any, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    monkeypatch.setattr(divide_cluster, "CLUSTERS_A_TRANSACTION", 2)
    everybody = [gate.came(card="shared", device=f"d{at // 2}") for at in range(10)]
    handle = handle_of(gate, everybody[0], "payment")
    cut(gate, everybody[0], handle)
    with killed_after(gate, monkeypatch, transactions):
        undo(gate, everybody[0], handle)
    assert len({gate.cluster(each) for each in everybody}) == 5 - 2 * transactions

    undo(gate, everybody[0], handle)

    assert len({gate.cluster(each) for each in everybody}) == 1
    with pytest.raises(ConflictError):
        undo(gate, everybody[0], handle)
    assert recorded(gate, "cluster.cut_undone") == 1


def test_a_guard_whose_dropping_was_interrupted_is_dropped_in_the_next_round(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [gate.came(card="pi") for _ in range(3)]
    until = gate.now + timedelta(days=1)
    declared = {"by": "reviewer:dana", "reason": "departmental_card", "until": until, "now": gate.now}
    gate.declare([(IdentifierKind.PAYMENT, "pi")], **declared)
    gate.now = until
    with killed_after(gate, monkeypatch, 0):
        gate.recognise(gate.now)

    gate.recognise(gate.now)

    assert len({gate.cluster(each) for each in people}) == 1
    assert gate.read(lambda work: work.clusters.guards()) == ()


def test_the_undo_of_a_medium_identifier_only_lets_it_tie_in_pairs_again(gate: Any) -> None:
    groups = [[gate.came(device=f"d{group}", ip="90.1.2.3") for _ in range(3)] for group in range(4)]
    handle = handle_of(gate, groups[0][0], "ip")
    cut(gate, groups[0][0], handle)
    assert gate.came(device="d9", ip="90.1.2.3", agent=FIREFOX).cluster is None
    assert gate.came(device="d8", ip="90.1.2.3", agent=FIREFOX).cluster is None

    undo(gate, groups[0][0], handle)

    assert len({gate.cluster(each) for group in groups for each in group}) == 4
    assert gate.read(lambda work: work.clusters.guards()) == ()
    assert gate.came(device="d7", ip="90.1.2.3", agent=FIREFOX).cluster is not None
    with pytest.raises(ConflictError):
        undo(gate, groups[0][0], handle)
