"""Outcomes: labels that come late, are missing or wrong, and sometimes whole clusters at a time."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from models.simulation.streams import lognormal
from models.simulation.truth import Outcome

LabelSpeed = Literal["ordinary", "slow"]
_FRAUD_DAYS: Mapping[LabelSpeed, tuple[float, float]] = {"ordinary": (2.0, 12.0), "slow": (7.0, 30.0)}
"""Median and 90th percentile of the days until somebody says fraud."""
_CHARGEBACK_SHARE, _CHARGEBACK_DAYS = 0.10, (30.0, 90.0)
_WRONGLY_FRAUD, _WRONGLY_FRAUD_BIASED = 0.005, 0.015
_BIASED_AGAINST = frozenset({"H7", "H8", "H11"})
_CORRECTED_SHARE, _CORRECTED_DAYS = 0.6, (5.0, 20.0)
_CLEARED_SHARE, _CLEARED_DAYS = 0.30, (30.0, 75.0)
_CAUGHT_BY_CONTAINMENT = 0.7


def containments(start: datetime, days: float, rng: random.Random) -> tuple[datetime, ...]:
    """When an operator's cluster is contained: its open accounts are then labelled together."""
    at, found = start + timedelta(days=lognormal(rng, 3.0, 10.0)), []
    while at < start + timedelta(days=days + 30):
        found.append(at)
        at += timedelta(days=lognormal(rng, 6.0, 20.0))
    return tuple(found)


def of_fraud(
    now: datetime, rng: random.Random, *, never: float, waves: Sequence[datetime], by_card: bool, speed: LabelSpeed
) -> Outcome | None:
    """The label of a fraudulent account that was let in; ``waves`` are its operator's containments."""
    if rng.random() < never:
        return None
    days = lognormal(rng, *_FRAUD_DAYS[speed])
    if by_card and rng.random() < _CHARGEBACK_SHARE:
        days = rng.uniform(*_CHARGEBACK_DAYS)
    known = now + timedelta(days=days)
    index = bisect_right(waves, now)
    if index < len(waves) and waves[index] < known and rng.random() < _CAUGHT_BY_CONTAINMENT:
        known = waves[index]
    return Outcome("fraud", known.replace(microsecond=0))


def of_trusted(now: datetime, rng: random.Random) -> Outcome | None:
    """What is said of a fraudulent account that was grown to be cleared: wrongly good, half of the time."""
    cleared = rng.random() < 0.5
    known = now + timedelta(days=rng.uniform(*_CLEARED_DAYS))
    return Outcome("legitimate", known.replace(microsecond=0)) if cleared else None


def of_honest(now: datetime, kind: str, rng: random.Random, *, speed: LabelSpeed) -> Outcome | None:
    """What is said of an honest account that was let in: mostly nothing, rarely something wrong."""
    if rng.random() < (_WRONGLY_FRAUD_BIASED if kind in _BIASED_AGAINST else _WRONGLY_FRAUD):
        known = now + timedelta(days=lognormal(rng, *_FRAUD_DAYS[speed]))
        corrected = None
        if rng.random() < _CORRECTED_SHARE:
            corrected = (known + timedelta(days=lognormal(rng, *_CORRECTED_DAYS))).replace(microsecond=0)
        return Outcome("fraud", known.replace(microsecond=0), corrected)
    if rng.random() < _CLEARED_SHARE:
        return Outcome("legitimate", (now + timedelta(days=rng.uniform(*_CLEARED_DAYS))).replace(microsecond=0))
    return None
