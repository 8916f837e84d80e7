"""What recorded sign-ups are searched by, with the lines that a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.linkage.identifier import IdentifierKind
from models.signup import AccountType
from service.domain.decision import Decision


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to search recorded sign-ups by; everything given must hold. Identifiers are digested by the store.

    ``id_ends_in`` is the last group of the record's id, which a person knows as their reference number.
    """

    identifiers: tuple[tuple[IdentifierKind, str], ...] = ()
    signup_id: str | None = None
    id_ends_in: str | None = None
    account_type: AccountType | None = None
    decision: Decision | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    before_no: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """One line of a search: no personal data. ``signup_no`` is the cursor."""

    id: str
    signup_no: int
    signup_id: str
    account_type: AccountType
    recorded_at: datetime
    occurred_at: datetime
    decision: Decision | None
    score: float | None
