"""Sign-ups as JSON documents: the form the API takes, sign-up files hold and the store encrypts.

The functions trust their input: documents from outside pass the API's schema first. They are exact
inverses of each other for every sign-up whose times are whole microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar  # Any: JSON documents are untyped until they become a Signup

from models.signup import (
    AccountType,
    Behaviour,
    Captcha,
    CheckResult,
    Device,
    Funding,
    Identity,
    Institution,
    NetworkReport,
    Payment,
    PaymentChecks,
    PaymentMethod,
    PriorChecks,
    Role,
    Signup,
    Sponsor,
    ThreeDSecure,
)

Document = dict[str, Any]

_E = TypeVar("_E", bound=StrEnum)


def document_of_signup(signup: Signup, *, only: Container[str] | None = None) -> Document:
    """The sign-up as a JSON document; what is ``None`` or empty by default is left out.

    Args:
        signup: the sign-up.
        only: the members wanted, by name; all of them by default.
    """
    return _document(signup, only)


def signup_of_document(document: Mapping[str, Any]) -> Signup:
    """The sign-up that a valid document describes.

    Raises:
        KeyError: a required field is missing.
        ValueError: a value is outside its closed set or not a time.
    """
    plain = dict(document)
    occurred = datetime.fromisoformat(plain.pop("occurred_at"))
    return Signup(
        **_without_parts(plain),
        account_type=AccountType(plain["account_type"]),
        occurred_at=occurred.astimezone(UTC),
        identity=_identity(plain["identity"]),
        device=_device(plain["device"]),
        payment=_payment(plain["payment"]) if plain.get("payment") else None,
        behaviour=_behaviour(plain["behaviour"]) if plain.get("behaviour") is not None else None,
        prior_checks=_prior_checks(plain["prior_checks"]) if plain.get("prior_checks") is not None else None,
    )


_PARTS = frozenset({"account_type", "identity", "device", "payment", "behaviour", "prior_checks"})


def _without_parts(plain: Mapping[str, Any]) -> Document:
    return {name: value for name, value in plain.items() if name not in _PARTS}


def _enum(kind: type[_E], value: str | None) -> _E | None:
    return None if value is None else kind(value)


def _identity(part: Mapping[str, Any]) -> Identity:
    rest = {name: value for name, value in part.items() if name not in {"role", "institution", "sponsor"}}
    institution, sponsor = part.get("institution"), part.get("sponsor")
    return Identity(
        **rest,
        role=_enum(Role, part.get("role")),
        institution=None if institution is None else Institution(**institution),
        sponsor=None if sponsor is None else Sponsor(**sponsor),
    )


def _device(part: Mapping[str, Any]) -> Device:
    rest = {name: value for name, value in part.items() if name != "network"}
    network = part.get("network")
    if network is None:
        return Device(**rest)
    seen = network.get("last_seen")
    report = {**network, "last_seen": None if seen is None else date.fromisoformat(seen)}
    return Device(**rest, network=NetworkReport(**report))


def _payment(part: Mapping[str, Any]) -> Payment:
    rest = {name: value for name, value in part.items() if name not in {"method", "funding", "checks"}}
    checks = part.get("checks")
    return Payment(
        **rest,
        method=PaymentMethod(part["method"]),
        funding=_enum(Funding, part.get("funding")),
        checks=None
        if checks is None
        else PaymentChecks(
            cvc=_enum(CheckResult, checks.get("cvc")),
            postal_code=_enum(CheckResult, checks.get("postal_code")),
            three_d_secure=_enum(ThreeDSecure, checks.get("three_d_secure")),
        ),
    )


def _behaviour(part: Mapping[str, Any]) -> Behaviour:
    pasted = part.get("pasted_fields")
    return Behaviour(**{**part, "pasted_fields": None if pasted is None else tuple(pasted)})


def _prior_checks(part: Mapping[str, Any]) -> PriorChecks:
    return PriorChecks(**{**part, "captcha": _enum(Captcha, part.get("captcha"))})


def _document(part: Any, only: Container[str] | None = None) -> Document:
    """A dataclass as a document, recursively. Any: the parts are different dataclasses."""
    out: Document = {}
    for name in _NAMES[type(part)]:
        value = getattr(part, name)
        if value is None or (only is not None and name not in only) or (name in _LEFT_OUT_EMPTY and not value):
            continue
        plain = _PLAIN.get(type(value))
        out[name] = value if plain is None else plain(value)
    return out


_PARTS_OF_A_SIGNUP = (
    Signup, Identity, Institution, Sponsor, Device, NetworkReport, Payment, PaymentChecks, Behaviour, PriorChecks,
)  # fmt: skip
_NAMES = {part: tuple(each.name for each in fields(part)) for part in _PARTS_OF_A_SIGNUP}
_LEFT_OUT_EMPTY = frozenset({"custom", "record_only"})

_ENUMS = (AccountType, Captcha, CheckResult, Funding, PaymentMethod, Role, ThreeDSecure)

_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    **dict.fromkeys(_PARTS_OF_A_SIGNUP, _document),
    **dict.fromkeys(_ENUMS, lambda member: member.value),
    datetime: lambda instant: instant.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    date: lambda day: day.isoformat(),
    tuple: list,
    dict: dict,
    MappingProxyType: dict,
}
