"""Cutting an identifier out: the members that only it tied part, and the undo makes them one again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.linkage.joining import GuardState
from service.domain.cluster import cluster_id
from service.domain.errors import ConflictError, NotFoundError

BY = {"owner": "campus", "by": "key:k", "reason": "shared_card"}


def handle_of(gate: Any, view: Any, kind: str) -> str:
    detail = gate.clusters.read(gate.cluster(view), owner="campus")
    return next(each.handle for each in detail.links if each.kind == kind)


def cut(gate: Any, view: Any, handle: str) -> Any:
    gate.later(seconds=1)
    return gate.clusters.cut(gate.cluster(view), handle, now=gate.now, **BY)


def test_members_whom_only_the_card_tied_part(gate: Any) -> None:
    left = [gate.came(card="departmental", device="left") for _ in range(3)]
    right = [gate.came(card="departmental", device="right") for _ in range(2)]
    alone = gate.came(card="departmental")

    parted = cut(gate, left[0], handle_of(gate, left[0], "payment"))

    assert parted.moved == 3
    assert len({gate.cluster(each) for each in left}) == len({gate.cluster(each) for each in right}) == 1
    assert len({gate.cluster(each) for each in (left[0], right[0], alone)}) == 3
    assert gate.came(card="departmental").cluster is None
    assert gate.came(device="right").cluster.size == 3
    (guard,) = gate.read(lambda work: work.clusters.guards())
    assert (guard.state, guard.by, guard.reason) == (GuardState.CUT, "key:k", "shared_card")


def test_an_undo_makes_them_one_again(gate: Any) -> None:
    everybody = [gate.came(card="departmental", device=f"d{at // 2}") for at in range(6)]
    handle = handle_of(gate, everybody[0], "payment")
    cut(gate, everybody[0], handle)
    assert len({gate.cluster(each) for each in everybody}) == 3

    gate.clusters.cut.undo(gate.cluster(everybody[0]), handle, now=gate.now, **BY)

    assert len({gate.cluster(each) for each in everybody}) == 1
    assert gate.read(lambda work: work.clusters.guards()) == ()
    assert gate.came(card="departmental").cluster.size == 7


def test_before_an_undo_it_is_said_who_comes_back(gate: Any) -> None:
    left = [gate.came(card="departmental", device="left") for _ in range(3)]
    right = [gate.came(card="departmental", device="right") for _ in range(2)]
    alone = gate.came(card="departmental")
    handle = handle_of(gate, left[0], "payment")
    cut(gate, left[0], handle)
    gate.came(device="right")

    back = gate.clusters.cut.preview(gate.cluster(left[0]), handle, owner="campus").back

    assert [(cluster_id(each.cluster), each.size, each.carriers) for each in back] == [
        (gate.cluster(right[0]), 3, 2),
        (gate.cluster(alone), 1, 1),
    ]


def test_a_second_cut_is_refused_and_one_that_was_interrupted_is_completed(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [gate.came(card="departmental") for _ in range(4)]
    handle = handle_of(gate, everybody[0], "payment")
    with monkeypatch.context() as broken:
        from service.usecases import cut_identifier

        broken.setattr(cut_identifier, "divide", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            cut(gate, everybody[0], handle)
    assert len({gate.cluster(each) for each in everybody}) == 1

    gate.later(minutes=1)
    assert cut(gate, everybody[0], handle).moved == 3
    with pytest.raises(ConflictError):
        cut(gate, everybody[0], handle)


@pytest.mark.parametrize("handle", ["payment_00ff", "nothing", "payment_xyz", "colour_00", "network_00"])
def test_what_nobody_in_it_carries_cannot_be_cut(gate: Any, handle: str) -> None:
    view = gate.came(card="c")
    with pytest.raises(NotFoundError):
        cut(gate, view, handle)


def test_what_was_not_cut_cannot_be_undone(gate: Any) -> None:
    view, _ = gate.came(card="c"), gate.came(card="c")
    with pytest.raises(ConflictError):
        gate.clusters.cut.undo(gate.cluster(view), handle_of(gate, view, "payment"), now=gate.now, **BY)


def test_many_parts_are_moved_in_bounded_transactions(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.usecases import move_members

    monkeypatch.setattr(move_members, "MEMBERS_A_TRANSACTION", 4)
    everybody = [gate.came(card="departmental") for _ in range(11)]

    assert cut(gate, everybody[0], handle_of(gate, everybody[0], "payment")).moved == 10
    assert len({gate.cluster(each) for each in everybody}) == 11


_CARRIED = st.lists(
    st.fixed_dictionaries(
        {}, optional={"device": st.sampled_from("abc"), "card": st.sampled_from("xy"), "phone": st.sampled_from("pq")}
    ),
    min_size=2,
    max_size=8,
)
_PHONES = {"p": "+33612345678", "q": "+33698765432"}


def test_what_a_cut_leaves_is_the_partition_of_those_who_never_had_the_identifier(memory_gate: Any) -> None:
    worlds = iter(range(10_000))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(carried=_CARRIED)
    def holds(carried: list[dict[str, str]]) -> None:
        world = next(worlds)
        gate = type(memory_gate)(type(memory_gate.store)(), memory_gate.reference)

        def came(each: dict[str, str], *, card: bool) -> Any:
            values = {kind: f"{world}-{value}" for kind, value in each.items() if kind != "phone"}
            if "phone" in each:
                values["phone"] = _PHONES[each["phone"]]
            if not card and each.get("card") == "x":
                del values["card"]
            return gate.came(**values)

        whole = [came(each, card=True) for each in carried]
        sharing = [view for view, each in zip(whole, carried, strict=True) if each.get("card") == "x"]
        if len(sharing) >= 2:
            member = gate.read(lambda work: work.clusters.member(gate.number(sharing[0])))
            key = next(each for each in member.identifiers if each.kind == "payment")
            cut(gate, sharing[0], f"payment_{key.digest.hex()}")
        other = type(gate)(type(gate.store)(), gate.reference)
        gate, whole_gate = other, gate
        never = [came(each, card=len(sharing) < 2) for each in carried]

        assert _parts(whole_gate, whole) == _parts(gate, never)

    holds()


def _parts(gate: Any, views: list[Any]) -> set[frozenset[int]]:
    parts: dict[str, set[int]] = {}
    for at, view in enumerate(views):
        parts.setdefault(gate.cluster(view), set()).add(at)
    return {frozenset(part) for part in parts.values()}
