"""How the outbox stands, as figures for Prometheus and for readiness: asked of the database now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.domain.errors import UnavailableError
from service.usecases.ports import Begin
from service.usecases.ports_webhooks import Waiting

KEPT_S = 5.0
"""Anybody may ask for the figures; they must not become a way to load the database."""


@dataclass(slots=True)
class Outbox:
    """The figures, at most so many seconds old."""

    begin: Begin
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    _kept: tuple[float, Waiting] | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __call__(self) -> Waiting:
        """What waits, and what was given up.

        Raises:
            UnavailableError: the database cannot be used.
        """
        with self._lock:
            if self._kept is None or self.monotonic() - self._kept[0] >= KEPT_S:
                with self.begin() as work:
                    self._kept = (self.monotonic(), work.deliveries.waiting(now=self.clock()))
            return self._kept[1]

    def age_s(self, waiting: Waiting) -> float:
        """How long the oldest event that is due has waited; 0 when none does."""
        if waiting.oldest_due_at is None:
            return 0.0
        return max(0.0, (self.clock() - waiting.oldest_due_at).total_seconds())

    def exposition(self) -> bytes:
        """The figures for Prometheus; none while the database is away, rather than old ones."""
        try:
            waiting = self()
        except UnavailableError:
            return b""
        registry = CollectorRegistry()
        registry.register(_Figures(waiting, self.age_s(waiting)))
        return generate_latest(registry)


@dataclass(frozen=True, slots=True)
class _Figures(Collector):
    """Read at once over all processes, and therefore no gauges of one of them."""

    waiting: Waiting
    age_s: float

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "gatehouse_outbox_age_seconds", "How long the oldest event that is due has waited", self.age_s
        )
        yield GaugeMetricFamily("gatehouse_outbox_waiting", "Events due and not yet delivered", self.waiting.due)
        yield GaugeMetricFamily(
            "gatehouse_webhook_dead_letters", "Deliveries given up within the last 30 days", self.waiting.dead
        )
