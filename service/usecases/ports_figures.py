"""What the console's overview needs from outside: counts over recorded decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from models.signup import AccountType
from service.domain.decision import Decision


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many sign-ups of one type, recorded on one UTC day, got one first decision, by which model and policy."""

    day: date
    account_type: AccountType
    decision: Decision
    model_version: str | None
    policy_version: int
    count: int


class Figures(Protocol):
    """Counts for people; they read much and are asked seldom."""

    def decisions_by_day(self, *, since: datetime) -> Sequence[DayCount]:
        """First decisions by day, in the order of days."""
        ...
