"""The overview's figures as a page shows them: rates, the step-up funnel, drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.monitoring.drift import Drift, Moved
from service.domain.challenge import ChallengeMethod, ChallengeStatus
from service.domain.evidence import POOLED
from service.domain.pass_rates import PassRate, Side
from service.usecases.ports_figures import ChallengeCount

MOST_MOVED = 12
"""Features that the page shows; those that moved most come first."""


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One proof: how many were asked for it, opened its page, ended how, and what the estimates say of whom passes."""

    method: ChallengeMethod
    asked: int
    opened: int
    passed: int
    failed: int
    lapsed: int
    pending: int
    honest: PassRate | None
    fraud: PassRate | None

    @property
    def pass_rate(self) -> float | None:
        """The share passed among those that ended; ``None`` while none has."""
        ended = self.passed + self.failed + self.lapsed
        return self.passed / ended if ended else None


def method_rows(counts: Sequence[ChallengeCount], rates: Iterable[PassRate]) -> list[MethodRow]:
    """A row a method that anybody was asked for, the most asked first."""
    known = {(each.method, each.side): each for each in rates if each.group == POOLED}
    rows = [_row(method, [each for each in counts if each.method is method], known) for method in ChallengeMethod]
    return sorted((row for row in rows if row.asked), key=lambda row: -row.asked)


def _row(
    method: ChallengeMethod,
    counts: Sequence[ChallengeCount],
    known: dict[tuple[ChallengeMethod, Side], PassRate],
) -> MethodRow:
    def of(*statuses: ChallengeStatus) -> int:
        return sum(each.count for each in counts if each.status in statuses)

    return MethodRow(
        method=method,
        asked=sum(each.count for each in counts),
        opened=sum(each.count for each in counts if each.opened),
        passed=of(ChallengeStatus.PASSED),
        failed=of(ChallengeStatus.FAILED),
        lapsed=of(ChallengeStatus.ABANDONED, ChallengeStatus.EXPIRED),
        pending=of(ChallengeStatus.PENDING),
        honest=known.get((method, Side.HONEST)),
        fraud=known.get((method, Side.FRAUD)),
    )


def moved_most(drift: Drift) -> list[Moved]:
    """The score first, then the features that raise an alarm, then those that moved most beyond chance."""
    features = sorted(drift.features, key=lambda each: (not each.alarm, each.floor - each.index))[:MOST_MOVED]
    return [*(() if drift.score is None else (drift.score,)), *features]
