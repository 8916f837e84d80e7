"""One ordinary sign-up, and the reference data, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.features.facts import Facts
from models.linkage.velocity import NO_HISTORY
from models.reference.reference import Reference
from models.signals.signals import Signals, derive_signals
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
    ThreeDSecure,
)

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
)

ORDINARY = Signup(
    signup_id="su_1",
    account_type=AccountType.EDUCATIONAL,
    occurred_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    identity=Identity(
        full_name="Jane Marple",
        country="GB",
        birth_year=2004,
        role=Role.STUDENT,
        institution=Institution(name="University of Oxford", country="GB"),
        orcid="0000-0005-9999-0012",
        website="https://www.cs.ox.ac.uk/people/jane",
    ),
    email="jane.marple@ox.ac.uk",
    device=Device(
        ip="129.67.1.20",
        device_id="dev-1",
        user_agent=CHROME,
        accept_language="en-GB,en;q=0.9",
        timezone="Europe/London",
        screen="1920x1080",
        platform="Win32",
        ja4="t13d1516h2_8daaf6152771_d8a2da3f94cd",
        webdriver=False,
        network=NetworkReport(vpn=False, tor=False, confidence=90, last_seen=date(2026, 11, 20)),
    ),
    phone="+447400123456",
    payment=Payment(
        method=PaymentMethod.CARD,
        fingerprint="fp-1",
        bin="424242",
        funding=Funding.CREDIT,
        issuer_country="GB",
        billing_country="GB",
        cardholder_name="MARPLE JANE",
        checks=PaymentChecks(CheckResult.PASS, CheckResult.PASS, ThreeDSecure.AUTHENTICATED),
        failed_attempts=0,
    ),
    behaviour=Behaviour(
        form_seconds=74.2,
        pasted_fields=("email",),
        keystrokes=140,
        referrer="https://example.org",
        stated_use="Summarise papers on protein folding for my thesis and write the analysis code",
    ),
    prior_checks=PriorChecks(email_verified=True, captcha=Captcha.PASSED),
)

MakeSignup = Callable[..., Signup]
SignalsOf = Callable[..., Signals]
FactsOf = Callable[..., Facts]


def _changed(**changes: Any) -> Signup:
    """The ordinary sign-up with changes; ``device__ip=…`` changes a part, ``device=None`` removes one."""
    top = {name: value for name, value in changes.items() if "__" not in name}
    parts: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        part, separator, rest = name.partition("__")
        if separator:
            parts.setdefault(part, {})[rest] = value
    for part, inner in parts.items():
        top[part] = replace(getattr(ORDINARY, part), **inner)
    return replace(ORDINARY, **top)


@pytest.fixture
def make_signup() -> MakeSignup:
    return _changed


@pytest.fixture
def signals_of(reference: Reference) -> SignalsOf:
    return lambda **changes: derive_signals(_changed(**changes), reference)


@pytest.fixture
def facts_of(reference: Reference) -> FactsOf:
    def facts(**changes: Any) -> Facts:
        signup = _changed(**changes)
        return Facts(signup, derive_signals(signup, reference), NO_HISTORY)

    return facts
