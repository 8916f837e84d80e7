"""Paces: when an operator's next account is opened, in continuous time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.simulation.calendar import activity


@dataclass(frozen=True, slots=True)
class Pace:
    """So many accounts a day, round the clock or by the honest daily curve of ``zone``."""

    per_day: float
    zone: str | None = None

    def next_after(self, now: datetime, rng: random.Random) -> datetime:
        """The next moment: exponential gaps, thinned by the daily curve."""
        at = now
        # Thinning keeps the mean rate when the curve's mean over the day, about 0.62 of its peak, is made good.
        rate = self.per_day if self.zone is None else self.per_day / 0.62
        while True:
            at += timedelta(days=rng.expovariate(rate))
            if self.zone is None or rng.random() < activity(self.zone, at):
                return at


@dataclass(frozen=True, slots=True)
class Drip:
    """A few accounts a day with Weibull gaps, made to look like nothing."""

    per_day: float
    shape: float

    def next_after(self, now: datetime, rng: random.Random) -> datetime:
        """The next moment."""
        return now + timedelta(days=rng.weibullvariate(1 / self.per_day, self.shape))
