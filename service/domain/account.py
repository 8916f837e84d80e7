"""What became of a sign-up's attempt: whether the caller opened an account, and which."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AccountStatus(StrEnum):
    """Whether the account exists."""

    CREATED = "created"
    NOT_CREATED = "not_created"


@dataclass(frozen=True, slots=True)
class Account:
    """What the caller reported.

    Attributes:
        status: whether the account was opened.
        account_id: the caller's own id of it, given exactly when it was; it may be personal.
        at: when it was opened, or given up.
        reported_at: when we were told.
    """

    status: AccountStatus
    account_id: str | None = field(repr=False)
    at: datetime
    reported_at: datetime
