"""The sign-up as ``POST /v1/signups`` takes it: every field, its limits and its meaning.

``null`` and a missing field say the same for everything that is not required.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any  # a context holds the document before it is typed

from pydantic import Field, ValidationInfo, field_validator

from models import signup as core
from models.signup import (
    AccountType,
    Captcha,
    CheckResult,
    Funding,
    PaymentMethod,
    Role,
    Signup,
    ThreeDSecure,
)
from service.api.schemas.fields import (
    SAYS_SOMETHING,
    Country,
    CustomField,
    CustomKey,
    Day,
    Email,
    IpAddress,
    Orcid,
    Phone,
    RorId,
    Strict,
    Time,
    checked_phone,
    text,
    wrong,
)

# Clocks differ by seconds; five minutes forgive a badly set one.
CLOCK_TOLERANCE = timedelta(minutes=5)
_COUNT = Field(ge=0, le=2**31 - 1)
Count = Annotated[int, _COUNT]


class Institution(Strict):
    """The school, university or laboratory the person claims."""

    name: Annotated[str, text(200, "Its name as the person wrote it.", example="University of Example")] | None = None
    ror_id: RorId | None = None
    country: Country | None = None


class Sponsor(Strict):
    """Somebody the person names as vouching for them."""

    email: Email | None = None
    orcid: Orcid | None = None


class Identity(Strict):
    """Who the person says they are."""

    full_name: Annotated[str, text(200, "The full name as the person wrote it.", example="Ada Example")]
    country: Country | None = None
    birth_year: Annotated[int, Field(ge=1900, le=2100, description="The year of birth.")] | None = None
    role: Role | None = None
    institution: Institution | None = None
    programme: Annotated[str, text(200, "The course or project.", example="BSc Mathematics")] | None = None
    orcid: Orcid | None = None
    website: Annotated[str, text(2048, "A page about the person.", example="https://ada.example")] | None = None
    sponsor: Sponsor | None = None

    @field_validator("full_name")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise wrong("must not be blank")
        return value

    def to_identity(self) -> core.Identity:
        """The core's form."""
        institution, sponsor = self.institution, self.sponsor
        return core.Identity(
            full_name=self.full_name,
            country=self.country,
            birth_year=self.birth_year,
            role=self.role,
            institution=None if institution is None else core.Institution(**vars(institution)),
            programme=self.programme,
            orcid=self.orcid,
            website=self.website,
            sponsor=None if sponsor is None else core.Sponsor(**vars(sponsor)),
        )


class PaymentChecks(Strict):
    """What the payment processor checked."""

    cvc: CheckResult | None = None
    postal_code: CheckResult | None = None
    three_d_secure: ThreeDSecure | None = None


class Payment(Strict):
    """The payment instrument by its processor's fingerprint. A card number in any field is refused."""

    method: PaymentMethod
    fingerprint: Annotated[str, text(255, "The processor's fingerprint of the instrument."), SAYS_SOMETHING] | None = (
        None
    )
    bin: (
        Annotated[str, Field(pattern="^[0-9]{6,8}$", description="The first 6 to 8 digits.", examples=["424242"])]
        | None
    ) = None
    funding: Funding | None = None
    issuer_country: Country | None = None
    billing_country: Country | None = None
    billing_postal_code: Annotated[str, text(16, "The postal code of the bill.", example="LS2 9JT")] | None = None
    cardholder_name: Annotated[str, text(200, "The name on the card.", example="A EXAMPLE")] | None = None
    checks: PaymentChecks | None = None
    failed_attempts: Annotated[Count, Field(description="Payments refused before this one.")] | None = None

    def to_payment(self) -> core.Payment:
        """The core's form."""
        checks = self.checks
        return core.Payment(
            method=self.method,
            fingerprint=self.fingerprint,
            bin=self.bin,
            funding=self.funding,
            issuer_country=self.issuer_country,
            billing_country=self.billing_country,
            billing_postal_code=self.billing_postal_code,
            cardholder_name=self.cardholder_name,
            checks=None if checks is None else core.PaymentChecks(**vars(checks)),
            failed_attempts=self.failed_attempts,
        )


class NetworkReport(Strict):
    """What the caller's own provider knows of the address."""

    vpn: bool | None = None
    tor: bool | None = None
    hosting: bool | None = None
    residential_proxy: bool | None = None
    confidence: Annotated[int, Field(ge=0, le=100, description="How sure the provider is, in percent.")] | None = None
    provider: Annotated[str, text(100, "The provider's name.")] | None = None
    last_seen: Annotated[Day, Field(description="When the address was last seen so.")] | None = None
    user_count: Annotated[Count, Field(description="People seen behind the address.")] | None = None

    def to_report(self) -> core.NetworkReport:
        """The core's form."""
        return core.NetworkReport(**vars(self))


class Device(Strict):
    """The browser and the connection."""

    ip: IpAddress
    device_id: Annotated[str, text(128, "The caller's id of the device."), SAYS_SOMETHING] | None = None
    user_agent: Annotated[str, text(1024, "The User-Agent header.")] | None = None
    accept_language: Annotated[str, text(255, "The Accept-Language header.", example="en-GB,en;q=0.8")] | None = None
    timezone: (
        Annotated[
            str,
            text(
                64,
                "The browser's time zone by its IANA name; one nobody knows is taken.",
                example="Europe/London",
                pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$",
            ),
        ]
        | None
    ) = None
    screen: (
        Annotated[
            str,
            text(
                11,
                "Width and height in pixels.",
                example="1920x1080",
                pattern="^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$",
            ),
        ]
        | None
    ) = None
    platform: Annotated[str, text(64, "The platform the browser names.", example="MacIntel")] | None = None
    ja4: Annotated[str, text(64, "The JA4 fingerprint of the TLS handshake.", pattern="^[A-Za-z0-9_]+$")] | None = None
    webdriver: bool | None = None
    network: NetworkReport | None = None

    def to_device(self) -> core.Device:
        """The core's form."""
        network = None if self.network is None else self.network.to_report()
        return core.Device(**{**vars(self), "network": network})


class Behaviour(Strict):
    """How the form was filled in."""

    form_seconds: (
        Annotated[
            float, Field(ge=0, le=10_000_000, allow_inf_nan=False, description="Seconds from first sight to sending.")
        ]
        | None
    ) = None
    pasted_fields: (
        Annotated[
            tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
            Field(max_length=64, description="The names of the form's fields that were pasted into."),
        ]
        | None
    ) = None
    keystrokes: Count | None = None
    referrer: Annotated[str, text(2048, "The page the person came from.")] | None = None
    stated_use: Annotated[str, text(4000, "What the person wants to use the account for.")] | None = None

    def to_behaviour(self) -> core.Behaviour:
        """The core's form."""
        return core.Behaviour(**vars(self))


class PriorChecks(Strict):
    """What the caller verified before asking us."""

    email_verified: bool | None = None
    phone_verified: bool | None = None
    captcha: Captcha | None = None

    def to_prior_checks(self) -> core.PriorChecks:
        """The core's form."""
        return core.PriorChecks(**vars(self))


class SignupRequest(Strict):
    """One attempt to open an educational or research account."""

    signup_id: Annotated[
        str,
        text(
            64,
            "The caller's own id of the attempt, stored in clear: never an address, a number or a name of the person.",
            example="su_8131",
        ),
    ]
    account_type: AccountType
    occurred_at: Annotated[Time, Field(description="When it happened; now if missing.")] | None = None
    identity: Identity
    email: Email
    phone: Phone | None = None
    payment: Payment | None = None
    device: Device
    behaviour: Behaviour | None = None
    invited_by: (
        Annotated[str, text(64, "The account that invited the person.", example="acct_77"), SAYS_SOMETHING] | None
    ) = None
    prior_checks: PriorChecks | None = None
    custom: (
        Annotated[
            dict[CustomKey, CustomField],
            Field(max_length=32, description="The caller's own facts: for rules and reviewers, never for the model."),
        ]
        | None
    ) = None
    record_only: (
        Annotated[bool, Field(description="Builds history without a decision, for loading the past.")] | None
    ) = None

    @field_validator("occurred_at")
    @classmethod
    def _is_not_in_the_future(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is not None and value > _context(info)["now"] + CLOCK_TOLERANCE:
            raise wrong("must not be more than 5 minutes ahead of the clock")
        return value

    @field_validator("phone")
    @classmethod
    def _is_possible(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else checked_phone(value, _claimed_country(info))

    def to_signup(self, now: datetime) -> Signup:
        """The core's form; what has no time happened now."""
        return Signup(
            signup_id=self.signup_id,
            account_type=self.account_type,
            occurred_at=now if self.occurred_at is None else self.occurred_at,
            identity=self.identity.to_identity(),
            email=self.email,
            device=self.device.to_device(),
            phone=self.phone,
            payment=None if self.payment is None else self.payment.to_payment(),
            behaviour=None if self.behaviour is None else self.behaviour.to_behaviour(),
            invited_by=self.invited_by,
            prior_checks=None if self.prior_checks is None else self.prior_checks.to_prior_checks(),
            custom={} if self.custom is None else self.custom,
            record_only=bool(self.record_only),
        )


def _context(info: ValidationInfo) -> dict[str, Any]:
    if info.context is None:
        raise RuntimeError("bug: a sign-up is validated without its document and the time it is now")
    context: dict[str, Any] = info.context
    return context


def _claimed_country(info: ValidationInfo) -> str | None:
    """From the document: another field of the identity may be wrong, and the phone is judged all the same."""
    document = _context(info)["document"]
    identity = document.get("identity") if isinstance(document, dict) else None
    country = identity.get("country") if isinstance(identity, dict) else None
    return country if isinstance(country, str) else None
