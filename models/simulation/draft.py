"""A sign-up in the making: what the person is and does, before a client build decides what of it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from models.signup import (
    AccountType,
    Behaviour,
    Captcha,
    CheckResult,
    Device,
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
from models.simulation.builds import Build
from models.simulation.tables.cards import Card
from models.simulation.tables.devices import Browser
from models.simulation.tables.names import PersonName
from models.simulation.tables.networks import NetworkUse
from models.simulation.tables.places import Place
from models.simulation.tables.schools import School


@dataclass(slots=True)
class Draft:
    """Everything about one sign-up; kinds and families change what makes them themselves."""

    place: Place
    name: PersonName
    birth_year: int
    role: Role
    account_type: AccountType
    email: str
    browser: Browser
    device_id: str
    ja4: str
    ip: str
    use: NetworkUse
    language: str
    timezone: str
    school: School | None = None
    institution_name: str | None = None
    ror_given: bool = False
    country: str | None = None
    birth_year_given: bool = True
    programme: str | None = None
    orcid: str | None = None
    website: str | None = None
    sponsor_email: str | None = None
    phone: str | None = None
    method: PaymentMethod = PaymentMethod.NONE
    card: Card | None = None
    cvc: CheckResult = CheckResult.PASS
    postal_check: CheckResult = CheckResult.PASS
    three_d_secure: ThreeDSecure = ThreeDSecure.UNCHECKED
    failed_attempts: int = 0
    webdriver: bool = False
    hides_device: bool = False
    build: Build | None = None
    """The client, where it is known already: a shared machine has one; else it is drawn."""
    network: NetworkReport | None = None
    form_seconds: float = 60.0
    pasted: tuple[str, ...] = ()
    keystrokes: int = 0
    referrer: str | None = None
    stated_use: str | None = None
    invited_by: str | None = None
    email_verified: bool = True
    phone_verified: bool = False
    captcha: Captcha = Captcha.PASSED
    overlays: list[str] = field(default_factory=list)


def sealed(draft: Draft, build: Build, *, signup_id: str, now: datetime) -> Signup:
    """The sign-up that this build sends: times in whole seconds, seconds on the form to a tenth."""
    return Signup(
        signup_id=signup_id,
        account_type=draft.account_type,
        occurred_at=now.replace(microsecond=0),
        identity=_identity(draft),
        email=draft.email,
        device=_device(draft, build),
        phone=draft.phone if build.asks_phone else None,
        payment=_payment(draft, build),
        behaviour=_behaviour(draft, build),
        invited_by=draft.invited_by,
        prior_checks=_prior_checks(draft, build),
    )


def _identity(draft: Draft) -> Identity:
    institution = None
    if draft.institution_name is not None and draft.school is not None:
        institution = Institution(
            name=draft.institution_name,
            ror_id=draft.school.ror if draft.ror_given else None,
            country=draft.school.place.code,
        )
    return Identity(
        full_name=draft.name.full,
        country=draft.country,
        birth_year=draft.birth_year if draft.birth_year_given else None,
        role=draft.role,
        institution=institution,
        programme=draft.programme,
        orcid=draft.orcid,
        website=draft.website,
        sponsor=Sponsor(email=draft.sponsor_email) if draft.sponsor_email else None,
    )


def _device(draft: Draft, build: Build) -> Device:
    seen = not draft.hides_device
    return Device(
        ip=draft.ip,
        device_id=draft.device_id if build.sends_device_id and seen else None,
        user_agent=draft.browser.user_agent if build.sends_user_agent else None,
        accept_language=draft.language if build.sends_language else None,
        timezone=draft.timezone if build.sends_timezone else None,
        screen=draft.browser.screen if build.sends_screen and seen else None,
        platform=draft.browser.platform if build.sends_platform else None,
        ja4=draft.ja4 if build.sends_ja4 else None,
        webdriver=draft.webdriver if build.sends_webdriver else None,
        network=draft.network if build.asks_network_provider else None,
    )


def _payment(draft: Draft, build: Build) -> Payment | None:
    if not build.asks_payment:
        return None
    if draft.card is None:
        return Payment(method=draft.method)
    checks = PaymentChecks(cvc=draft.cvc, postal_code=draft.postal_check, three_d_secure=draft.three_d_secure)
    return Payment(
        method=draft.method,
        fingerprint=draft.card.fingerprint,
        bin=draft.card.issuer.bin,
        funding=draft.card.issuer.funding,
        issuer_country=draft.card.issuer.country,
        billing_country=draft.card.billing_country,
        billing_postal_code=draft.card.postal_code,
        cardholder_name=draft.card.cardholder if build.asks_cardholder else None,
        checks=checks if build.sends_card_checks else None,
        failed_attempts=draft.failed_attempts,
    )


def _behaviour(draft: Draft, build: Build) -> Behaviour | None:
    if not build.measures_form and draft.stated_use is None:
        return None
    measured = build.measures_form
    return Behaviour(
        form_seconds=round(draft.form_seconds, 1) if measured else None,
        pasted_fields=draft.pasted if measured and build.measures_paste else None,
        keystrokes=draft.keystrokes if measured and build.measures_keys else None,
        referrer=draft.referrer if measured else None,
        stated_use=draft.stated_use,
    )


def _prior_checks(draft: Draft, build: Build) -> PriorChecks | None:
    if not build.sends_prior_checks:
        return None
    phone_asked = build.asks_phone and draft.phone is not None
    return PriorChecks(
        email_verified=draft.email_verified,
        phone_verified=draft.phone_verified if phone_asked else None,
        captcha=draft.captcha,
    )
