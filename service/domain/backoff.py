"""When a delivery that failed is tried again, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta

GIVEN_UP_AFTER = timedelta(days=3)
"""Long enough for somebody to come back after a weekend and mend the receiver."""

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=12)
FACTOR = 3
"""5 s, 15 s, 45 s, … 3 h, 9 h, then every 12 h: fifteen attempts in three days, seven of them in the first hour."""

JITTER = 0.25
"""Pauses differ by up to a quarter, so that what failed together does not come back together."""


def next_try(
    *, attempts: int, queued_at: datetime, now: datetime, chance: float, retry_after_s: int | None = None
) -> datetime | None:
    """When to try again after ``attempts`` failed ones; ``None`` when it is time to give up.

    The last attempt is made when the three days are over, not before.

    Args:
        attempts: how many have failed, 1 or more.
        queued_at: when the delivery was queued.
        now: when the newest attempt failed.
        chance: 0 to 1, equally likely.
        retry_after_s: what the receiver asked for; it can lengthen a pause, up to the longest.
    """
    last = queued_at + GIVEN_UP_AFTER
    if now >= last:
        return None
    # Beyond the tenth power every pause is the longest one; without the bound it would outgrow a timedelta.
    longer: int = FACTOR ** min(attempts - 1, 10)
    pause = min(FIRST_PAUSE * longer, LONGEST_PAUSE) * (1 + JITTER * (2 * chance - 1))
    if retry_after_s is not None:
        pause = max(pause, min(timedelta(seconds=retry_after_s), LONGEST_PAUSE))
    return min(now + pause, last)
