"""What ``POST /v1/signups/search`` takes: in the body, because a URL ends up in logs."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from models.signup import AccountType
from service.api.schemas.fields import Country, Email, IpAddress, Phone, RorId, Strict, Time, checked_phone, text, wrong
from service.domain.decision import Decision
from service.usecases.views import SearchCriteria

PAGE_LIMIT = 100
_CURSOR = re.compile(rb"[1-9][0-9]{0,17}")


class SearchRequest(Strict):
    """Everything given must hold. Without anything: the newest sign-ups."""

    email: Email | None = None
    country: Annotated[Country | None, Field(description="The country of a phone number written nationally.")] = None
    phone: Phone | None = None
    ip: IpAddress | None = None
    device_id: Annotated[str, text(128, "The caller's id of the device.")] | None = None
    payment_fingerprint: Annotated[str, text(255, "The processor's fingerprint of the instrument.")] | None = None
    full_name: Annotated[str, text(200, "The person's name.", example="Ada Example")] | None = None
    institution: Annotated[str, text(200, "The institution's name.", example="University of Example")] | None = None
    institution_ror_id: RorId | None = None
    signup_id: Annotated[str, text(64, "The caller's own id of the attempt.", example="su_8131")] | None = None
    reference: (
        Annotated[str, text(32, "The reference number that the person was shown.", example="17F4-435B-9560")] | None
    ) = None
    account_type: AccountType | None = None
    decision: Decision | None = None
    recorded_from: Annotated[Time, Field(description="Recorded at this time or later.")] | None = None
    recorded_before: Annotated[Time, Field(description="Recorded before this time.")] | None = None
    cursor: Annotated[str, text(32, "'next_cursor' of the page before.")] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT, description="Entries a page; 50 if missing.")] | None = None

    @field_validator("phone")
    @classmethod
    def _is_possible(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else checked_phone(value, info.data.get("country"))

    @field_validator("cursor")
    @classmethod
    def _is_ours(cls, value: str | None) -> str | None:
        if value is not None:
            number_of_cursor(value)
        return value

    def to_criteria(self) -> SearchCriteria:
        """The use case's form."""
        return SearchCriteria(
            email=self.email,
            phone=self.phone,
            country=self.country,
            ip=self.ip,
            device_id=self.device_id,
            payment_fingerprint=self.payment_fingerprint,
            full_name=self.full_name,
            institution=self.institution,
            institution_ror_id=self.institution_ror_id,
            signup_id=self.signup_id,
            reference=self.reference,
            account_type=self.account_type,
            decision=self.decision,
            recorded_from=self.recorded_from,
            recorded_before=self.recorded_before,
            before_no=None if self.cursor is None else number_of_cursor(self.cursor),
            limit=PAGE_LIMIT // 2 if self.limit is None else self.limit,
        )


def cursor_of(signup_no: int) -> str:
    """The cursor that continues after an entry."""
    return base64.urlsafe_b64encode(str(signup_no).encode()).decode().rstrip("=")


def number_of_cursor(cursor: str) -> int:
    """The entry that a cursor continues after.

    Raises:
        PydanticCustomError: it is none of ours.
    """
    try:
        decoded = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if _CURSOR.fullmatch(decoded) is None:
        raise wrong("must be the 'next_cursor' of a page")
    return int(decoded)
