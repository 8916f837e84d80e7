"""The order of the reviewers' queue: risk by waiting by capacity, as a rank that stays while time passes."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

DOUBLING = timedelta(hours=8)
"""Waiting this long counts as much as twice the risk: a student's working day. Not in the policy: stored ranks of
all cases must stay comparable."""

LEAST_RISK = 0.02
"""Every case counts for something, so that an honest person's low risk does not leave them waiting for ever."""

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def rank_of(risk: float, opened_at: datetime, *, share: float, loudness: int = 0) -> float:
    """What the queue is ordered by, highest first: the binary logarithm of the priority, but for the time that passes.

    Priority is risk by waiting by capacity, where the weight of waiting doubles every ``DOUBLING``, ``share`` is the
    part of the day's capacity that the queue gets, and every step of loudness doubles it once more. Two cases keep
    their order while time passes, so the rank is computed once and an index serves the queue.
    """
    waited_from = (opened_at - _EPOCH) / DOUBLING
    return math.log2(max(risk, LEAST_RISK)) + math.log2(share) - waited_from + loudness


def priority_of(rank: float, now: datetime) -> float:
    """Risk by waiting by capacity as it is now, of a case with this rank."""
    return math.exp2(rank + (now - _EPOCH) / DOUBLING)
