"""The habits behind bursts: a fit finds what was put in, and the shipped ones suit honest people of another seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models.features.bursts import BURSTS
from models.linkage.burst import HABITS, LEAST_OBSERVED_DAYS, PRIOR_DAYS, Habit
from models.linkage.identifier import IdentifierKind
from models.linkage.memory import MemoryHistory
from models.reference.reference import Reference
from models.replay import replay
from models.training.habits import LEARNT_FROM, Seen, fit, fitted, honest_world, log_likelihood, seen_in, worlds
from models.training.replayed import DEFAULT_HOLD_OUT

By = dict[IdentifierKind, Counter[Seen]]


@pytest.fixture(scope="module")
def seen(reference: Reference) -> By:
    """What people of a world saw from which nothing was learnt."""
    found: By = {kind: Counter() for kind in BURSTS}
    for kind, each in seen_in(honest_world(seed=77, days=14, honest_per_day=250), reference):
        found[kind][each] += 1
    return found


def likelihood(seen: Counter[Seen], habit: Habit) -> float:
    columns = np.array([(*each, times) for each, times in seen.items()], np.float64)
    return log_likelihood(columns, rate=habit.rate_per_day, dispersion=habit.dispersion)


@pytest.mark.parametrize("habit", [Habit(0.3, 0.05), Habit(0.1, 1.0), Habit(1.5, 4.0)])
def test_a_fit_finds_the_habit_of_people_who_came_because_others_did(habit: Habit) -> None:
    random = np.random.default_rng(3)
    found: Counter[Seen] = Counter()
    for _ in range(20_000):
        past, days = int(random.integers(0, 4)), int(random.integers(7, 29))
        mean = (past + PRIOR_DAYS * habit.rate_per_day) / (days + PRIOR_DAYS)
        # Whoever looks came himself: busy days are looked at in proportion to how busy they are.
        rate = random.gamma(habit.dispersion + 1, mean / habit.dispersion)
        found[Seen(min(int(random.poisson(rate)), 256), past, days, 1.0)] += 1

    back = fit(found)

    assert back.rate_per_day == pytest.approx(habit.rate_per_day, rel=0.2)
    assert back.dispersion == pytest.approx(habit.dispersion, rel=0.12)


def test_the_shipped_habits_suit_people_better_than_those_by_reason_did(seen: By) -> None:
    cards = {IdentifierKind.BIN, IdentifierKind.BIN_COUNTRY}
    by_reason = {kind: Habit(0.1, 3.0 if kind in cards else 1.0) for kind in HABITS}

    for kind, found in seen.items():
        assert found, kind
        assert likelihood(found, HABITS[kind]) > likelihood(found, by_reason[kind]), kind


def test_what_is_expected_of_the_hour_suits_people_better_than_equal_hours(seen: By) -> None:
    for kind, found in seen.items():
        flat: Counter[Seen] = Counter()
        for each, times in found.items():
            flat[each._replace(expected_days=BURSTS[kind].window.value / (24 * 3_600 * 1_000_000))] += times

        assert likelihood(found, HABITS[kind]) > likelihood(flat, HABITS[kind]), kind


def test_only_days_with_a_week_behind_them_are_looked_at(seen: By) -> None:
    assert min(each.observed_days for found in seen.values() for each in found) == LEAST_OBSERVED_DAYS


def test_the_keys_alone_are_seen_as_a_whole_replay_sees_them(reference: Reference) -> None:
    alone = list(seen_in(honest_world(seed=79, days=8.5, honest_per_day=40), reference))
    whole = [
        (kind, linkage.links(kind, burst.window), linkage.past(kind), linkage.observed_days)
        for each in replay(
            honest_world(seed=79, days=8.5, honest_per_day=40), reference=reference, history=MemoryHistory()
        )
        if (linkage := each.facts.linkage).observed_days >= LEAST_OBSERVED_DAYS
        for kind, burst in BURSTS.items()
        if burst.applies(each.facts) and linkage.links(kind, burst.window) is not None
    ]

    assert alone
    assert [(kind, each.others, each.past, each.observed_days) for kind, each in alone] == whole


def test_nothing_is_learnt_from_kinds_that_are_held_out() -> None:
    assert not {*LEARNT_FROM} & {*DEFAULT_HOLD_OUT}
    assert {"H1", "H4", "H5", "H6", "H13"} <= {*LEARNT_FROM}


def test_all_kinds_are_fitted_at_once(reference: Reference) -> None:
    habits = fitted(worlds(seeds=[78], days=9, honest_per_day=[60]), reference)

    assert set(habits) == set(HABITS)
    assert all(each.rate_per_day > 0 and each.dispersion > 0 for each in habits.values())
