"""Scenarios: the attacks that are rehearsed side by side, and what is hoped for in each."""

from __future__ import annotations

from dataclasses import dataclass

WARM_UP_DAYS = 8.0
"""Bursts are measured against a week at least."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One attack.

    Attributes:
        live: accounts that the operator wants open; he opens half as many again.
        per_day: how many he opens a day at first.
        days: how long he is watched.
        variant: how a hydra shares identifiers.
        accidental: share of people with a stranger's telephone, device id or card.
        standby: accounts of an operator with a standby pool, who then is the attacker in place of the hydra.
        unasked_goal: how many may come in without being asked before the first containment.
    """

    name: str
    live: int
    per_day: float
    days: float
    variant: str = "A3-crossed"
    accidental: float = 0.002
    standby: int = 0
    unasked_goal: int | None = None


SCENARIOS = (
    Scenario("crossed-500", live=400, per_day=500, days=3.0, unasked_goal=60),
    Scenario("crossed-1500", live=500, per_day=1_500, days=2.0, unasked_goal=120),
    Scenario("crossed-5000", live=900, per_day=5_000, days=2.0, unasked_goal=250),
    Scenario("standby", live=0, per_day=0, days=4.5, standby=500),
    Scenario("aligned-3", live=400, per_day=500, days=3.0, variant="A3-aligned"),
    Scenario("accidents-1-percent", live=400, per_day=500, days=3.0, accidental=0.01, unasked_goal=60),
)
"""Smaller than 20,000 accounts each, so that an afternoon suffices: containment comes within the first hundreds."""

STANDBY_FALLS_AFTER = 3.0
"""Days from an operator's first account to the fall of his first pool."""
