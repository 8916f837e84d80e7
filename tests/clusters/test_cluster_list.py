"""Which clusters there are, in what order and state, over every store."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import Strength, strength_of
from models.linkage.marks import Mark
from service.domain.case import CaseKind
from service.domain.cluster import cluster_number
from service.domain.decision import Decision
from service.domain.verdict import Verdict
from service.usecases.open_case import new_case
from service.usecases.ports_cluster_list import ClusterOrder, ClusterQuery, ClusterState

DAY = timedelta(days=1)


def found(gate: Any, **changes: Any) -> list[tuple[int, int, int, int]]:
    """Sizes, growth, frauds and good of the clusters listed, in order."""
    query = ClusterQuery(**({"grown_since": gate.now - DAY} | changes))
    listed = gate.read(lambda work: work.cluster_list.find(query))
    return [(each.size, each.grown, each.frauds, each.good) for each in listed]


@pytest.fixture
def town(gate: Any) -> Any:
    """An old ring of six with two frauds, then a young one of four, a pair with a good account, and a loner."""
    gate.ring(6, frauds=2, name="old")
    gate.later(days=3)
    gate.ring(4, name="young")
    pair = [gate.came(device="lab"), gate.came(device="lab")]
    gate.said(pair[0], "legitimate")
    gate.came()
    return gate


def test_clusters_are_listed_by_growth_size_or_fraud_and_nobody_who_is_alone(town: Any) -> None:
    old, young, pair = (6, 0, 2, 0), (4, 4, 0, 0), (2, 2, 0, 1)

    assert found(town) == [young, pair, old]
    assert found(town, order=ClusterOrder.SIZE) == [old, young, pair]
    assert found(town, order=ClusterOrder.FRAUD) == [old, young, pair]
    assert found(town, order=ClusterOrder.NEWEST) == [pair, young, old]
    assert found(town, order=ClusterOrder.SIZE, offset=1, limit=1) == [young]


def test_filters_leave_out_what_is_old_small_or_without_fraud(town: Any) -> None:
    assert found(town, seen_since=town.now - DAY) == [(4, 4, 0, 0), (2, 2, 0, 1)]
    assert found(town, seen_since=town.now + DAY) == []
    assert found(town, size_from=5) == [(6, 0, 2, 0)]
    assert found(town, frauds_from=1) == [(6, 0, 2, 0)]


def test_the_state_is_what_is_being_done_about_a_cluster(town: Any) -> None:
    def sizes(state: ClusterState) -> list[int]:
        return [size for size, *_ in found(town, state=state)]

    (old,) = town.read(lambda work: work.cluster_list.find(ClusterQuery(grown_since=town.now, frauds_from=1)))
    name = f"cl_{old.number}"
    assert sizes(ClusterState.FREE) == [4, 2, 6]
    asked = town.clusters.contain.start(name, owner=None, by="reviewer:dana", reason="ring", now=town.now, ask=True)
    assert (sizes(ClusterState.WAITING), sizes(ClusterState.FREE)) == ([6], [4, 2])
    town.clusters.contain.confirm(name, asked.id, owner=None, by="reviewer:lea", now=town.now)
    assert (sizes(ClusterState.WAITING), sizes(ClusterState.CONTAINED)) == ([], [6])
    town.clusters.contain.release(name, owner=None, by="reviewer:lea", reason="mistake", now=town.now)
    assert (sizes(ClusterState.CONTAINED), sizes(ClusterState.FREE)) == ([], [4, 2, 6])


def test_what_became_part_of_a_cluster_is_not_listed_beside_it(gate: Any) -> None:
    gate.came(device="one"), gate.came(device="one")
    gate.came(card="two"), gate.came(card="two")
    assert found(gate) == [(2, 2, 0, 0), (2, 2, 0, 0)]

    gate.came(device="one", card="two")

    assert found(gate) == [(5, 5, 0, 0)]


def test_moments_and_standings_say_when_who_came_and_how_they_stand(gate: Any) -> None:
    first, second = gate.came(device="d"), gate.came(device="d")
    gate.said(second)
    alone = gate.came(record_only=True)
    cluster = cluster_number(gate.cluster(first))

    moments = gate.read(lambda work: work.cluster_list.moments(cluster))
    numbers = [gate.number(each) for each in (first, second, alone)]
    standings = gate.read(lambda work: work.cluster_list.standings(numbers, signals=True))

    assert [each.label for each in moments] == [None, Mark.BANNED]
    assert moments[1].label_at == gate.now - timedelta(seconds=1)
    assert moments[0].occurred_at < moments[1].occurred_at
    assert set(standings) == set(numbers[:2])
    assert standings[numbers[0]].decision is Decision.ALLOW
    assert standings[numbers[0]].signals["email"]["academic"] is False
    without = gate.read(lambda work: work.cluster_list.standings(numbers, signals=False))
    assert without[numbers[0]] == replace(standings[numbers[0]], signals={})


def test_carriers_come_in_order_with_what_may_tie_them_or_only_the_newest(gate: Any) -> None:
    views = [gate.came(device="d", card="c") for _ in range(3)]
    cluster, numbers = cluster_number(gate.cluster(views[0])), [gate.number(view) for view in views]

    every = gate.read(lambda work: work.cluster_list.carriers(cluster))
    newest = gate.read(lambda work: work.cluster_list.carriers(cluster, newest=2))
    later = gate.read(lambda work: work.cluster_list.carriers(cluster, after_no=numbers[1]))

    assert [each.signup_no for each in every] == numbers
    assert (newest, later) == (every[1:], every[2:])
    assert [each.id for each in every] == [view.id for view in views]
    members = gate.read(lambda work: work.clusters.members(cluster))
    for each, member in zip(every, members, strict=True):
        strong = {(key.kind, key.digest) for key in member.identifiers if strength_of(key.kind) is not Strength.WEAK}
        assert set(each.keys) == strong


def test_the_newest_members_of_a_cluster_come_last(gate: Any) -> None:
    views = [gate.came(device="d") for _ in range(3)]
    cluster, numbers = cluster_number(gate.cluster(views[0])), [gate.number(view) for view in views]

    two, more = (gate.read(lambda work, n=n: work.clusters.newest(cluster, limit=n)) for n in (2, 9))

    assert [each.signup_no for each in two] == numbers[1:]
    assert [each.signup_no for each in more] == numbers
    assert gate.read(lambda work: work.clusters.newest(cluster + 99, limit=2)) == ()


def test_the_open_cases_of_a_cluster_are_those_about_its_members(gate: Any) -> None:
    ring = [gate.came(device="d") for _ in range(3)]
    alone = gate.came()
    numbered = itertools.count(1)
    policy = gate.policy.document.review
    opened = []
    for view in (*ring, alone):
        case = new_case(
            CaseKind.MANUAL, owner="campus", subject=f"signup:{view.id}", record_id=view.id,
            account_type=view.account_type, assessment=view.assessment, review=policy, now=gate.now,
            new_id=lambda _: f"case-{next(numbered)}",
        )  # fmt: skip
        with gate.store.begin() as work:
            work.cases.add(case)
            work.commit()
        opened.append(case)
    with gate.store.begin() as work:
        held = opened[0].claimed("reviewer:dana", now=gate.now, lease=DAY)
        work.cases.update(held)
        work.commit()
        work.cases.update(held.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=gate.now))
        work.commit()
    cluster = cluster_number(gate.cluster(ring[0]))

    assert gate.read(lambda work: work.cluster_list.open_cases(cluster, limit=9)) == ("case-2", "case-3")
    assert gate.read(lambda work: work.cluster_list.open_cases(cluster, limit=1)) == ("case-2",)
