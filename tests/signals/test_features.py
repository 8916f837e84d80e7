"""Every feature of the groups that need no history: its value, and when it is missing."""

from __future__ import annotations

import math

import pytest

from models.features import behaviour, consistency, device, email, identity, network, payment, phone
from models.signup import AccountType, Behaviour, Captcha, Device, Identity, Institution, NetworkReport, PriorChecks

EMPTY = {
    "identity": Identity(full_name="😀"),
    "email": "123@example.com",
    "device": Device(ip="10.0.0.1"),
    "phone": None,
    "payment": None,
    "behaviour": None,
    "prior_checks": None,
}

# feature, its value on the ordinary sign-up, its value when nothing optional was sent
TABLE = [
    (identity.name_surprise, pytest.approx(0.0, abs=1.5), None),
    (identity.name_mixed_script, 0.0, 0.0),
    (identity.institution_on_list, 1.0, None),
    (identity.orcid_valid, 1.0, None),
    (identity.website_academic, 1.0, None),
    (identity.age_role_gap_years, 0.0, None),
    (identity.account_is_research, 0.0, 0.0),
    (email.email_academic, 1.0, 0.0),
    (email.email_disposable, 0.0, 0.0),
    (email.email_free, 0.0, 0.0),
    (email.email_relay, 0.0, 0.0),
    (email.email_name_match, 1.0, None),
    (email.email_folding, 0.0, 0.0),
    (email.email_digit_share, 0.0, 1.0),
    (email.email_local_surprise, pytest.approx(0.0, abs=1.5), None),
    (email.email_domain_surprise, pytest.approx(0.0, abs=2.0), pytest.approx(0.0, abs=2.0)),
    (email.email_open_enrolment, 0.0, None),
    (phone.phone_valid, 1.0, None),
    (phone.phone_virtual, 0.0, None),
    (payment.payment_absent, 0.0, 1.0),
    (payment.payment_prepaid, 0.0, None),
    (payment.payment_virtual_bin, 0.0, None),
    (payment.payment_failed_attempts, 0.0, None),
    (payment.payment_cvc_failed, 0.0, None),
    (payment.payment_postal_failed, 0.0, None),
    (payment.payment_3ds, 1.0, None),
    (payment.payment_name_match, 1.0, None),
    (device.device_webdriver, 0.0, None),
    (device.device_id_missing, 0.0, 1.0),
    (device.ua_automation, 0.0, None),
    (device.ua_platform_conflict, 0.0, None),
    (device.ua_version_lag, 0.0, None),
    (device.screen_odd, 0.0, None),
    (device.ja4_ua_conflict, 0.0, None),
    (device.language_missing, 0.0, 1.0),
    (network.ip_hosting, 0.0, None),
    (network.ip_anonymiser, 0.0, None),
    (network.ip_residential_proxy, None, None),
    (network.ip_academic, 1.0, None),
    (network.ip_mobile, 0.0, None),
    (behaviour.form_haste, 0.0, None),
    (behaviour.keystroke_shortfall, pytest.approx(0.16, abs=0.2), None),
    (behaviour.keystroke_rate, pytest.approx(140 / 74.2), None),
    (behaviour.pasted_identity, 0.0, None),
    (behaviour.referrer_missing, 0.0, 1.0),
    (behaviour.captcha_failed, 0.0, None),
    (consistency.country_spread, 0.0, None),
    (consistency.timezone_ip_gap_h, 0.0, None),
    (consistency.language_gap, 0.0, None),
    (consistency.institution_free_mail, 0.0, None),
    (consistency.institution_email_conflict, 0.0, None),
    (consistency.issuer_billing_conflict, 0.0, None),
    (consistency.institution_network_match, 1.0, None),
    (consistency.support_groups, 5.0, 0.0),
    (consistency.fields_missing, 1.0, 23.0),
]


@pytest.mark.parametrize(("feature", "ordinary", "_"), TABLE, ids=lambda each: getattr(each, "__name__", ""))
def test_the_ordinary_sign_up_has_this_value(facts_of, feature, ordinary, _):
    assert feature(facts_of()) == ordinary


@pytest.mark.parametrize(("feature", "_", "empty"), TABLE, ids=lambda each: getattr(each, "__name__", ""))
def test_a_sign_up_with_nothing_optional_has_this_value(facts_of, feature, _, empty):
    assert feature(facts_of(**EMPTY)) == empty


@pytest.mark.parametrize(
    ("feature", "changes", "value"),
    [
        (identity.account_is_research, {"account_type": AccountType.RESEARCH}, 1.0),
        (identity.institution_on_list, {"identity__institution": Institution("Nowhere Online Academy")}, 0.0),
        (email.email_disposable, {"email": "jane@mailinator.com"}, 1.0),
        (email.email_relay, {"email": "jane@duck.com"}, 1.0),
        (email.email_folding, {"email": "j.a.n.e+1@gmail.com"}, 5.0),
        (email.email_name_match, {"email": "s1234567@ox.ac.uk"}, None),
        (email.email_open_enrolment, {"email": "jane@my.smccd.edu"}, 1.0),
        (phone.phone_virtual, {"phone": "+445600123456"}, 1.0),
        (phone.phone_valid, {"phone": "+441"}, 0.0),
        (device.device_webdriver, {"device__webdriver": True}, 1.0),
        (network.ip_residential_proxy, {"device__network": NetworkReport(residential_proxy=True)}, 1.0),
        (network.ip_anonymiser, {"device__network": NetworkReport(vpn=True)}, 1.0),
        (network.ip_hosting, {"device__ip": "3.5.6.7"}, 1.0),
        (behaviour.form_haste, {"behaviour__form_seconds": 2.0}, pytest.approx(math.log(10))),
        (behaviour.form_haste, {"behaviour__form_seconds": 0.0}, pytest.approx(math.log(200))),
        (behaviour.keystroke_shortfall, {"behaviour__keystrokes": 0}, 1.0),
        (behaviour.keystroke_shortfall, {"behaviour__keystrokes": 10**9}, 0.0),
        (behaviour.captcha_failed, {"prior_checks": PriorChecks(captcha=Captcha.FAILED)}, 1.0),
        (behaviour.pasted_identity, {"behaviour": Behaviour(pasted_fields=("full_name",))}, 1.0),
        (consistency.country_spread, {"payment__issuer_country": "US", "phone": "+33612345678"}, 2.0),
        (consistency.institution_free_mail, {"email": "jane@gmail.com"}, 1.0),
        (consistency.institution_email_conflict, {"email": "jane@cam.ac.uk"}, 1.0),
        (consistency.issuer_billing_conflict, {"payment__issuer_country": "US"}, 1.0),
        (consistency.support_groups, {"email": "xkqz@ox.ac.uk", "identity__orcid": None}, 3.0),
        (consistency.fields_missing, {"phone": None, "behaviour": None}, 7.0),
    ],
)
def test_a_change_has_this_effect(facts_of, feature, changes, value):
    assert feature(facts_of(**changes)) == value
