"""Paces: when an operator's next account is opened, in continuous time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models.simulation.calendar import MEAN_ACTIVITY

Hours = Callable[[datetime], float]
"""How awake the people are whom an operator claims to be, from 0 to 1."""


class Paced(Protocol):
    """Says when the next account is opened."""

    def next_after(self, now: datetime, rng: random.Random, /) -> datetime:
        """The next moment."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """So many accounts a day, round the clock or by the hours of those the operator claims to be."""

    per_day: float
    hours: Hours | None = None
    begin: datetime | None = None
    ramp_days: float = 0.0
    """From ``begin`` on, the rate grows to its full size within so many days."""

    def next_after(self, now: datetime, rng: random.Random) -> datetime:
        """The next moment: exponential gaps, thinned by the daily curve."""
        at = now
        # Thinning keeps the mean rate when the curve's mean over the day is made good.
        rate = self.per_day if self.hours is None else self.per_day / MEAN_ACTIVITY
        while True:
            at += timedelta(days=rng.expovariate(rate))
            if rng.random() < self._ramped(at) and (self.hours is None or rng.random() < self.hours(at)):
                return at

    def _ramped(self, at: datetime) -> float:
        if self.begin is None or not self.ramp_days:
            return 1.0
        return min(1.0, 0.1 + (at - self.begin) / timedelta(days=self.ramp_days))


@dataclass(frozen=True, slots=True)
class Drip:
    """A few accounts a day with Weibull gaps, made to look like nothing."""

    per_day: float
    shape: float
    hours: Hours | None = None

    def next_after(self, now: datetime, rng: random.Random) -> datetime:
        """The next moment."""
        while True:
            at = now + timedelta(days=rng.weibullvariate(1 / self.per_day, self.shape))
            if self.hours is None or rng.random() < self.hours(at):
                return at
