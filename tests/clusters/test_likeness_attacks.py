"""Of which of the fallen a likeness is drawn: those of the attack that goes on."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest

from service.usecases.record_outcome import record_result
from tests.clusters.conftest import START, Gate
from tests.clusters.drawing import FIREFOX, HONEST, Drawing, like_the_operator

DAY = timedelta(days=1)


@pytest.fixture
def in_memory(memory_gate: Gate) -> Drawing:
    return Drawing(memory_gate)


def test_what_is_contained_counts_as_fallen_and_what_is_released_does_not(gate: Gate) -> None:
    ring = gate.ring(10, frauds=3)
    gate.work()
    since = START - DAY

    fallen = gate.read(lambda work: work.likenesses.fallen(since=since, limit=50))
    newest = gate.read(lambda work: work.likenesses.fallen(since=since, limit=4))
    later = gate.read(lambda work: work.likenesses.fallen(since=gate.now + DAY, limit=50))
    cluster = gate.cluster(ring[0])
    gate.clusters.contain.release(cluster, by="key:k1", reason="a laboratory", now=gate.now, owner="campus")
    after = gate.read(lambda work: work.likenesses.fallen(since=since, limit=50))

    numbers = [gate.number(view) for view in ring]
    assert list(fallen) == sorted(numbers, reverse=True)
    assert list(newest) == sorted(numbers, reverse=True)[:4]
    assert later == ()
    assert sorted(after) == numbers[7:]


def test_who_failed_a_proof_counts_as_fallen_until_he_is_cleared(gate: Gate) -> None:
    failed, passed, cleared = (gate.came() for _ in range(3))
    for view, proven in ((failed, False), (passed, True), (cleared, False)):
        with gate.store.begin() as work:
            record_result(work, gate.number(view), passed=proven, at=gate.now)
            work.commit()
    gate.said(cleared, "legitimate")

    fallen = gate.read(lambda work: work.likenesses.fallen(since=START, limit=9))
    later = gate.read(lambda work: work.likenesses.fallen(since=gate.now + DAY, limit=9))

    assert (fallen, later) == ((gate.number(failed),), ())


def test_those_who_fell_for_reasons_of_their_own_spend_nothing_of_the_budget(in_memory: Drawing) -> None:
    drawn = random.Random(11)
    for number in range(HONEST + 12):
        habits = {"bin": drawn.choice(["424242", "510510", "400000", "555555"]), "agent": drawn.choice([FIREFOX, None])}
        view = in_memory.gate.came(**habits)
        if number >= HONEST:
            in_memory.gate.said(view)
    in_memory.round()

    likeness = in_memory.standing()

    assert (likeness.banned, likeness.expected_share, likeness.line) == (12, 0.0, math.inf)
    (entry,) = in_memory.gate.read(lambda work: work.audit.entries(subject=likeness.id))
    assert entry.detail["alike"] < 2


@pytest.mark.parametrize(("of_before", "drawn_of"), [(4, 3), (12, 15)])
def test_an_attack_that_begins_is_not_blurred_by_what_fell_before(
    in_memory: Drawing, of_before: int, drawn_of: int
) -> None:
    """Three in the last hours are a wave beside four of the two days before, and chance beside twelve."""
    before = [in_memory.gate.came(bin="510510") for _ in range(of_before)]
    for view in before:
        in_memory.gate.said(view)
    in_memory.gate.now += 2 * DAY
    in_memory.world(banned=3)
    in_memory.round()

    assert in_memory.standing().banned == drawn_of


def test_in_a_flood_others_are_those_from_before_it_and_whom_nobody_asked(in_memory: Drawing) -> None:
    in_memory.world()
    in_memory.round()
    first = in_memory.standing()
    bin_of_his = max(first.weights.of_habit, key=lambda habit: (habit[0] == "bin", first.weights.of_habit[habit]))
    flood = [in_memory.gate.came(**like_the_operator(number % 26)) for number in range(60)]
    for view in flood[-3:]:
        in_memory.gate.said(view)
    in_memory.round()

    second = in_memory.standing()

    assert second.banned == 6
    assert second.weights.of_habit[bin_of_his] > first.weights.of_habit[bin_of_his]


def test_of_a_long_attack_the_lines_are_read_off_those_from_before_it_for_a_month(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=0.05)
    drawing.world()
    drawing.round()
    started = drawing.gate.now
    where = {}
    for _ in range(17):
        drawing.gate.now += 2 * DAY
        for number in range(3):
            drawing.gate.said(drawing.gate.came(**like_the_operator(number + 5)))
        drawing.round()
        where[drawing.gate.now - started < 30 * DAY] = drawing.standing().before_no

    assert where[True] == HONEST + 1
    assert where[False] != HONEST + 1


def test_an_attack_begins_where_the_fallen_lie_densely_not_at_one_of_last_week(in_memory: Drawing) -> None:
    old = in_memory.gate.came(bin="510510")
    in_memory.gate.now += 3 * DAY
    in_memory.world(banned=4)
    in_memory.gate.said(old)
    in_memory.round()

    assert in_memory.standing().before_no == 1 + HONEST + 1


def test_an_attack_begins_where_it_began_though_its_budget_is_spent(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=1e-9)
    drawing.world()
    began_at = []
    for number in range(3):
        drawing.round()
        standing = drawing.standing()
        assert standing.line == math.inf
        began_at.append(standing.before_no)
        for again in range(3):
            drawing.gate.said(drawing.gate.came(**like_the_operator(3 * number + again)))

    assert began_at == [HONEST + 1] * 3
