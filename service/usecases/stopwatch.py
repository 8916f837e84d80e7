"""Timing the steps of the path without the use cases knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Stopwatch(Protocol):
    """Told the name of each step as it ends; the time since the step before is its own affair."""

    def lap(self, step: str) -> None:
        """The named step has just ended."""
        ...


class NullStopwatch:
    """Nobody listens."""

    def lap(self, step: str) -> None:
        """Do nothing."""


NULL_STOPWATCH = NullStopwatch()
