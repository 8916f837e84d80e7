"""Try again: what somebody else was faster with at the same moment is done once more from the start."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from service.domain.errors import TakenError
from service.usecases.ports_step_up import StepUpMovedError

TRIES = 20
"""Whoever loses has seen somebody else win: so many at once all come through, more than a server answers at a time."""

P = ParamSpec("P")
R = TypeVar("R")


def tried_again(use_case: Callable[P, R]) -> Callable[P, R]:
    """The use case, which begins a transaction of its own, tried again while its place was taken.

    A person who opens a page, or mistypes a code, moves the step-up that it is about just so.

    Raises:
        TakenError: it was, every time.
    """

    @wraps(use_case)
    def trying(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return use_case(*args, **kwargs)
            except (TakenError, StepUpMovedError):
                continue
        try:
            return use_case(*args, **kwargs)
        except StepUpMovedError:
            raise TakenError("A challenge was answered at the same moment; look again.") from None

    return trying
