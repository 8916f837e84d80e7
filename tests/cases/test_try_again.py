"""Try again: whoever was slower does it once more from the start, and is told so when that never helps."""

from __future__ import annotations

import pytest

from service.domain.errors import ConflictError, TakenError
from service.usecases.ports_step_up import StepUpMovedError
from service.usecases.try_again import TRIES, tried_again


class Slower:
    """A use case before which somebody else is faster, so many times."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.left, self.tries = error, times, 0

    def __call__(self, told: str) -> str:
        self.tries += 1
        if self.left:
            self.left -= 1
            raise self.error
        return told


@pytest.mark.parametrize("error", [TakenError("taken"), StepUpMovedError()], ids=["taken", "moved"])
def test_who_was_slower_does_it_again(error: Exception) -> None:
    slower = Slower(error, TRIES - 1)

    assert tried_again(slower.__call__)("done") == "done"
    assert slower.tries == TRIES


@pytest.mark.parametrize("error", [TakenError("taken"), StepUpMovedError()], ids=["taken", "moved"])
def test_who_was_slower_every_time_is_told(error: Exception) -> None:
    with pytest.raises(TakenError, match=r"taken|same moment"):
        tried_again(Slower(error, TRIES).__call__)("done")


def test_another_conflict_is_told_at_once() -> None:
    slower = Slower(ConflictError("no"), 1)

    with pytest.raises(ConflictError, match="no"):
        tried_again(slower.__call__)("done")
    assert slower.tries == 1
