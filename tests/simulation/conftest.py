"""One world that all tests of the simulator look at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.simulation.truth import SimulatedSignup
from models.simulation.world import simulate

START = datetime(2026, 4, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def world() -> tuple[SimulatedSignup, ...]:
    """About 13,000 sign-ups of five days with every kind and family; enough fraud of each to measure."""
    return tuple(simulate(days=5, seed=11, start=START, honest_per_day=1600, prevalence=0.16))


@pytest.fixture(scope="session")
def honest(world: tuple[SimulatedSignup, ...]) -> tuple[SimulatedSignup, ...]:
    return tuple(each for each in world if not each.truth.fraud)


@pytest.fixture(scope="session")
def fraud(world: tuple[SimulatedSignup, ...]) -> tuple[SimulatedSignup, ...]:
    return tuple(each for each in world if each.truth.fraud)
