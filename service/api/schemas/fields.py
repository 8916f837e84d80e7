"""Kinds of field that several schemas share: what is accepted, how it is documented, what an error says.

Error texts say what would be right; none of them repeats what was sent.
"""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any  # JSON values are untyped until these validators have seen them

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic import WithJsonSchema as JsonSchema
from pydantic_core import PydanticCustomError

from models.signals.content import content_of
from models.signup import CustomValue
from service.api.schemas.countries import COUNTRY_CODES

# RFC 5321: 64 characters of local part, "@", and a path of at most 254 in all.
EMAIL_LIMIT = 254
# Older times than any account at an AI-model API are mistakes; the bound also keeps conversions to UTC in range.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
CUSTOM_TEXT_LIMIT = 256


class Strict(BaseModel):
    """What every schema of a request is: nothing converted, nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def wrong(message: str) -> PydanticCustomError:
    """An error with a text of ours."""
    return PydanticCustomError("wrong", "{message}", {"message": message})


def checked_email(value: str) -> str:
    """An e-mail address, as it is.

    Raises:
        PydanticCustomError: it is none.
    """
    try:
        # No DNS here: resolver trouble must never refuse a person. Names reserved for tests (RFC 6761) are
        # accepted, because refusing them protects nobody: no mail reaches them, so no check of a mailbox passes.
        validate_email(value, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        raise wrong("must be an e-mail address, such as name@university.example") from None
    return value


def _country(value: str) -> str:
    if value not in COUNTRY_CODES:
        raise wrong("must be a country code of ISO 3166-1 alpha-2 in capital letters, such as GB")
    return value


def checked_ip(value: str) -> str:
    """An IP address, as it is.

    Raises:
        PydanticCustomError: it is none.
    """
    try:
        if "%" in value:
            raise ValueError
        ipaddress.ip_address(value)
    except ValueError:
        raise wrong("must be an IPv4 or IPv6 address, without a port or a zone") from None
    return value


_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME_MESSAGE = "must be a time with its offset from UTC, such as 2026-11-23T10:00:00Z"


def _rfc3339(value: Any) -> Any:
    """Refuse what pydantic would read as seconds since 1970, and times nobody can place."""
    if value is None or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise wrong(_TIME_MESSAGE)


def _calendar_day(value: Any) -> Any:
    if value is None or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise wrong("must be a day, such as 2026-11-20")


def _utc(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise wrong(f"must be a time between the years {EARLIEST.year} and {LATEST.year}")
    return value.astimezone(UTC)


def _custom_value(value: Any) -> CustomValue:
    if isinstance(value, str):
        if len(value) > CUSTOM_TEXT_LIMIT:
            raise wrong(f"must have {CUSTOM_TEXT_LIMIT} characters at most")
        return value
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise wrong("must be a text, a finite number, true, false or null")


def checked_phone(value: str, country: str | None) -> str:
    """The phone number, if it is possible in its country.

    Raises:
        PydanticCustomError: it is not.
    """
    try:
        # Kosovo and the uninhabited have no numbering plan that phonenumbers knows; then only "+" helps.
        region = country if country in phonenumbers.SUPPORTED_REGIONS else None
        if phonenumbers.is_possible_number(phonenumbers.parse(value, region)):
            return value
    except phonenumbers.NumberParseException:
        pass
    raise wrong("must be a possible phone number, such as +441134960999; without +, of the claimed country")


def _says_something(value: str) -> str:
    if content_of(value) is None:
        raise wrong("must have a letter or a digit; leave it out when it is not known")
    return value


SAYS_SOMETHING = AfterValidator(_says_something)
"""For what ties accounts: whoever sends a blank in its place would be tied to everybody who does."""


def text(limit: int, description: str, *, example: str | None = None, pattern: str | None = None) -> Any:
    """A field of 1 to ``limit`` characters. Any: what pydantic calls a field is typed so."""
    return Field(
        min_length=1,
        max_length=limit,
        pattern=pattern,
        description=description,
        examples=None if example is None else [example],
    )


Email = Annotated[
    str,
    Field(min_length=3, max_length=EMAIL_LIMIT, json_schema_extra={"format": "email"}, examples=["ada@uni.example"]),
    AfterValidator(checked_email),
]
Phone = Annotated[
    str,
    text(
        32, "A phone number, best in the form of E.164; else national, of the claimed country.", example="+441134960999"
    ),
]
Country = Annotated[
    str,
    AfterValidator(_country),
    JsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Z]{2}$",
            "description": "A country code of ISO 3166-1 alpha-2.",
            "examples": ["GB"],
        }
    ),
]
IpAddress = Annotated[
    str,
    AfterValidator(checked_ip),
    JsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
            "maxLength": 45,
            "description": "An IPv4 or IPv6 address without a zone.",
            "examples": ["192.0.2.17"],
        }
    ),
]
# Not strict, because what a validator of ours has seen is a Python string, which pydantic's strict mode would not
# read as a time; the patterns are stricter.
Time = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_rfc3339), AfterValidator(_utc)]
Day = Annotated[date, Field(strict=False), BeforeValidator(_calendar_day)]
Orcid = Annotated[
    str,
    text(
        40,
        "An ORCID iD; one whose check digit is wrong is taken, and is a signal.",
        example="0000-0002-1825-0097",
        pattern=r"^(https?://orcid\.org/)?[0-9]{4}-?[0-9]{4}-?[0-9]{4}-?[0-9]{3}[0-9Xx]$",
    ),
]
RorId = Annotated[
    str,
    text(
        32,
        "An identifier of the Research Organization Registry; a wrong check digit is a signal, not an error.",
        example="https://ror.org/05abcde99",
        pattern=r"^((https?://)?ror\.org/)?0[0-9A-Za-z]{8}$",
    ),
]
CustomKey = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
CustomField = Annotated[
    CustomValue,
    PlainValidator(_custom_value),
    JsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": CUSTOM_TEXT_LIMIT},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]
