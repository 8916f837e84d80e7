"""One world that all tests of the simulator look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from models.signup import Signup
from models.simulation.truth import SimulatedSignup
from models.simulation.world import simulate

START = datetime(2026, 4, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def world() -> tuple[SimulatedSignup, ...]:
    """About 13,000 sign-ups of five days with every kind and family; enough fraud of each to measure."""
    return tuple(simulate(days=5, seed=11, start=START, honest_per_day=1600, prevalence=0.16))


@pytest.fixture(scope="session")
def honest(world: tuple[SimulatedSignup, ...]) -> tuple[SimulatedSignup, ...]:
    return tuple(each for each in world if not each.truth.fraud)


@pytest.fixture(scope="session")
def fraud(world: tuple[SimulatedSignup, ...]) -> tuple[SimulatedSignup, ...]:
    return tuple(each for each in world if each.truth.fraud)


@pytest.fixture(scope="session")
def raw() -> Callable[[Signup], list[float]]:
    """The raw fields of a sign-up as numbers, for trees that ask what a field alone gives away."""
    return _raw


def _raw(signup: Signup) -> list[float]:
    """The raw fields as numbers; categories by a fixed code, so that a tree may cut them anywhere."""
    identity, device, payment, behaviour = signup.identity, signup.device, signup.payment, signup.behaviour
    checks, report = signup.prior_checks, signup.device.network
    numbers = (
        behaviour and behaviour.form_seconds,
        behaviour and behaviour.keystrokes,
        behaviour and behaviour.pasted_fields is not None and len(behaviour.pasted_fields),
        payment and payment.failed_attempts,
        identity.birth_year,
        signup.occurred_at.hour,
        device.webdriver,
        report and report.confidence,
        report and report.residential_proxy,
        report and report.hosting,
        report and report.user_count,
        checks and checks.email_verified,
        checks and checks.phone_verified,
        len(identity.full_name),
        len(signup.email.split("@")[0]),
        sum(map(str.isdigit, signup.email.split("@")[0])),
        len(behaviour.stated_use) if behaviour and behaviour.stated_use else None,
    )
    words = (
        signup.account_type,
        identity.role,
        identity.country,
        device.timezone,
        device.accept_language,
        device.platform,
        device.ja4,
        signup.phone and signup.phone[:3],
        payment and payment.method,
        payment and payment.funding,
        payment and payment.issuer_country,
        payment and payment.checks and payment.checks.cvc,
        payment and payment.checks and payment.checks.three_d_secure,
        checks and checks.captcha,
        behaviour and behaviour.referrer,
    )
    given = (identity.institution, identity.orcid, identity.website, signup.phone, signup.invited_by, identity.sponsor)
    return [
        *(np.nan if number is None else float(number) for number in numbers),
        *(np.nan if word is None else float(sum(map(ord, str(word))) % 251) for word in words),
        *(float(each is not None) for each in given),
    ]
