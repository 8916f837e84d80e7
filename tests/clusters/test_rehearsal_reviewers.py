"""The reviewers of a rehearsal conclude on the cases that the worker opens, hours later, by what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.caller import Caller, Scope
from service.domain.outcome import Label, Statement
from service.rehearsal_reviewers import REVIEWER, Reviewers
from service.usecases.contain_cluster import ContainCluster
from service.usecases.doubt_alone import DoubtAlone
from service.usecases.judge_clusters import JudgeClusters
from service.usecases.workers_cases import WorkersCase

CALLER = Caller("campus", "k1", frozenset(Scope))


@dataclass
class Desk:
    """The reviewers beside a gate; what they will do waits until the test lets the hours pass."""

    gate: Any
    frauds: set[int] = field(default_factory=set)
    closed: list[int] = field(default_factory=list)
    waiting: list[tuple[datetime, Callable[[datetime], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        begin, policy = self.gate.store.begin, lambda: self.gate.policy
        self.reviewers = Reviewers(
            begin,
            policy,
            ContainCluster(begin, policy, self.gate.new_id, DoubtAlone(self.gate.judge)),
            now=lambda: self.gate.now,
            later=lambda at, what: self.waiting.append((at, what)),
            say=self._say,
            fraudulent=self.frauds.__contains__,
            close=lambda number, _: self.closed.append(number),
        )
        self.judge_clusters = JudgeClusters(
            begin, DoubtAlone(self.gate.judge), self.reviewers, self.gate.new_id, self.gate.asking()
        )

    def _say(self, number: int, label: Label, at: datetime) -> None:
        (recorded,) = self.gate.read(lambda work: work.ledger.several([number]))
        said = Statement(label, REVIEWER, "seen", 1.0, at)
        self.gate.outcomes(recorded.id, said, caller=CALLER, now=at)

    def knows(self, views: list[Any]) -> None:
        self.frauds.update(map(self.gate.number, views))

    def work(self) -> None:
        self.gate.later(seconds=5)
        self.judge_clusters(self.gate.now)

    def hours_pass(self) -> None:
        while self.waiting:
            at, what = self.waiting.pop(0)
            self.gate.now = max(self.gate.now, at)
            what(self.gate.now)
        self.gate.later(seconds=5)
        self.gate.carry_out(self.gate.now)


@pytest.fixture
def desk(memory_gate: Any) -> Desk:
    return Desk(memory_gate)


def test_a_piece_of_frauds_is_contained_hours_after_its_case(desk: Desk) -> None:
    ring = desk.gate.ring(8, frauds=1)
    desk.knows(ring)
    opened_at = desk.gate.now

    desk.work()
    desk.work()

    assert len(desk.waiting) == 1
    assert desk.waiting[0][0] > opened_at + timedelta(minutes=30)
    assert desk.gate.decisions(ring[:7]) == ["allow"] * 7
    desk.hours_pass()
    assert desk.gate.decisions(ring) == ["deny"] * 8


def test_a_piece_of_honest_people_is_left_alone(desk: Desk) -> None:
    ring = desk.gate.ring(8, frauds=1)
    desk.knows(ring[7:])

    desk.work()
    desk.hours_pass()

    assert desk.gate.decisions(ring[:7]) == ["allow"] * 7


def test_of_two_clusters_the_fraudulent_one_is_contained_without_a_known_fraud(desk: Desk) -> None:
    pool, club = desk.gate.ring(8, name="a"), desk.gate.ring(8, name="b")
    desk.knows(pool)
    names = [desk.gate.cluster(pool[0]), desk.gate.cluster(club[0])]
    case = WorkersCase("operator:a:b", "campus", "SAME_OPERATOR", pool[0].id, 8, {"clusters": names})

    desk.reviewers.open(None, case)  # type: ignore[arg-type]  # nothing is staged
    desk.hours_pass()

    assert desk.gate.decisions(pool) == ["deny"] * 8
    assert desk.gate.decisions(club) == ["allow"] * 8


def test_of_accounts_like_the_banned_most_frauds_are_closed_and_few_others_once(desk: Desk) -> None:
    views = [desk.gate.came() for _ in range(60)]
    desk.knows(views[:30])
    for view in views * 2:
        case = WorkersCase(f"vouched:{view.id}", "campus", "LIKE_BANNED_ACCOUNTS", view.id, 1, {}, again=True)
        with desk.gate.store.begin() as work:
            desk.reviewers.open(work, case)

    assert len(desk.waiting) == 60
    desk.hours_pass()

    frauds = [number for number in desk.closed if number in desk.frauds]
    assert len(frauds) >= 15
    assert len(desk.closed) - len(frauds) <= 6
    banned = desk.gate.read(lambda work: [each.signup_no for each in work.clusters.several(desk.closed) if each.label])
    assert sorted(banned) == sorted(desk.closed)


def test_cases_are_taken_up_as_fast_as_there_are_people(desk: Desk) -> None:
    a_day = desk.gate.policy.document.capacity.reviews_a_day
    now = desk.gate.now

    last = [desk.reviewers.verdict_at("the same hours", now) for _ in range(a_day + 1)]

    assert last[-1] - last[0] == pytest.approx(timedelta(days=1), abs=timedelta(seconds=1))
