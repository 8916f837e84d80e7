"""Operators who keep hours keep those of honest people, and attacks begin at no boundary of the clock."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from models.simulation.attackers.campaign import Brief, Campaign
from models.simulation.attackers.families import FAMILIES
from models.simulation.attackers.paces import Pace
from models.simulation.calendar import HOUR_OF_DAY, activity
from models.simulation.streams import Streams
from models.simulation.tables.tables import load_tables
from models.simulation.world import World, simulate

START = datetime(2026, 4, 6, tzinfo=UTC)
_OPERATORS = 20
_NIGHT = range(1, 6)
_REAL_PEOPLE = frozenset({"A9", "A19"})
"""Families whose accounts are opened by people who are paid for it."""


def test_attacks_begin_at_no_boundary() -> None:
    """Neither of the clock nor of a training slice: the first accounts of operators are spread over the hours."""
    world = tuple(simulate(days=30, seed=2, start=START, honest_per_day=60, prevalence=0.4, kinds=["H1", "H4"]))
    first: dict[str, datetime] = {}
    for each in world:
        if each.truth.operator is not None:
            first.setdefault(each.truth.operator, each.signup.occurred_at)
    later = sorted(moment for moment in first.values() if moment - START > timedelta(hours=12))

    assert max(Counter(moment.hour for moment in later).values()) <= 0.3 * len(later)
    assert max(Counter(moment.date() for moment in later).values()) <= 0.25 * len(later)
    assert sum(moment.minute == 0 for moment in later) <= 0.15 * len(later)


def test_an_operator_who_keeps_hours_keeps_those_of_honest_people() -> None:
    """The time of day must not tell the sides apart where an operator takes the trouble; half of them do."""
    zone, rng = "Asia/Kolkata", Streams(1).of("hours")
    pace, at, hours = Pace(per_day=500, hours=lambda now: activity(zone, now)), START, Counter[int]()
    for _ in range(6_000):
        at = pace.next_after(at, rng)
        hours[at.astimezone(ZoneInfo(zone)).hour] += 1
    usual = Counter(HOUR_OF_DAY.draw(rng) for _ in range(6_000))

    assert max(abs(hours[each] - usual[each]) for each in range(24)) <= 0.015 * 6_000


@pytest.fixture(scope="module")
def operators() -> tuple[Campaign, ...]:
    """Twenty of every family, none at work yet."""
    world = World(
        tables=load_tables(1), streams=Streams(2), start=START, days=9, kinds=(), accidental_sharing=0.0, feedback=None
    )
    return tuple(
        family(Brief(f"op_{number}", 50, START, 5.0, world.crew(f"{family.family}/{number}"), world.calendar, number))
        for family in FAMILIES
        for number in range(_OPERATORS)
    )


def test_about_half_of_the_operators_keep_hours(operators: tuple[Campaign, ...]) -> None:
    others = [each for each in operators if each.family not in _REAL_PEOPLE]

    assert 0.4 <= sum(each.hours is not None for each in others) / len(others) <= 0.6
    assert all(each.hours is not None for each in operators if each.family in _REAL_PEOPLE)


def test_who_keeps_hours_opens_accounts_when_it_is_day_where_their_owners_are_said_to_live(
    operators: tuple[Campaign, ...],
) -> None:
    """Not by the clock of one of the countries claimed: by that of each account's own, in all families."""
    nights: list[bool] = []
    for operator in operators:
        # Cover traffic keeps the hours of crowds, a flood none at all.
        if operator.hours is None or operator.family in {"A15", "A20"}:
            continue
        for _ in range(30):
            due = operator.next_at()
            assert due is not None
            zones = operator.sign_up(due)[0].place.zones
            nights += [due.astimezone(ZoneInfo(zones[len(zones) // 2])).hour in _NIGHT]
    rng = Streams(1).of("nights")
    usual = np.mean([HOUR_OF_DAY.draw(rng) in _NIGHT for _ in range(20_000)])

    assert len(nights) > 3_000
    assert np.mean(nights) == pytest.approx(usual, abs=0.015)
