"""The exempt list ties nobody: what is put on it parts those whom only it tied, and taken off it ties them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from models.reference.reference import Reference
from service.domain.cluster import identifier_handle
from service.domain.standing import ListName
from service.usecases.cluster_file import ReadClusterFile
from service.usecases.guard_exempted import GuardExempted
from service.usecases.keep_lists import KeepLists, NewEntry

DAY = timedelta(days=1)
Exempt = Callable[..., str]
PAYMENT, EXEMPT = IdentifierKind.PAYMENT, GuardState.EXEMPT


@pytest.fixture
def lists(gate: Any, reference: Reference) -> KeepLists:
    return KeepLists(gate.store.begin, lambda: reference, gate.new_id)


@pytest.fixture
def exempt(gate: Any, lists: KeepLists) -> Exempt:
    """Puts a value on the exempt list; gives the entry's id."""

    def put(kind: str = "payment", value: str = "pi", *, until: datetime | None = None) -> str:
        new = NewEntry(kind, value, "departmental_card", "physics", until)
        return lists.add(ListName.EXEMPT, new, actor="reviewer:dana", now=gate.now).id

    return put


@pytest.fixture
def guard(gate: Any) -> GuardExempted:
    return GuardExempted(gate.store.begin)


def guards(gate: Any) -> list[tuple[IdentifierKind, GuardState, str, str]]:
    return [(e.key.kind, e.state, e.by, e.reason) for e in gate.read(lambda work: work.clusters.guards())]


def clusters(gate: Any, people: list[Any]) -> int:
    return len({gate.cluster(each) for each in people})


def test_an_exempted_card_ties_nobody_until_it_is_taken_off(
    gate: Any, lists: KeepLists, exempt: Exempt, guard: GuardExempted
) -> None:
    people = [gate.came(card="pi") for _ in range(3)]
    entry = exempt()

    assert (guard(gate.now), guard(gate.now)) == (1, 0)

    assert guards(gate) == [(PAYMENT, EXEMPT, "reviewer:dana", "departmental_card")]
    people.append(gate.came(card="pi"))
    assert clusters(gate, people) == 4

    lists.remove(ListName.EXEMPT, entry, actor="reviewer:dana", now=gate.now)

    assert (guard(gate.now), guard(gate.now)) == (1, 0)
    assert guards(gate) == []
    assert clusters(gate, people) == 1


def test_the_history_of_a_cluster_says_what_was_exempted_by_whom_and_when_it_ties_again(
    gate: Any, lists: KeepLists, exempt: Exempt, guard: GuardExempted
) -> None:
    people = [gate.came(card="pi") for _ in range(3)]
    tied = gate.cluster(people[0])

    def newest(cluster: str) -> tuple[str, str, object]:
        entry = ReadClusterFile(gate.store.begin)(cluster, owner=None).history[0]
        return entry.action, entry.actor, entry.detail["reason"]

    entry = exempt()
    guard(gate.now)
    assert newest(tied) == ("cluster.guarded", "reviewer:dana", "departmental_card")

    gate.later(seconds=1)
    lists.remove(ListName.EXEMPT, entry, actor="reviewer:dana", now=gate.now)
    guard(gate.now)
    assert newest(gate.cluster(people[0])) == ("cluster.guard_lifted", "worker", "no longer exempt")


def test_an_entry_that_expires_ties_again_though_the_list_did_not_change(
    gate: Any, exempt: Exempt, guard: GuardExempted
) -> None:
    people = [gate.came(device="shared") for _ in range(2)]
    exempt("device", "shared", until=gate.now + DAY)
    guard(gate.now)
    assert clusters(gate, people) == 2

    gate.now += DAY

    assert guard(gate.now) == 1
    assert (guards(gate), clusters(gate, people)) == ([], 1)


def test_another_worker_finds_what_this_one_guarded(gate: Any, exempt: Exempt, guard: GuardExempted) -> None:
    exempt()
    guard(gate.now)

    assert GuardExempted(gate.store.begin)(gate.now) == 0
    assert len(guards(gate)) == 1


def test_what_was_cut_out_stays_cut_out_whatever_the_list_says(
    gate: Any, lists: KeepLists, exempt: Exempt, guard: GuardExempted
) -> None:
    people = [gate.came(card="pi") for _ in range(2)]
    (key,) = gate.read(lambda work: work.clusters.keys_of([(PAYMENT, "pi")]))
    handle = identifier_handle(PAYMENT, key.digest)
    gate.clusters.cut(gate.cluster(people[0]), handle, owner="campus", by="key:k1", reason="shared", now=gate.now)
    entry = exempt()

    assert guard(gate.now) == 0
    lists.remove(ListName.EXEMPT, entry, actor="reviewer:dana", now=gate.now)
    assert guard(gate.now) == 0

    assert [state for _, state, *_ in guards(gate)] == [GuardState.CUT]
    assert clusters(gate, people) == 2


def test_what_ties_nobody_anyway_is_not_guarded(
    gate: Any, lists: KeepLists, exempt: Exempt, guard: GuardExempted
) -> None:
    exempt("email_domain", "college.example")
    blocked = NewEntry("device", "lost", "stolen", "desk")
    lists.add(ListName.BLOCK, blocked, actor="reviewer:dana", now=gate.now)

    assert guard(gate.now) == 0
    assert guards(gate) == []
