"""What was measured, as Markdown tables: ratios first, for absolute figures belong to one machine and one hour."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from load import Report
from targets import Target


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one target."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(slots=True)
class Measured:
    """Everything measured of one target; its figures are medians over the rounds."""

    target: Target
    rounds: list[Round] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return statistics.median(each.per_second for each in self.rounds)

    @property
    def p50_ms(self) -> float:
        """The latency of half of the answers."""
        return statistics.median(each.p50_ms for each in self.rounds)

    @property
    def p99_ms(self) -> float:
        """The latency of all but one answer in a hundred."""
        return statistics.median(each.p99_ms for each in self.rounds)


def round_of(report: Report) -> Round:
    """The figures of one round."""
    latencies = sorted(report.latencies_s)
    return Round(
        per_second=len(latencies) / report.seconds,
        p50_ms=1_000 * latencies[len(latencies) // 2],
        p99_ms=1_000 * latencies[int(len(latencies) * 0.99)],
    )


def conditions(*, clients: int, workers: int, rounds: int, seconds: float) -> str:
    """One sentence on how it was measured."""
    return (
        f"{clients} clients, {workers} workers, medians of {rounds} interleaved rounds of {seconds:g} s, durable"
        f" commits; {os.cpu_count()} cores, Python {platform.python_version()}, xgboost {version('xgboost-cpu')},"
        f" {datetime.now(UTC):%Y-%m-%d}."
    )


def throughput_table(measured: Sequence[Measured]) -> list[str]:
    """A row for each target. The first is the constant answer that all are compared with."""
    by_name = {each.target.name: each for each in measured}
    lines = [
        "| | answers/s | to constant | to constant + insert | p50 | p99 | start | private, a worker | resident |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in measured:
        floor = by_name.get(each.target.floor or "")
        private, resident = each.target.worker_memory()
        cells = (
            each.target.name,
            f"{each.per_second:,.0f}",
            f"{each.per_second / measured[0].per_second:.2f}",
            f"{each.per_second / floor.per_second:.2f}" if floor else "",
            f"{each.p50_ms:.1f} ms",
            f"{each.p99_ms:.1f} ms",
            f"{each.target.started_in_s:.2f} s",
            f"{private:.0f} MiB",
            f"{resident:.0f} MiB",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def step_table(measured: Sequence[Measured]) -> list[str]:
    """A row for each step of the path: its mean in microseconds, waiting for other requests' turns included."""
    steps = {each.target.name: each.target.step_microseconds() for each in measured if each.target.floor}
    names = dict.fromkeys(step for of in steps.values() for step in of)
    rows = [[name, *(f"{of.get(name, 0):,.0f}" for of in steps.values())] for name in names]
    rows.append(["sum", *(f"{sum(of.values()):,.0f}" for of in steps.values())])
    head = ["µs of each step, at that load", *steps]
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
