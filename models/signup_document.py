"""Sign-ups as JSON documents: the form the API takes, sign-up files hold and the store encrypts.

The functions trust their input: documents from outside pass the API's schema first. They are exact
inverses of each other for every sign-up whose times are whole microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any  # Any: JSON documents are untyped until they become a Signup

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
Wanted = Mapping[str, "Wanted | None"]
"""Members by name, each with its own members that are wanted: ``None`` for all of them."""


def document_of_signup(signup: Signup, *, only: Wanted | None = None) -> Document:
    """The sign-up as a JSON document; what is ``None`` or empty by default is left out.

    Args:
        signup: the sign-up.
        only: the members wanted; all of them by default.
    """
    return _document(signup, only)


def signup_of_document(document: Mapping[str, Any]) -> Signup:
    """The sign-up that a valid document describes.

    Raises:
        KeyError: a required field is missing.
        ValueError: a value is outside its closed set or not a time.
    """
    given = dict(document)
    given["account_type"] = _ACCOUNT_TYPES[given["account_type"]]
    given["occurred_at"] = datetime.fromisoformat(given["occurred_at"]).astimezone(UTC)
    given["identity"] = _identity(given["identity"])
    given["device"] = _device(given["device"])
    payment, behaviour, checks = given.get("payment"), given.get("behaviour"), given.get("prior_checks")
    given["payment"] = _payment(payment) if payment else None
    given["behaviour"] = None if behaviour is None else _behaviour(behaviour)
    given["prior_checks"] = None if checks is None else _prior_checks(checks)
    return Signup(**given)


class _Members(dict[str | None, Any]):
    """The members of a closed set by their values: asking the set itself takes five times as long."""

    def __init__(self, kind: type[StrEnum], *, optional: bool = True) -> None:
        super().__init__({each.value: each for each in kind})
        self._kind = kind
        if optional:
            self[None] = None

    def __missing__(self, value: str | None) -> StrEnum:
        # Raises ValueError, and says what is wrong.
        return self._kind(str(value))


_ACCOUNT_TYPES, _METHODS = _Members(AccountType, optional=False), _Members(PaymentMethod, optional=False)
_ROLES, _FUNDINGS, _RESULTS, _CAPTCHAS = _Members(Role), _Members(Funding), _Members(CheckResult), _Members(Captcha)
_THREE_D_SECURE = _Members(ThreeDSecure)


def _identity(part: Mapping[str, Any]) -> Identity:
    given = dict(part)
    institution, sponsor = given.get("institution"), given.get("sponsor")
    given["role"] = _ROLES[given.get("role")]
    given["institution"] = None if institution is None else Institution(**institution)
    given["sponsor"] = None if sponsor is None else Sponsor(**sponsor)
    return Identity(**given)


def _device(part: Mapping[str, Any]) -> Device:
    network = part.get("network")
    if network is None:
        return Device(**part)
    seen = network.get("last_seen")
    report = {**network, "last_seen": None if seen is None else date.fromisoformat(seen)}
    return Device(**{**part, "network": NetworkReport(**report)})


def _payment(part: Mapping[str, Any]) -> Payment:
    given, checks = dict(part), part.get("checks")
    given["method"] = _METHODS[given["method"]]
    given["funding"] = _FUNDINGS[given.get("funding")]
    given["checks"] = None if checks is None else _payment_checks(checks)
    return Payment(**given)


def _payment_checks(part: Mapping[str, Any]) -> PaymentChecks:
    return PaymentChecks(
        cvc=_RESULTS[part.get("cvc")],
        postal_code=_RESULTS[part.get("postal_code")],
        three_d_secure=_THREE_D_SECURE[part.get("three_d_secure")],
    )


def _behaviour(part: Mapping[str, Any]) -> Behaviour:
    pasted = part.get("pasted_fields")
    return Behaviour(**{**part, "pasted_fields": None if pasted is None else tuple(pasted)})


def _prior_checks(part: Mapping[str, Any]) -> PriorChecks:
    return PriorChecks(**{**part, "captcha": _CAPTCHAS[part.get("captcha")]})


def _document(part: Any, only: Wanted | None = None) -> Document:
    """A dataclass as a document, recursively. Any: the parts are different dataclasses."""
    out: Document = {}
    for name in _NAMES[type(part)]:
        if only is not None and name not in only:
            continue
        value = getattr(part, name)
        if value is None or (name in _LEFT_OUT_EMPTY and not value):
            continue
        plain = _PLAIN.get(type(value))
        if plain is None:
            out[name] = value
        elif plain is _document and only is not None:
            out[name] = _document(value, only[name])
        else:
            out[name] = plain(value)
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
