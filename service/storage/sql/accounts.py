"""What became of attempts, in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from service.domain.account import Account, AccountStatus
from service.domain.errors import ConflictError
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.account_tables import SignupAccountRow
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage


class SqlAccounts:
    """See ``service.usecases.ports_accounts.Accounts``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption

    def of(self, signup_no: int) -> Account | None:
        """See the port."""
        statement = select(SignupAccountRow.__table__).where(SignupAccountRow.signup_no == signup_no)
        row = self._database.read(lambda connection: connection.execute(statement).first())
        if row is None:
            return None
        opened = None
        if row.sealed is not None:
            opened = self._encryption.decrypt(bytes(row.sealed), record_id=_bound_to(signup_no)).decode()
        return Account(
            status=AccountStatus(row.status),
            account_id=opened,
            at=instant_of(row.at_us),
            reported_at=instant_of(row.reported_us),
        )

    def report(self, signup_no: int, account: Account) -> None:
        """See the port."""
        sealed = None
        if account.account_id is not None:
            sealed = self._encryption.encrypt(account.account_id.encode(), record_id=_bound_to(signup_no))
        columns = {
            "status": account.status.value,
            "sealed": sealed,
            "encryption_version": None if sealed is None else self._encryption.version,
            "at_us": microseconds_of(account.at),
            "reported_us": microseconds_of(account.reported_at),
        }
        dialect = sqlite if self._database.on_sqlite else postgresql
        statement = (
            dialect.insert(SignupAccountRow)
            .values(signup_no=signup_no, **columns)
            .on_conflict_do_update(
                index_elements=["signup_no"],
                set_=columns,
                where=SignupAccountRow.status == AccountStatus.NOT_CREATED.value,
            )
            .returning(SignupAccountRow.signup_no)
        )

        def run(connection: Connection) -> None:
            if connection.execute(statement).first() is None:
                raise ConflictError("An account was reported as created for this sign-up already.")

        self._stage.add(run)


def _bound_to(signup_no: int) -> str:
    """What the ciphertext is authenticated with: moved to another sign-up it does not open."""
    return f"account of {signup_no}"
