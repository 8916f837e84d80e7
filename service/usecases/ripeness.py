"""When silence counts: a sign-up that was let in and of which nobody said anything for weeks is taken as legitimate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from service.domain.decision import Decision
from service.usecases.ports_learning import Judged

RIPE_AFTER = timedelta(days=45)
"""As in training (``models.training.replayed.MATURITY``, which a worker without the training libraries cannot read)."""


Said = Callable[[Judged], int | None]
"""What somebody said of a sign-up: 1 fraud, 0 legitimate, ``None`` nothing."""


def said_by_name(labels: Mapping[str, int]) -> Said:
    """By the callers' own ids, as files of outcomes have them."""
    return lambda judged: labels.get(judged.signup_id)


def said_by_number(labels: Mapping[int, int]) -> Said:
    """By the numbers of recorded sign-ups."""
    return lambda judged: labels.get(judged.signup_no)


def label_of(judged: Judged, said: int | None, *, now: datetime) -> int:
    """1 fraud, 0 legitimate, -1 while nobody can say; ``said`` is what somebody did say."""
    if said is not None:
        return said
    survived = judged.decision is Decision.ALLOW and now - judged.decided_at >= RIPE_AFTER
    return 0 if survived else -1
