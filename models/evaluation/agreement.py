"""How a challenger in the shadow compares with what was decided: agreement now, and outcomes as they ripen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.comparison import Difference, calibration_difference, recall_difference, share_difference
from models.evaluation.intervals import wilson
from models.evaluation.newest import FEWEST_FRAUD, FEWEST_HONEST

Floats = NDArray[np.float64]

DECISIONS = ("allow", "step_up", "review", "deny")


@dataclass(frozen=True, slots=True)
class ShadowRows:
    """Pairs as columns. ``labels`` are 1 fraud, 0 legitimate, -1 not known yet; decisions are places in ``DECISIONS``.

    A champion's score that is missing (no model could score) is NaN.
    """

    champion: Floats
    challenger: Floats
    decided: NDArray[np.int8]
    would: NDArray[np.int8]
    labels: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.challenger)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was found; ``judged`` is empty while too few outcomes are known."""

    rows: int
    agreed: float
    low: float
    high: float
    moved: Mapping[tuple[str, str], int]
    decisions: tuple[Difference, ...]
    correlation: float | None
    fraud: int
    honest: int
    judged: tuple[Difference, ...]

    def lines(self) -> Iterator[str]:
        """For people, line by line."""
        yield f"{self.rows:,} decisions scored by both"
        if not self.rows:
            return
        yield f"same decision: {self.agreed:.2%} ({self.low:.2%} to {self.high:.2%})"
        for (decided, would), count in self.moved.items():
            yield f"  {decided} would have been {would}: {count:,}"
        if self.correlation is not None:
            yield f"rank correlation of the scores: {self.correlation:.4f}"
        yield from (each.line() for each in self.decisions)
        if self.judged:
            yield f"by outcomes known ({self.fraud:,} fraud, {self.honest:,} legitimate):"
            yield from (f"  {each.line()}" for each in self.judged)
        else:
            yield (
                f"outcomes known: {self.fraud:,} fraud, {self.honest:,} legitimate; from {FEWEST_FRAUD} and "
                f"{FEWEST_HONEST} on they are compared"
            )


def agreement(rows: ShadowRows, *, rate: float = 0.01, seed: int = 1) -> Agreement:
    """Compare; ``rate`` is the false-positive rate at which recall is compared."""
    same = float((rows.decided == rows.would).mean()) if len(rows) else 0.0
    low, high = wilson(same * len(rows), len(rows))
    known = (rows.labels >= 0) & ~np.isnan(rows.champion)
    fraud, honest = (int((rows.labels[known] == label).sum()) for label in (1, 0))
    return Agreement(
        rows=len(rows),
        agreed=same,
        low=low,
        high=high,
        moved=_moved(rows),
        decisions=tuple(_decisions(rows)),
        correlation=_correlation(rows),
        fraud=fraud,
        honest=honest,
        judged=_by_outcome(rows, known, rate, seed) if fraud >= FEWEST_FRAUD and honest >= FEWEST_HONEST else (),
    )


def _moved(rows: ShadowRows) -> dict[tuple[str, str], int]:
    counts = np.zeros((len(DECISIONS), len(DECISIONS)), np.int64)
    np.add.at(counts, (rows.decided, rows.would), 1)
    return {
        (DECISIONS[decided], DECISIONS[would]): int(counts[decided, would])
        for decided in range(len(DECISIONS))
        for would in range(len(DECISIONS))
        if decided != would and counts[decided, would]
    }


def _decisions(rows: ShadowRows) -> Iterator[Difference]:
    alone = np.full(len(rows), -1, np.int64)
    for place, name in enumerate(DECISIONS[1:], start=1):
        if len(rows):
            yield share_difference(f"{name} or worse", rows.decided >= place, rows.would >= place, units=alone)


def _correlation(rows: ShadowRows) -> float | None:
    there = ~np.isnan(rows.champion)
    if int(there.sum()) < 3:
        return None
    ranks = [_ranks(each[there]) for each in (rows.champion, rows.challenger)]
    if min(float(each.std()) for each in ranks) == 0:
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: Floats) -> Floats:
    """Mean ranks, equal values alike."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[place]
    return ranks


def _by_outcome(rows: ShadowRows, known: NDArray[np.bool_], rate: float, seed: int) -> tuple[Difference, ...]:
    truth, alone = rows.labels[known], np.full(int(known.sum()), -1, np.int64)
    both = (rows.champion[known], rows.challenger[known])
    return (
        recall_difference(*both, truth, rate=rate, units=alone, seed=seed),
        calibration_difference(*both, truth, units=alone, seed=seed),
        *(
            share_difference(
                f"{'fraud' if label else 'honest'} at {name} or worse",
                rows.decided[known][truth == label] >= place,
                rows.would[known][truth == label] >= place,
                units=alone[truth == label],
            )
            for label in (1, 0)
            for place, name in ((1, "step_up"), (2, "review"))
        ),
    )
