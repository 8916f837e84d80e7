"""Every signal by a table of cases, the awkward honest ones included."""

from __future__ import annotations

from datetime import date

import pytest

from models.signup import (
    Captcha,
    CheckResult,
    Funding,
    Institution,
    NetworkReport,
    PaymentChecks,
    PaymentMethod,
    PriorChecks,
    Role,
    Sponsor,
    ThreeDSecure,
)

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)
CHROME_ON_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.0.0 "
    "Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Mobile Safari/537.36"
)
HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36"
)
JA4_CHROMIUM = "t13d1516h2_8daaf6152771_d8a2da3f94cd"
JA4_FIREFOX = "t13d1717h2_5b57614c22b0_3cbfd9057e0d"
JA4_SAFARI = "t13d2014h2_a09f3c656075_7f0f34a4126d"

CASES = [
    # identity
    ({"identity__full_name": "Suharto"}, "identity", {"name_words": 1, "name_mixed_script": False}),
    ({"identity__full_name": "王小明"}, "identity", {"name_surprise": None, "name_scripts": ("han",)}),
    ({"identity__full_name": "J\u0430ne Marple"}, "identity", {"name_mixed_script": True}),
    ({"identity__country": "ZZ"}, "identity", {"country": None}),
    ({"identity__birth_year": 2016}, "identity", {"age_role_gap_years": 3}),
    ({"identity__birth_year": 2008, "identity__role": Role.STAFF}, "identity", {"age_role_gap_years": 0}),
    ({"identity__birth_year": 2010, "identity__role": Role.FACULTY}, "identity", {"age_role_gap_years": 2}),
    ({"identity__birth_year": 1900}, "identity", {"age_role_gap_years": 36}),
    ({"identity__birth_year": 1950}, "identity", {"age_role_gap_years": 0}),
    ({"identity__role": None}, "identity", {"age_role_gap_years": None}),
    (
        {"identity__institution": None},
        "identity",
        {"institution_claimed": False, "institution_listed": None, "institution_country": None},
    ),
    ({"identity__institution": Institution("Oxford University")}, "identity", {"institution_country": "GB"}),
    ({"identity__institution": Institution("Univeristy of Oxford")}, "identity", {"institution_listed": True}),
    ({"identity__institution": Institution("Oxbridge Online Institute")}, "identity", {"institution_listed": False}),
    (
        {"identity__institution": Institution(ror_id="https://ror.org/052gg0110")},
        "identity",
        {"institution_claimed": True, "institution_listed": None, "ror_valid": True},
    ),
    ({"identity__institution": Institution(ror_id="052gg0111")}, "identity", {"ror_valid": False}),
    ({"identity__orcid": "0000-0002-1825-0098"}, "identity", {"orcid_valid": False}),
    ({"identity__orcid": None}, "identity", {"orcid_valid": None}),
    ({"identity__website": "lab.example.com/page"}, "identity", {"website_academic": False}),
    ({"identity__website": "cs.mit.edu"}, "identity", {"website_academic": True}),
    ({"identity__website": "http://["}, "identity", {"website_academic": None}),
    (
        {"identity__sponsor": Sponsor(email="pi@maths.ox.ac.uk")},
        "identity",
        {"sponsor_academic": True, "sponsor_same_institution": True},
    ),
    (
        {"identity__sponsor": Sponsor(email="pi@gmail.com")},
        "identity",
        {"sponsor_academic": False, "sponsor_same_institution": False},
    ),
    ({"identity__sponsor": Sponsor(orcid="0000-0005-9999-0012")}, "identity", {"sponsor_academic": None}),
    # e-mail
    ({"email": "jane@maths.ox.ac.uk"}, "email", {"academic": True, "free": False, "country": "GB"}),
    ({"email": "jane@gmail.com"}, "email", {"academic": False, "free": True, "country": None, "open_enrolment": None}),
    ({"email": "jane@mailinator.com"}, "email", {"disposable": True, "free": False}),
    ({"email": "jane@duck.com"}, "email", {"relay": True, "disposable": False}),
    ({"email": "jane@privaterelay.appleid.com"}, "email", {"relay": True}),
    ({"email": "jane@21cn.com"}, "email", {"disposable": False, "free": True}),
    ({"email": "jane@my.smccd.edu"}, "email", {"academic": True, "open_enrolment": True}),
    ({"email": "jane@ox.ac.uk"}, "email", {"open_enrolment": False}),
    ({"email": "jane@utmail.utexas.edu"}, "email", {"academic": False, "academic_withdrawn": True}),
    ({"email": "s1234567@ox.ac.uk"}, "email", {"opaque": True, "name_match": None, "local_surprise": None}),
    ({"email": "jane12@ox.ac.uk"}, "email", {"digit_share": pytest.approx(1 / 3)}),
    # phone
    ({"phone": None}, "phone", {"given": False, "valid": None, "virtual": None}),
    ({"phone": "+12015550123"}, "phone", {"valid": True, "country": "US", "virtual": None}),
    # payment
    ({"payment": None}, "payment", {"absent": True, "method": None, "prepaid": None}),
    ({"payment__method": PaymentMethod.NONE}, "payment", {"absent": True}),
    ({"payment__funding": Funding.PREPAID}, "payment", {"prepaid": True}),
    ({"payment__funding": Funding.UNKNOWN}, "payment", {"prepaid": None}),
    ({"payment__funding": Funding.DEBIT}, "payment", {"prepaid": False}),
    ({"payment__bin": "44039312"}, "payment", {"virtual_bin": True}),
    ({"payment__bin": None}, "payment", {"virtual_bin": None}),
    ({"payment__failed_attempts": 10**9}, "payment", {"failed_attempts": 1000}),
    (
        {"payment__checks": PaymentChecks(CheckResult.FAIL, CheckResult.UNCHECKED, ThreeDSecure.ATTEMPTED)},
        "payment",
        {"cvc_failed": True, "postal_code_failed": None, "three_d_secure": 0.5},
    ),
    (
        {"payment__checks": PaymentChecks(CheckResult.UNAVAILABLE, CheckResult.FAIL, ThreeDSecure.NOT_SUPPORTED)},
        "payment",
        {"cvc_failed": None, "postal_code_failed": True, "three_d_secure": None},
    ),
    ({"payment__checks": None}, "payment", {"cvc_failed": None, "three_d_secure": None}),
    ({"payment__issuer_country": "ZZ"}, "payment", {"issuer_country": None}),
    # device
    (
        {"device__user_agent": IPHONE, "device__ja4": JA4_SAFARI, "device__platform": "iPhone"},
        "device",
        {"browser": "Safari", "system": "iOS", "tls_conflict": False, "platform_conflict": False, "version_lag": 8},
    ),
    (
        {"device__user_agent": CHROME_ON_IPHONE, "device__ja4": JA4_SAFARI},
        "device",
        {"browser": "Chrome", "tls_conflict": False},
    ),
    ({"device__user_agent": FIREFOX, "device__ja4": JA4_FIREFOX}, "device", {"tls_conflict": False, "version_lag": 23}),
    ({"device__user_agent": FIREFOX}, "device", {"tls_conflict": True, "platform_conflict": True}),
    ({"device__ja4": JA4_FIREFOX}, "device", {"tls_conflict": True}),
    ({"device__ja4": "t12d1516h2_8daaf6152771_d8a2da3f94cd"}, "device", {"tls_engine": None, "tls_conflict": None}),
    ({"device__ja4": "nonsense"}, "device", {"tls_conflict": None}),
    (
        {"device__user_agent": ANDROID, "device__platform": "Linux armv81"},
        "device",
        {"browser": "Chrome", "system": "Android", "platform_conflict": False, "automated": False},
    ),
    ({"device__platform": "MacIntel"}, "device", {"platform_conflict": True}),
    ({"device__platform": "Amiga"}, "device", {"platform_conflict": None}),
    ({"device__user_agent": HEADLESS}, "device", {"automated": True}),
    ({"device__user_agent": "python-requests/2.32"}, "device", {"automated": True}),
    ({"device__user_agent": "zzz"}, "device", {"automated": True, "browser": None, "profile": None}),
    ({"device__user_agent": None}, "device", {"automated": None, "version_lag": None, "profile": None}),
    ({"device__screen": "100x100"}, "device", {"screen_odd": True}),
    ({"device__screen": "5000x900"}, "device", {"screen_odd": True}),
    ({"device__screen": "20000x10000"}, "device", {"screen_odd": True}),
    ({"device__screen": "360x800"}, "device", {"screen_odd": False}),
    ({"device__screen": "big"}, "device", {"screen_odd": True}),
    ({"device__screen": None}, "device", {"screen_odd": None, "profile": None}),
    ({"device__accept_language": "iw-IL,en;q=0.5,*;q=0.1"}, "device", {"languages": ("he", "en")}),
    ({"device__accept_language": "*"}, "device", {"languages": None}),
    ({"device__device_id": None}, "device", {"device_id_given": False}),
    ({"device__timezone": "Asia/Calcutta"}, "device", {"time_zone_countries": ("IN",)}),
    ({"device__timezone": "UTC"}, "device", {"time_zone_countries": ()}),
    # network
    ({}, "network", {"academic": True, "hosting": False, "mobile": False, "anonymiser": False, "version": 4}),
    ({"device__ip": "2001:630::1"}, "network", {"academic": True, "country": "GB", "version": 6}),
    ({"device__ip": "3.5.6.7"}, "network", {"hosting": True, "academic": False}),
    ({"device__ip": "49.36.1.1"}, "network", {"mobile": True, "country": "IN"}),
    (
        {"device__ip": "192.168.1.1", "device__network": None},
        "network",
        {"public": False, "country": None, "hosting": None, "academic": None, "anonymiser": None},
    ),
    ({"device__network": None}, "network", {"anonymiser": None, "residential_proxy": None}),
    ({"device__network": NetworkReport(hosting=True)}, "network", {"hosting": True}),
    ({"device__network": NetworkReport(tor=True)}, "network", {"anonymiser": True}),
    ({"device__network": NetworkReport(vpn=True, confidence=20)}, "network", {"anonymiser": None}),
    (
        {"device__network": NetworkReport(residential_proxy=True, last_seen=date(2026, 6, 1))},
        "network",
        {"residential_proxy": None},
    ),
    (
        {"device__network": NetworkReport(residential_proxy=True, last_seen=date(2026, 11, 1), user_count=3)},
        "network",
        {"residential_proxy": True, "reported_users": 3},
    ),
    # behaviour
    ({"behaviour": None}, "behaviour", {"form_seconds": None, "pasted_identity": None, "referrer_given": False}),
    ({"behaviour__pasted_fields": ("identity.full_name",)}, "behaviour", {"pasted_identity": True}),
    ({"behaviour__pasted_fields": ("institution",)}, "behaviour", {"pasted_identity": True}),
    ({"behaviour__pasted_fields": ()}, "behaviour", {"pasted_identity": False, "pasted_fields": 0}),
    ({"behaviour__form_seconds": float("nan")}, "behaviour", {"form_seconds": None}),
    ({"behaviour__keystrokes": -4}, "behaviour", {"keystrokes": 0}),
    ({"prior_checks": PriorChecks(captcha=Captcha.FAILED)}, "behaviour", {"captcha_failed": True}),
    ({"prior_checks": PriorChecks(captcha=Captcha.NONE)}, "behaviour", {"captcha_failed": None}),
    # consistency
    (
        {},
        "consistency",
        {
            "countries": 1,
            "time_zone_gap_h": 0.0,
            "language_gap": False,
            "institution_email_conflict": False,
            "institution_network_match": True,
        },
    ),
    ({"device__timezone": "Asia/Tokyo"}, "consistency", {"countries": 2, "time_zone_gap_h": 9.0}),
    ({"device__timezone": "Europe/Paris"}, "consistency", {"time_zone_gap_h": 1.0}),
    ({"device__timezone": "Nowhere/Else"}, "consistency", {"time_zone_gap_h": None}),
    ({"device__accept_language": "th-TH"}, "consistency", {"language_gap": True}),
    ({"device__accept_language": "th-TH", "identity__country": "TH"}, "consistency", {"language_gap": False}),
    ({"email": "jane@cam.ac.uk"}, "consistency", {"institution_email_conflict": True}),
    ({"email": "jane@gmail.com"}, "consistency", {"institution_email_conflict": None}),
    ({"device__ip": "81.2.69.142"}, "consistency", {"institution_network_match": False}),
    ({"device__ip": "10.0.0.1"}, "consistency", {"institution_network_match": None, "time_zone_gap_h": None}),
    ({"device__ip": "130.60.1.1"}, "consistency", {"institution_network_match": False}),  # Switzerland's network
]


@pytest.mark.parametrize(("changes", "group", "expected"), CASES)
def test_a_sign_up_gives_these_signals(signals_of, changes, group, expected):
    signals = getattr(signals_of(**changes), group)

    assert {name: getattr(signals, name) for name in expected} == expected


def test_a_generated_name_surprises_more_than_names_of_all_countries(signals_of):
    def surprise(name):
        return signals_of(identity__full_name=name).identity.name_surprise

    honest = [
        "Jane Marple",
        "Nguyễn Thị Minh Khai",
        "Oluwaseun Adebayo",
        "Zoë Müller",
        "Wang Xiaoming",
        "Suharto",
        "Ng",
    ]
    honest += [
        "Юлия Петрова",
        "Αγγελική Παπαδοπούλου",
        "محمد علي",
        "김민준",
        "ज्योति शर्मा",
        "สมชาย ใจดี",
        "Thiruvengadam Iyer",
    ]
    assert max(map(surprise, honest)) < 2.0
    assert min(map(surprise, ["Xkqjzv Wqpf", "Щзх Фывапр", "Qwrt Zxcvb"])) > 5.0


def test_a_random_mailbox_surprises_more_than_a_name(signals_of):
    def surprise(email):
        return signals_of(email=email).email.local_surprise

    assert surprise("jane.marple@gmail.com") < 1.0
    assert surprise("qkzjxwpv82@gmail.com") > 5.0


def test_a_random_domain_surprises_more_than_a_college_s(signals_of):
    def surprise(email):
        return signals_of(email=email).email.domain_surprise

    assert surprise("jane@saintjohns.example") < 1.0
    assert surprise("jane@xkqzjwvp.example") > 4.0


def test_the_time_zone_of_two_countries_is_not_a_third(signals_of):
    # Europe/Berlin also serves Norway, Denmark and Sweden in the zone table.
    norwegian = signals_of(
        identity__country="NO",
        identity__institution=None,
        phone=None,
        payment=None,
        device__ip="158.36.1.1",
        device__timezone="Europe/Berlin",
    )

    assert norwegian.consistency.countries == 1


def test_a_refugee_s_four_countries_are_counted_not_judged(signals_of):
    signals = signals_of(
        identity__country="SY",
        identity__institution=None,
        phone="+905321234567",
        payment=None,
        device__ip="81.2.69.142",
        device__timezone="Europe/Berlin",
    )

    assert signals.consistency.countries == 4
