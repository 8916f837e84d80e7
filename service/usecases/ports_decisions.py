"""What back-tests and advice need from a store: decisions as they were recorded, in large numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol  # Any: documents are JSON

from models.signup import AccountType
from service.domain.decision import Decision, Explored
from service.domain.standing import ListHit


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """The first decision on one sign-up, with what it was made on.

    Attributes:
        id: of the record; ``signup_id`` is the caller's own id of it.
        decision: what was decided.
        signup: the sign-up's document, which holds personal data; empty unless asked for.
    """

    id: str
    owner: str
    signup_id: str
    account_type: AccountType
    recorded_at: datetime
    decision: Decision
    score: float | None
    signals: Mapping[str, Any]
    linkage: Mapping[str, Any]
    policy_version: int
    hits: tuple[ListHit, ...]
    explored: Explored | None
    signup: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Period:
    """Which decisions: recorded from ``since`` on, before ``before``, at most ``limit`` of the newest."""

    since: datetime | None = None
    before: datetime | None = None
    limit: int | None = None

    def covers(self, found: int) -> bool:
        """Whether nothing is left out, when so many were found."""
        return self.since is None and self.before is None and (self.limit is None or found < self.limit)


class Decisions(Protocol):
    """Recorded decisions; sign-ups that were only recorded have none."""

    def count(self, period: Period) -> int:
        """How many sign-ups the period holds, an upper bound of its decisions."""
        ...

    def stream(self, period: Period, *, with_signups: bool) -> Iterable[RecordedDecision]:
        """Newest first, read in bounded pages."""
        ...
