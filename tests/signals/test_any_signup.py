"""Whatever passes the schema gives signals, identifiers and features: nothing raises."""

from __future__ import annotations

import inspect
import json
import math
from datetime import UTC, date, datetime
from functools import cache

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.features import behaviour, consistency, device, email, identity, network, payment, phone
from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.velocity import NO_HISTORY
from models.reference.reference import Reference, load_reference
from models.signals.signals import derive_signals
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

FEATURES = [
    function
    for module in (identity, email, phone, payment, device, network, behaviour, consistency)
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
]

hostile = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    st.sampled_from(
        [
            "", " ", "Suharto", "محمد بن سلمان", "😀👩‍👩‍👧", "\u200b\u202e\u2066", "\x00", "\uff46\uff55\uff4c",
            "İstanbul", "ßẞ", "ǅ", "a" * 200, "王小明", "김민준", "..", "@", "a@b@c", "-", "xn--", "xn--a",
            "\u0301\u0301", "१२३", "Ⅷ", "²", "\ufdfa" * 20, "//[", "http://[::1",
        ]
    ),
)  # fmt: skip
maybe = st.none() | hostile
addresses = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(["::ffff:8.8.8.8", "::", "fe80::1%eth0", "2002:808:808::1", "64:ff9b::808:808", "0.0.0.0", "1"]),
)
countries = st.none() | st.sampled_from(["GB", "US", "XK", "ZZ", "AQ", "gb"])
whole = st.none() | st.integers(-(10**12), 10**18)
signups = st.builds(
    Signup,
    signup_id=hostile,
    account_type=st.sampled_from(AccountType),
    occurred_at=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    identity=st.builds(
        Identity,
        full_name=hostile,
        country=countries,
        birth_year=whole,
        role=st.none() | st.sampled_from(Role),
        institution=st.none() | st.builds(Institution, maybe, maybe, countries),
        programme=maybe,
        orcid=maybe,
        website=maybe,
        sponsor=st.none() | st.builds(Sponsor, maybe, maybe),
    ),
    email=st.one_of(hostile, st.builds("{}@{}".format, hostile, hostile), st.emails()),
    device=st.builds(
        Device,
        ip=addresses,
        device_id=maybe,
        user_agent=maybe,
        accept_language=maybe,
        timezone=maybe | st.sampled_from(["Europe/London", "UTC", "Asia/Calcutta", "../../etc/passwd"]),
        screen=maybe | st.sampled_from(["0x0", "1920x1080", "999999x1"]),
        platform=maybe,
        ja4=maybe,
        webdriver=st.none() | st.booleans(),
        network=st.none()
        | st.builds(
            NetworkReport,
            vpn=st.none() | st.booleans(),
            residential_proxy=st.none() | st.booleans(),
            confidence=st.none() | st.integers(0, 100),
            last_seen=st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
            user_count=whole,
        ),
    ),
    phone=maybe | st.sampled_from(["+447400123456", "+1", "+" * 30, "9" * 250]),
    payment=st.none()
    | st.builds(
        Payment,
        method=st.sampled_from(PaymentMethod),
        fingerprint=maybe,
        bin=maybe,
        funding=st.none() | st.sampled_from(Funding),
        issuer_country=countries,
        billing_country=countries,
        cardholder_name=maybe,
        checks=st.none()
        | st.builds(
            PaymentChecks,
            st.none() | st.sampled_from(CheckResult),
            st.none() | st.sampled_from(CheckResult),
            st.none() | st.sampled_from(ThreeDSecure),
        ),
        failed_attempts=whole,
    ),
    behaviour=st.none()
    | st.builds(
        Behaviour,
        form_seconds=st.none() | st.floats(allow_nan=True, allow_infinity=True),
        pasted_fields=st.none() | st.lists(hostile, max_size=4).map(tuple),
        keystrokes=whole,
        referrer=maybe,
        stated_use=maybe | st.text(st.characters(exclude_categories=("Cs",)), min_size=20, max_size=120),
    ),
    invited_by=maybe,
    prior_checks=st.none() | st.builds(PriorChecks, captcha=st.none() | st.sampled_from(Captcha)),
)


@cache
def _reference() -> Reference:
    # Not a fixture: as an argument, the report of a failure would print all of its tables.
    return load_reference()


def paced(form_seconds: float) -> Signup:
    """A plain sign-up whose form took this long."""
    return Signup(
        signup_id="su_1",
        account_type=AccountType.EDUCATIONAL,
        occurred_at=datetime(2026, 11, 23, tzinfo=UTC),
        identity=Identity(full_name="Oriane Maupertuis"),
        email="oriane@college.example",
        device=Device(ip="192.0.2.7", accept_language="en"),
        behaviour=Behaviour(form_seconds=form_seconds),
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(signup=paced(math.nan))
@example(signup=paced(math.inf))
@example(signup=paced(5e-324))
@given(signup=signups)
def test_any_sign_up_gives_finite_features_and_a_plain_document(signup):
    reference = _reference()
    signals = derive_signals(signup, reference)
    facts = Facts(signup, signals, NO_HISTORY)

    values = {feature.__name__: feature(facts) for feature in FEATURES}
    assert all(value is None or (type(value) is float and math.isfinite(value)) for value in values.values()), values
    json.dumps(signals.as_document(), allow_nan=False)
    identifiers = identifiers_of(signup, signals)
    assert len({(each.kind, each.value) for each in identifiers}) == len(identifiers)
    assert all(each.value and (each.counted is None or isinstance(each.counted, str)) for each in identifiers)
    assert derive_signals(signup, reference) == signals


def test_every_feature_says_what_it_measures_and_what_missing_means():
    for feature in FEATURES:
        assert "missing" in (feature.__doc__ or "").lower(), feature.__name__
