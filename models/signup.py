"""The raw facts of one attempt to open an account, exactly as the sign-up flow sent them.

Every value has already passed the schema at the edge (or came from the simulator, which sends the same
documents). ``None`` always means that nobody told us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from models.frozen import frozen

CustomValue = str | int | float | bool | None


class AccountType(StrEnum):
    """What the person signs up for; thresholds are kept per account type."""

    EDUCATIONAL = "educational"
    RESEARCH = "research"


class Role(StrEnum):
    """What the person says they are at their institution."""

    STUDENT = "student"
    FACULTY = "faculty"
    STAFF = "staff"
    RESEARCHER = "researcher"
    INDEPENDENT = "independent"


class PaymentMethod(StrEnum):
    """How the account would be paid for; ``none`` when it is free."""

    CARD = "card"
    BANK_DEBIT = "bank_debit"
    WALLET = "wallet"
    INVOICE = "invoice"
    NONE = "none"


class Funding(StrEnum):
    """The funding type of a card, as its issuer declares it."""

    CREDIT = "credit"
    DEBIT = "debit"
    PREPAID = "prepaid"
    UNKNOWN = "unknown"


class CheckResult(StrEnum):
    """The answer of a card check (security code, postal code)."""

    PASS = "pass"  # noqa: S105 - a check's answer, not a password
    FAIL = "fail"
    UNAVAILABLE = "unavailable"
    UNCHECKED = "unchecked"


class ThreeDSecure(StrEnum):
    """How a 3-D Secure authentication ended."""

    AUTHENTICATED = "authenticated"
    ATTEMPTED = "attempted"
    FAILED = "failed"
    NOT_SUPPORTED = "not_supported"
    UNCHECKED = "unchecked"


class Captcha(StrEnum):
    """What the caller's own CAPTCHA said."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"


@frozen
class Institution:
    """The school, university or laboratory the person claims."""

    name: str | None = None
    ror_id: str | None = None
    country: str | None = None


@frozen
class Sponsor:
    """Somebody the person names as vouching for them."""

    email: str | None = None
    orcid: str | None = None


@frozen
class Identity:
    """Who the person says they are. Countries are ISO 3166-1 alpha-2, upper case."""

    full_name: str
    country: str | None = None
    birth_year: int | None = None
    role: Role | None = None
    institution: Institution | None = None
    programme: str | None = None
    orcid: str | None = None
    website: str | None = None
    sponsor: Sponsor | None = None


@frozen
class PaymentChecks:
    """What the payment processor checked."""

    cvc: CheckResult | None = None
    postal_code: CheckResult | None = None
    three_d_secure: ThreeDSecure | None = None


@frozen
class Payment:
    """The payment instrument, by its processor's fingerprint; never a card number."""

    method: PaymentMethod
    fingerprint: str | None = None
    bin: str | None = None
    funding: Funding | None = None
    issuer_country: str | None = None
    billing_country: str | None = None
    billing_postal_code: str | None = None
    cardholder_name: str | None = None
    checks: PaymentChecks | None = None
    failed_attempts: int | None = None


@frozen
class NetworkReport:
    """What the caller's own provider knows of the address. ``confidence`` is 0 to 100."""

    vpn: bool | None = None
    tor: bool | None = None
    hosting: bool | None = None
    residential_proxy: bool | None = None
    confidence: int | None = None
    provider: str | None = None
    last_seen: date | None = None
    user_count: int | None = None


@frozen
class Device:
    """The browser and the connection. ``screen`` is ``WIDTHxHEIGHT`` in pixels, ``timezone`` an IANA name."""

    ip: str
    device_id: str | None = None
    user_agent: str | None = None
    accept_language: str | None = None
    timezone: str | None = None
    screen: str | None = None
    platform: str | None = None
    ja4: str | None = None
    webdriver: bool | None = None
    network: NetworkReport | None = None


@frozen
class Behaviour:
    """How the form was filled in. ``pasted_fields`` is ``None`` when the page did not measure it."""

    form_seconds: float | None = None
    pasted_fields: tuple[str, ...] | None = None
    keystrokes: int | None = None
    referrer: str | None = None
    stated_use: str | None = None


@frozen
class PriorChecks:
    """What the caller verified before asking us."""

    email_verified: bool | None = None
    phone_verified: bool | None = None
    captcha: Captcha | None = None


@frozen
class Signup:
    """One attempt to open an account. ``occurred_at`` is an aware datetime in UTC."""

    signup_id: str
    account_type: AccountType
    occurred_at: datetime
    identity: Identity
    email: str
    device: Device
    phone: str | None = None
    payment: Payment | None = None
    behaviour: Behaviour | None = None
    invited_by: str | None = None
    prior_checks: PriorChecks | None = None
    custom: Mapping[str, CustomValue] = field(default_factory=dict)
    record_only: bool = False
