"""What the console's overview needs from outside: counts over recorded decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from models.signup import AccountType
from service.domain.challenge import ChallengeMethod, ChallengeStatus
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


@dataclass(frozen=True, slots=True)
class CountryCount:
    """How many of the newest sign-ups that named a country got one first decision."""

    country: str | None
    decision: Decision
    count: int


@dataclass(frozen=True, slots=True)
class ChallengeCount:
    """How many challenges of one method stand so, by whether the person has seen the page."""

    method: ChallengeMethod
    status: ChallengeStatus
    opened: bool
    count: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """People who were stepped up: asked, came to the page, proved something."""

    asked: int
    opened: int
    passed: int


class Figures(Protocol):
    """Counts for people; they read much and are asked seldom."""

    def decisions_by_day(self, *, since: datetime) -> Sequence[DayCount]:
        """First decisions by day, in the order of days."""
        ...

    def decisions_by_country(self, *, since: datetime, most: int) -> Sequence[CountryCount]:
        """First decisions of the newest sign-ups since an instant, by the country they named."""
        ...

    def challenges(self, *, since: datetime) -> Sequence[ChallengeCount]:
        """Challenges asked since an instant, as they stand."""
        ...

    def funnel(self, *, since: datetime) -> Funnel:
        """The people who were asked since an instant."""
        ...
