"""Estimate pass rates from the results of challenges, and give out the estimates in force."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.errors import UnavailableError
from service.domain.pass_rates import PassRate, estimate
from service.domain.policy import Policy
from service.usecases.ports import Begin

EVERY = timedelta(days=1)
LOOKS_BACK = timedelta(days=365)
FRESH_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class EstimateRates:
    """Re-estimates every rate of the policy's table once a day."""

    begin: Begin
    policy: Callable[[], Policy]

    def __call__(self, now: datetime) -> int:
        """Estimate if the last time is a day ago; how many rates."""
        with self.begin() as work:
            last = work.pass_rates.estimated_at()
        return 0 if last is not None and now < last + EVERY else len(self.now(now))

    def now(self, now: datetime) -> Sequence[PassRate]:
        """Estimate at once, and keep the estimates."""
        section = self.policy().document.challenges
        with self.begin() as work:
            rates = estimate(work.step_ups.answered(since=now - LOOKS_BACK), section)
            work.pass_rates.put(rates, at=now)
            work.commit()
        return rates


class RatesInForce:
    """The estimates as decisions use them, read again every minute; the table's own values until there are any."""

    def __init__(self, begin: Begin, monotonic: Callable[[], float]) -> None:
        self._begin = begin
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._rates: Sequence[PassRate] = ()

    def __call__(self) -> Sequence[PassRate]:
        """The estimates. One caller a minute looks again; a database that is away changes nothing."""
        if self._monotonic() >= self._due and self._looking.acquire(blocking=False):
            try:
                with self._begin() as work:
                    self._rates = work.pass_rates.all()
            except UnavailableError:
                pass
            finally:
                self._due = self._monotonic() + FRESH_FOR_S
                self._looking.release()
        return self._rates
