"""Drift: what of the sign-ups, the scores and their truth has moved, beyond what chance moves in such samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from models.monitoring.log_odds import in_the_large
from models.monitoring.resampling import FEWEST_RESAMPLED, resampled_interval
from models.monitoring.stability import Stability, stability

Floats = NDArray[np.float64]

MODERATE = 0.1
"""A stability index so far above its floor is worth a look (the usual reading; 0.25 is a shift)."""

FLOOR_SHARE = 0.5
"""And by half the floor: the index of few rows has a long tail, which resamples of the same rows know badly."""

FEWEST_ROWS = 100
"""With fewer rows on a side nothing is said of a feature."""

UNSEEN_ERRORS = 4.0
"""Standard errors by which the share of first-seen values must have risen, because people arrive in groups."""

MISCALIBRATED = 0.25
"""Log-odds by which scores must be off, surely: odds wrong by a quarter."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sign-ups of one span of time.

    Attributes:
        features: of each feature that was logged, its values; NaN is missing.
        scores: of one model, the same for both samples; NaN where it could not score.
        unseen: of each kind of identifier, 1 where the sign-up's was never seen before, 0 where it was, by those
            that carry one.
    """

    features: Mapping[str, NDArray[np.float32]]
    scores: Floats
    unseen: Mapping[str, NDArray[np.int8]]

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class Ripened:
    """The scores of sign-ups so old that outcomes are known: 1 fraud, 0 legitimate, -1 where nobody can say.

    Younger ones would mislead: fraud is known in days, its absence in weeks.
    """

    span: str
    scores: Floats
    labels: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Moved:
    """One distribution then and now: its stability index, the floor that chance reaches, the missing values."""

    name: str
    index: float
    floor: float
    missing_before: float
    missing_now: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """The share of sign-ups whose network, domain or BIN nobody had before."""

    kind: str
    before: float
    now: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The log-odds by which the scores of a span are off, with their interval; ``None`` with too few outcomes."""

    span: str
    outcomes: int
    fraud: int
    off_by: float | None
    low: float | None
    high: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that was compared; the parts that moved most come first."""

    model: str
    rows_before: int
    rows_now: int
    features: tuple[Moved, ...]
    score: Moved | None
    unseen: tuple[FirstSeen, ...]
    calibration: tuple[Calibrated, ...]

    @property
    def alarms(self) -> tuple[str, ...]:
        """What moved beyond chance and far enough to look at."""
        return (
            *(each.name for each in (self.score,) if each is not None and each.alarm),
            *(each.name for each in self.features if each.alarm),
            *(f"unseen {each.kind}" for each in self.unseen if each.alarm),
            *(f"calibration {each.span}" for each in self.calibration if each.alarm),
        )

    def as_document(self) -> dict[str, object]:
        """As JSON values."""
        return asdict(self) | {"alarms": list(self.alarms)}

    @classmethod
    def of_json(cls, document: str) -> Drift:
        """From what ``as_document`` was written as."""
        return _ADAPTER.validate_json(document)

    def lines(self, *, most: int = 15) -> Iterator[str]:
        """For people, line by line."""
        yield f"{self.model}: {self.rows_now:,} recent sign-ups against {self.rows_before:,} before them"
        yield f"{'':<8}{'':<40}{'index':>8}{'by chance':>11}{'missing then':>14}{'now':>8}"
        shown = sorted(self.features, key=lambda each: (not each.alarm, each.floor - each.index))
        for each in (*([self.score] if self.score else []), *shown[:most]):
            yield (
                f"{_mark(each.alarm)}{each.name:<40}{each.index:>8.3f}{each.floor:>11.3f}"
                f"{each.missing_before:>14.1%}{each.missing_now:>8.1%}"
            )
        if len(shown) > most:
            yield f"        and {len(shown) - most} features that moved less"
        for first in self.unseen:
            yield f"{_mark(first.alarm)}never seen before: {first.kind}, {first.before:.1%} then, {first.now:.1%} now"
        for each_span in self.calibration:
            yield _mark(each_span.alarm) + _calibration_line(each_span)
        yield f"{len(self.alarms)} alarms" + (f": {', '.join(self.alarms)}" if self.alarms else "")


_ADAPTER = TypeAdapter(Drift)


def drift(model: str, before: Sample, now: Sample, ripened: Iterable[Ripened] = (), *, seed: int = 1) -> Drift:
    """Compare two spans, and say how true the scores of ripened ones were."""
    features = [
        _moved(name, before.features[name], now.features[name], seed)
        for name in before.features
        if name in now.features and min(len(before.features[name]), len(now.features[name])) >= FEWEST_ROWS
    ]
    enough = min(len(before), len(now)) >= FEWEST_ROWS
    return Drift(
        model=model,
        rows_before=len(before),
        rows_now=len(now),
        features=tuple(sorted(features, key=lambda each: each.floor - each.index)),
        score=_moved("score", before.scores, now.scores, seed) if enough else None,
        unseen=tuple(_first_seen(kind, before.unseen[kind], now.unseen[kind]) for kind in before.unseen),
        calibration=tuple(_calibrated(each, seed) for each in ripened),
    )


def _moved(name: str, before: NDArray[np.floating], now: NDArray[np.floating], seed: int) -> Moved:
    found: Stability = stability(before, now, seed=seed)
    return Moved(
        name=name,
        index=round(found.index, 6),
        floor=round(found.floor, 6),
        missing_before=round(float(np.isnan(before).mean()), 6),
        missing_now=round(float(np.isnan(now).mean()), 6),
        alarm=found.above_floor >= max(MODERATE, FLOOR_SHARE * found.floor),
    )


def _first_seen(kind: str, before: NDArray[np.int8], now: NDArray[np.int8]) -> FirstSeen:
    if min(len(before), len(now)) < FEWEST_ROWS:
        return FirstSeen(kind, _share(before), _share(now), alarm=False)
    then, today = _share(before), _share(now)
    # On this scale (Anscombe, 1948) the error of a share is the same for rare and for common values.
    risen = math.asin(math.sqrt(today)) - math.asin(math.sqrt(then))
    error = 0.5 * math.sqrt(1 / len(before) + 1 / len(now))
    return FirstSeen(kind, then, today, alarm=risen > UNSEEN_ERRORS * error)


def _share(values: NDArray[np.int8]) -> float:
    return round(float(values.mean()), 6) if len(values) else 0.0


def _calibrated(ripened: Ripened, seed: int) -> Calibrated:
    span, known = ripened.span, (ripened.labels >= 0) & ~np.isnan(ripened.scores)
    scores, labels = ripened.scores[known], ripened.labels[known]
    fraud = int(labels.sum())
    if min(fraud, len(labels) - fraud) < FEWEST_RESAMPLED:
        return Calibrated(span, len(labels), fraud, None, None, None, alarm=False)
    low, high = resampled_interval(lambda counts: in_the_large(scores, labels, counts), labels, seed=seed)
    off_by = in_the_large(scores, labels)
    alarm = low > MISCALIBRATED or high < -MISCALIBRATED
    return Calibrated(span, len(labels), fraud, round(off_by, 6), round(low, 6), round(high, 6), alarm=alarm)


def _mark(alarm: bool) -> str:  # noqa: FBT001 - a mark is a mark
    return "ALARM   " if alarm else "        "


def _calibration_line(each: Calibrated) -> str:
    outcomes = f"{each.outcomes:,} ripe outcomes, {each.fraud:,} fraud"
    if each.off_by is None or each.low is None or each.high is None:
        return f"calibration {each.span}: {outcomes}, too few to say"
    return (
        f"calibration {each.span}: off by {each.off_by:+.2f} log-odds ({each.low:+.2f} to {each.high:+.2f}), {outcomes}"
    )
