"""What became of attempts, in memory."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.account import Account, AccountStatus
from service.domain.errors import ConflictError
from service.storage.memory.shelves import Shelves, Undo, Write


@dataclass(frozen=True, slots=True)
class MemoryAccounts:
    """See ``service.usecases.ports_accounts.Accounts``."""

    shelves: Shelves
    staged: list[Write]

    def of(self, signup_no: int) -> Account | None:
        """See the port."""
        with self.shelves.lock:
            return self.shelves.accounts.get(signup_no)

    def report(self, signup_no: int, account: Account) -> None:
        """See the port."""

        def write() -> Undo:
            before = self.shelves.accounts.get(signup_no)
            if before is not None and before.status is AccountStatus.CREATED:
                raise ConflictError("An account was reported as created for this sign-up already.")
            self.shelves.accounts[signup_no] = account

            def undo() -> None:
                if before is None:
                    del self.shelves.accounts[signup_no]
                else:
                    self.shelves.accounts[signup_no] = before

            return undo

        self.staged.append(write)
