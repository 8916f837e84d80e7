"""What ``POST /v1/signups/{id}/account`` takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from service.api.schemas.fields import Strict, Time, text, wrong
from service.domain.account import Account, AccountStatus

_CLOCK_TOLERANCE = timedelta(minutes=5)


class AccountRequest(Strict):
    """What became of the attempt."""

    status: AccountStatus
    account_id: (
        Annotated[str, text(64, "Your own id of the account, exactly when it was created.", example="acct_77")] | None
    ) = None
    at: Annotated[Time, Field(description="When it was opened or given up; now if missing.")] | None = None

    @field_validator("at")
    @classmethod
    def _is_not_in_the_future(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is not None and info.context is not None and value > info.context["now"] + _CLOCK_TOLERANCE:
            raise wrong("must not be more than 5 minutes ahead of the clock")
        return value

    @model_validator(mode="after")
    def _names_the_account_it_speaks_of(self) -> Self:
        if (self.account_id is None) is (self.status is AccountStatus.CREATED):
            raise wrong("must have an 'account_id' when the account was created, and only then")
        return self

    def to_account(self, now: datetime) -> Account:
        """The core's form."""
        return Account(
            status=self.status,
            account_id=self.account_id,
            at=now if self.at is None else self.at,
            reported_at=now,
        )
