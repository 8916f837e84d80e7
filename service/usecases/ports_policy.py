"""What the use cases of policies need from a store: versions, which was in force when, and back-tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of the policy document, a draft until it is activated; ``activated_at`` is the last time it was."""

    version: int
    document: str
    created_at: datetime
    created_by: str
    reason: str
    activated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Activation:
    """One version coming into force; the newest is in force.

    Attributes:
        number: counts up from 1.
        version: which one.
        beneath: the activation that a roll-back goes back to; ``None`` under the first.
        rolled_back: the version that it took the place of, when it was a roll-back.
    """

    number: int
    version: int
    at: datetime
    by: str
    reason: str
    beneath: int | None
    rolled_back: int | None = None


@dataclass(frozen=True, slots=True)
class BackTestRecord:
    """A back-test that was done: what it compared, how much it covered, and what it found.

    Attributes:
        version: the version tried.
        against: the version that was in force, 0 for the shipped one.
        decisions: how many recorded decisions were replayed.
        whole: whether these were all there are.
        large: the rates that moved by more than the policy in force allows one person to move.
        summary: what it found, as JSON.
    """

    version: int
    against: int
    at: datetime
    by: str
    decisions: int
    whole: bool
    large: tuple[str, ...]
    summary: Mapping[str, object]


class Policies(Protocol):
    """Policy documents. Of two who add or activate at once, the second's commit raises ``ConflictError``."""

    def active(self) -> PolicyVersion | None:
        """The version in force."""
        ...

    def get(self, version: int) -> PolicyVersion | None:
        """One version."""
        ...

    def all(self) -> Sequence[PolicyVersion]:
        """Every version, oldest first."""
        ...

    def add(self, document: str, *, at: datetime, by: str, reason: str, activate: bool) -> PolicyVersion:
        """Stage a new version."""
        ...

    def activations(self) -> Sequence[Activation]:
        """Which version came into force when, oldest first."""
        ...

    def activate(self, version: int, *, at: datetime, by: str, reason: str) -> None:
        """Stage a version's coming into force."""
        ...

    def roll_back(self, *, at: datetime, by: str, reason: str) -> int | None:
        """Stage the return to what was in force before; its version, or ``None`` when nothing was."""
        ...

    def record_backtest(self, record: BackTestRecord) -> None:
        """Stage what a back-test found."""
        ...

    def backtest_of(self, version: int) -> BackTestRecord | None:
        """The newest back-test of a version."""
        ...
