"""Report what became of a sign-up's attempt: whether the caller opened the account, and under which id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.account import Account
from service.domain.caller import Caller
from service.domain.errors import NotFoundError
from service.usecases.ports import AuditEntry, Begin


@dataclass(frozen=True, slots=True)
class ReportAccount:
    """Record a report on one of the caller's own sign-ups."""

    begin: Begin

    def __call__(self, record_id: str, account: Account, *, caller: Caller, now: datetime) -> None:
        """Record it. The same report again changes nothing; an account may be created after all.

        Raises:
            NotFoundError: the caller recorded no such sign-up.
            ConflictError: an account was reported as created before, and this report says otherwise.
        """
        with self.begin() as work:
            recorded = work.ledger.get(caller.owner, record_id)
            if recorded is None:
                raise NotFoundError("There is no such sign-up.")
            before = work.accounts.of(recorded.signup_no)
            if before is not None and before == replace(account, at=before.at, reported_at=before.reported_at):
                return
            work.accounts.report(recorded.signup_no, account)
            work.audit.add(
                AuditEntry(
                    at=now,
                    actor=f"key:{caller.key_id}",
                    action="signup.account_reported",
                    subject=record_id,
                    detail={"status": account.status.value},
                )
            )
            work.commit()
