"""Every sign-up the core can hold within the limits survives the trip through JSON and the schema unchanged."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import signup as core
from models.signals.content import content_of
from models.signup_document import document_of_signup, signup_of_document
from service.api.card_numbers import card_number_paths
from service.api.json_body import decode
from service.api.schemas.countries import COUNTRY_CODES
from service.api.schemas.signup import SignupRequest
from service.api.validation import validate

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def _text(limit: int) -> st.SearchStrategy[str]:
    letters = st.characters(codec="utf-8", exclude_characters="\0")
    return st.text(letters, min_size=1, max_size=min(limit, 40))


def _value(limit: int) -> st.SearchStrategy[str]:
    """What ties accounts: a blank is refused."""
    return _text(limit).filter(content_of)


def _maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


COUNTRY = st.sampled_from(sorted(COUNTRY_CODES))
EMAIL = st.sampled_from(["ada@university.example", "b.c+d@lab.test", "björn@universität.example"])
ORCID = st.from_regex(r"\A0000-000[0-9]-[0-9]{4}-[0-9]{3}[0-9X]\Z")
COUNT = st.integers(0, 2**31 - 1)
IDENTITY = st.builds(
    core.Identity,
    full_name=_text(200).filter(str.strip),
    country=_maybe(COUNTRY),
    birth_year=_maybe(st.integers(1900, 2100)),
    role=_maybe(st.sampled_from(core.Role)),
    institution=_maybe(
        st.builds(core.Institution, _maybe(_text(200)), _maybe(st.just("https://ror.org/05abcde99")), _maybe(COUNTRY))
    ),
    programme=_maybe(_text(200)),
    orcid=_maybe(ORCID),
    website=_maybe(_text(2048)),
    sponsor=_maybe(st.builds(core.Sponsor, _maybe(EMAIL), _maybe(ORCID))),
)
PAYMENT = st.builds(
    core.Payment,
    method=st.sampled_from(core.PaymentMethod),
    fingerprint=_maybe(_value(255)),
    bin=_maybe(st.from_regex(r"\A[0-9]{6,8}\Z")),
    funding=_maybe(st.sampled_from(core.Funding)),
    issuer_country=_maybe(COUNTRY),
    billing_country=_maybe(COUNTRY),
    billing_postal_code=_maybe(_text(16).map(lambda text: text[:16])),
    cardholder_name=_maybe(_text(200)),
    checks=_maybe(
        st.builds(
            core.PaymentChecks,
            _maybe(st.sampled_from(core.CheckResult)),
            _maybe(st.sampled_from(core.CheckResult)),
            _maybe(st.sampled_from(core.ThreeDSecure)),
        )
    ),
    failed_attempts=_maybe(COUNT),
)
NETWORK = st.builds(
    core.NetworkReport,
    vpn=_maybe(st.booleans()),
    tor=_maybe(st.booleans()),
    hosting=_maybe(st.booleans()),
    residential_proxy=_maybe(st.booleans()),
    confidence=_maybe(st.integers(0, 100)),
    provider=_maybe(_text(100)),
    last_seen=_maybe(st.dates(date(2000, 1, 1), date(2100, 1, 1))),
    user_count=_maybe(COUNT),
)
DEVICE = st.builds(
    core.Device,
    ip=st.ip_addresses().map(str),
    device_id=_maybe(_value(128)),
    user_agent=_maybe(_text(1024)),
    accept_language=_maybe(_text(255)),
    timezone=_maybe(st.sampled_from(["Europe/London", "UTC", "America/Argentina/Ushuaia", "Etc/GMT+5", "Mars/Base"])),
    screen=_maybe(st.just("1920x1080")),
    platform=_maybe(_text(64)),
    ja4=_maybe(st.just("t13d1516h2_8daaf6152771_02713d6af862")),
    webdriver=_maybe(st.booleans()),
    network=_maybe(NETWORK),
)
BEHAVIOUR = st.builds(
    core.Behaviour,
    form_seconds=_maybe(st.floats(0, 10_000_000)),
    pasted_fields=_maybe(st.lists(_text(64), max_size=4).map(tuple)),
    keystrokes=_maybe(COUNT),
    referrer=_maybe(_text(2048)),
    stated_use=_maybe(_text(4000)),
)
CUSTOM = st.dictionaries(
    st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_.-]{0,10}\Z"),
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text(256),
    max_size=5,
)
SIGNUPS = st.builds(
    core.Signup,
    signup_id=_text(64),
    account_type=st.sampled_from(core.AccountType),
    occurred_at=st.datetimes(datetime(2000, 1, 2), datetime(2026, 11, 23), timezones=st.just(UTC)),  # noqa: DTZ001
    identity=IDENTITY,
    email=EMAIL,
    device=DEVICE,
    phone=_maybe(st.sampled_from(["+441134960999", "+12125550123"])),
    payment=_maybe(PAYMENT),
    behaviour=_maybe(BEHAVIOUR),
    invited_by=_maybe(_value(64)),
    prior_checks=_maybe(
        st.builds(core.PriorChecks, _maybe(st.booleans()), _maybe(st.booleans()), _maybe(st.sampled_from(core.Captcha)))
    ),
    custom=CUSTOM,
    record_only=st.booleans(),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(SIGNUPS.filter(lambda signup: not card_number_paths(document_of_signup(signup), "\\")))
def test_a_sign_up_survives_json_and_the_schema(signup):
    body = json.dumps(document_of_signup(signup)).encode()

    parsed = validate(SignupRequest, decode(body), now=NOW).to_signup(NOW)

    assert parsed == signup
    assert signup_of_document(document_of_signup(parsed)) == signup


def test_what_has_no_time_happened_now():
    document = {
        "signup_id": "s",
        "account_type": "research",
        "identity": {"full_name": "Ada Example"},
        "email": "ada@university.example",
        "device": {"ip": "192.0.2.1"},
    }

    assert validate(SignupRequest, decode(json.dumps(document).encode()), now=NOW).to_signup(NOW).occurred_at == NOW
