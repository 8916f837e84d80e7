"""Accounts looked at many a transaction, where somebody else may decide on one of them at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from service.domain.errors import ConflictError
from service.usecases.ports_step_up import StepUpMovedError


def leaving_to_others(look: Callable[[Sequence[int]], int], numbers: Sequence[int], *, batch: int) -> int:
    """Look at accounts in batches; one on which others were faster twice is left to them, and no other with it.

    Args:
        look: reads the accounts of these numbers and commits what it makes of them, or nothing; of how many it made
            something.
        numbers: the accounts, in the order in which they are looked at.
        batch: how many at most are looked at together.
    """
    return sum(_parted(look, numbers[at : at + batch]) for at in range(0, len(numbers), batch))


def _parted(look: Callable[[Sequence[int]], int], numbers: Sequence[int]) -> int:
    try:
        return look(numbers)
    except (ConflictError, StepUpMovedError):
        half = len(numbers) // 2
    if half:
        return _parted(look, numbers[:half]) + _parted(look, numbers[half:])
    try:
        return look(numbers)  # as it is by now: a page that was opened meanwhile decides nothing
    except (ConflictError, StepUpMovedError):
        return 0
