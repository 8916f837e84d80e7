"""What the reports of accounts need from outside."""

from __future__ import annotations

from typing import Protocol

from service.domain.account import Account


class Accounts(Protocol):
    """What became of the attempts, by the number of the sign-up."""

    def of(self, signup_no: int) -> Account | None:
        """What was reported last."""
        ...

    def report(self, signup_no: int, account: Account) -> None:
        """Stage a report; it may replace one that no account was created.

        Raises (from ``commit``):
            ConflictError: an account was reported as created in the meantime.
        """
        ...
