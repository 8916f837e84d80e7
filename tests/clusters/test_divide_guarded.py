"""What is guarded is divided, though whoever set the guard died before dividing: once a process, and some a round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from service.domain.cluster import identifier_handle
from service.domain.errors import ConflictError
from service.usecases import cut_identifier, divide_guarded, recognise_shared
from service.usecases.divide_guarded import DivideGuarded

Kind = IdentifierKind


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker dies when it is about to divide."""

    def die(*_: Any, **__: Any) -> int:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(recognise_shared, "divide", die)
        with pytest.raises(RuntimeError, match="killed"):
            yield


def declare(gate: Any, kind: Kind, value: str) -> None:
    gate.declare([(kind, value)], by="reviewer:dana", reason="departmental", until=None, now=gate.now)


def exempted(gate: Any, monkeypatch: pytest.MonkeyPatch, kind: Kind, value: str) -> None:
    """A worker dies right after it guarded what is exempted."""
    with killed(monkeypatch):
        declare(gate, kind, value)


def clusters(gate: Any, people: list[Any]) -> int:
    return len({gate.cluster(each) for each in people})


def test_what_a_worker_that_died_left_undivided_is_divided_after_its_restart(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [gate.came(card="pi", device=f"d{at // 2}") for at in range(6)]
    exempted(gate, monkeypatch, Kind.PAYMENT, "pi")
    assert clusters(gate, people) == 1
    restarted = DivideGuarded(gate.store.begin)

    assert (restarted(gate.now), restarted(gate.now)) == (4, 0)

    assert clusters(gate, people) == 3


def test_so_is_what_evidence_made_shared(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    family = []
    for at in range(4):
        family.append(gate.came(device="tablet", mail=f"person{'abcd'[at]}@home.example"))
        gate.later(days=4)
    for each in family:
        gate.said(each, "legitimate")
    with killed(monkeypatch):
        gate.recognise(gate.now)
    assert clusters(gate, family) == 1

    DivideGuarded(gate.store.begin)(gate.now)

    assert clusters(gate, family) == 4


def test_a_guard_is_looked_at_once_until_it_is_set_anew(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [gate.came(card="pi") for _ in range(2)]
    divide, looked = DivideGuarded(gate.store.begin), []
    several = divide_guarded.clusters_with_several
    monkeypatch.setattr(divide_guarded, "clusters_with_several", lambda *each: looked.append(each) or several(*each))
    declare(gate, Kind.PAYMENT, "pi")
    for _ in range(3):
        divide(gate.now)
    assert len(looked) == 1

    (guard,) = gate.read(lambda work: work.clusters.guards())
    recognise_shared.drop(gate.store.begin, guard, why="no longer exempt", now=gate.now)
    divide(gate.now)
    exempted(gate, monkeypatch, Kind.PAYMENT, "pi")

    assert divide(gate.now) == 1
    assert len(looked) == 2
    assert clusters(gate, people) == 2


def test_whom_a_fresh_guard_tied_at_the_last_moment_is_parted_a_minute_later(gate: Any) -> None:
    people = [gate.came(card="pi") for _ in range(2)]
    divide = DivideGuarded(gate.store.begin)
    declare(gate, Kind.PAYMENT, "pi")
    assert (divide(gate.now), clusters(gate, people)) == (0, 2)
    with gate.store.begin() as work:
        numbers = [work.clusters.cluster_of(gate.number(each)) for each in people]
        work.clusters.unite(numbers, through=1, at=gate.now)
        work.commit()
    gate.later(seconds=30)
    assert (divide(gate.now), clusters(gate, people)) == (0, 1)

    gate.later(seconds=30)

    assert (divide(gate.now), clusters(gate, people)) == (1, 2)
    assert divide(gate.now) == 0


def test_some_are_looked_at_a_round(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(divide_guarded, "LOOKS_A_ROUND", 3)
    pairs = [[gate.came(card=f"c{at}") for _ in range(2)] for at in range(5)]
    for at in range(5):
        exempted(gate, monkeypatch, Kind.PAYMENT, f"c{at}")
    divide = DivideGuarded(gate.store.begin)

    assert [divide(gate.now) for _ in range(4)] == [2, 2, 1, 0]
    assert [clusters(gate, pair) for pair in pairs] == [2] * 5


def test_a_cluster_that_others_kept_changing_is_looked_at_again_and_holds_up_no_other(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [[gate.came(card=f"c{at}") for _ in range(2)] for at in range(2)]
    for at in range(2):
        exempted(gate, monkeypatch, Kind.PAYMENT, f"c{at}")
    divide, original = DivideGuarded(gate.store.begin), divide_guarded.divide
    first = iter([ConflictError("members came and left all the time")])

    def busy(*arguments: Any, **named: Any) -> Any:
        for each in first:
            raise each
        return original(*arguments, **named)

    monkeypatch.setattr(divide_guarded, "divide", busy)

    assert [divide(gate.now) for _ in range(3)] == [1, 1, 0]
    assert [clusters(gate, pair) for pair in pairs] == [2, 2]


def interrupted_cut(gate: Any, monkeypatch: pytest.MonkeyPatch, kind: Kind, value: str, view: Any) -> None:
    (key,) = gate.read(lambda work: work.clusters.keys_of([(kind, value)]))
    handle = identifier_handle(key.kind, key.digest)
    with monkeypatch.context() as patch:
        patch.setattr(cut_identifier, "divide", lambda *_, **__: ())
        gate.clusters.cut(gate.cluster(view), handle, owner="campus", by="key:k", reason="shared", now=gate.now)


def test_a_cut_that_was_interrupted_is_completed_once_whoever_asked_for_it_must_be_done(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [gate.came(card="pi") for _ in range(2)]
    interrupted_cut(gate, monkeypatch, Kind.PAYMENT, "pi", people[0])
    divide = DivideGuarded(gate.store.begin)

    assert divide(gate.now) == 0
    assert clusters(gate, people) == 1
    gate.later(minutes=1)
    assert divide(gate.now) == 1
    assert clusters(gate, people) == 2
    assert [guard.state for guard in gate.read(lambda work: work.clusters.guards())] == [GuardState.CUT]


def test_a_cut_of_what_ties_in_pairs_is_completed_in_the_cluster_that_was_named(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = {"name": "Oriane Maupertuis", "born": 1999}, {"name": "Ifeoma Brandt", "born": 2001}
    people = [gate.came(ip="81.57.3.9", **here) for _ in range(2)]
    others = [gate.came(ip="81.57.3.9", **there) for _ in range(2)]
    assert (clusters(gate, people), clusters(gate, others)) == (1, 1)
    interrupted_cut(gate, monkeypatch, Kind.IP, "81.57.3.9", people[0])
    gate.later(minutes=1)

    assert DivideGuarded(gate.store.begin)(gate.now) == 1

    assert (clusters(gate, people), clusters(gate, others)) == (2, 1)


def test_the_clusters_of_old_cuts_are_not_read_again_after_a_restart(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {"ip": "81.57.3.9", "name": "Oriane Maupertuis", "born": 1999}
    people = [gate.came(**shared) for _ in range(2)]
    interrupted_cut(gate, monkeypatch, Kind.IP, "81.57.3.9", people[0])
    gate.later(days=7)

    assert DivideGuarded(gate.store.begin)(gate.now) == 0

    assert clusters(gate, people) == 1


def test_a_cut_that_is_taken_back_while_it_is_completed_divides_nobody(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [gate.came(card="pi", device=f"d{at // 2}") for at in range(6)]
    interrupted_cut(gate, monkeypatch, Kind.PAYMENT, "pi", people[0])
    gate.later(minutes=1)
    (key,) = gate.read(lambda work: work.clusters.keys_of([(Kind.PAYMENT, "pi")]))
    named, several = {"owner": "campus", "by": "key:k", "reason": "mistake"}, divide_guarded.clusters_with_several
    once = iter([identifier_handle(key.kind, key.digest)])

    def taken_back(work: Any, asked: Any) -> Any:
        tied = several(work, asked)
        for handle in once:
            gate.clusters.cut.undo(gate.cluster(people[0]), handle, now=gate.now, **named)
        return tied

    monkeypatch.setattr(divide_guarded, "clusters_with_several", taken_back)

    DivideGuarded(gate.store.begin)(gate.now)

    assert gate.read(lambda work: work.clusters.guards()) == ()
    assert clusters(gate, people) == 1
