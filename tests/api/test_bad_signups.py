"""Every wrong field of a sign-up is named by its pointer, and nothing is recorded."""

from __future__ import annotations

import pytest

BAD = [
    ("/signup_id", ""),
    ("/signup_id", "x" * 65),
    ("/signup_id", 8131),
    ("/signup_id", None),
    ("/account_type", "commercial"),
    ("/account_type", ["educational"]),
    ("/occurred_at", "2026-11-23T10:05:01Z"),
    ("/occurred_at", "2026-11-23T10:00:00"),
    ("/occurred_at", "2026-11-23"),
    ("/occurred_at", "1763892000"),
    ("/occurred_at", 1763892000),
    ("/occurred_at", "0001-01-01T00:00:00+14:00"),
    ("/occurred_at", "9999-12-31T23:59:59-14:00"),
    ("/occurred_at", "2026-02-30T10:00:00Z"),
    ("/identity", "Ada Example"),
    ("/identity/full_name", ""),
    ("/identity/full_name", "   "),
    ("/identity/full_name", "x" * 201),
    ("/identity/country", "UK"),
    ("/identity/country", "gb"),
    ("/identity/country", "Great Britain"),
    ("/identity/birth_year", 1899),
    ("/identity/birth_year", "2004"),
    ("/identity/birth_year", 2004.5),
    ("/identity/birth_year", True),
    ("/identity/role", "hacker"),
    ("/identity/nickname", "Ada"),
    ("/identity/institution", "University of Example"),
    ("/identity/institution/name", "x" * 201),
    ("/identity/institution/ror_id", "ror"),
    ("/identity/institution/country", "XX"),
    ("/identity/programme", "x" * 201),
    ("/identity/orcid", "0000-0002"),
    ("/identity/website", "x" * 2049),
    ("/identity/sponsor/email", "nobody"),
    ("/identity/sponsor/orcid", "1"),
    ("/email", "not an e-mail"),
    ("/email", "ada@"),
    ("/email", "ada@@university.example"),
    ("/email", "a" * 65 + "@university.example"),
    ("/email", "Ada <ada@university.example>"),
    ("/email", "ada@localhost"),
    ("/email", 1),
    ("/phone", "12"),
    ("/phone", "+1"),
    ("/phone", "+4411349609990000"),
    ("/phone", "call me"),
    ("/payment", []),
    ("/payment/method", "cash"),
    ("/payment/fingerprint", "x" * 256),
    ("/payment/fingerprint", "\t"),
    ("/payment/fingerprint", "..."),
    ("/payment/bin", "4242"),
    ("/payment/bin", "424242424"),
    ("/payment/bin", "42424x"),
    ("/payment/bin", "\uff14\uff12\uff14\uff12\uff14\uff12"),
    ("/payment/bin", 424242),
    ("/payment/funding", "charge"),
    ("/payment/issuer_country", "EU"),
    ("/payment/billing_country", ""),
    ("/payment/billing_postal_code", "x" * 17),
    ("/payment/cardholder_name", "x" * 201),
    ("/payment/checks/cvc", "yes"),
    ("/payment/checks/postal_code", True),
    ("/payment/checks/three_d_secure", "ok"),
    ("/payment/failed_attempts", -1),
    ("/payment/failed_attempts", 2**31),
    ("/device/ip", "192.0.2.256"),
    ("/device/ip", "192.0.2.17:443"),
    ("/device/ip", "fe80::1%eth0"),
    ("/device/ip", "localhost"),
    ("/device/ip", None),
    ("/device/device_id", "x" * 129),
    ("/device/device_id", " "),
    ("/device/device_id", "\u200b\ufeff"),
    ("/device/device_id", "--"),
    ("/device/device_id", "\u3164"),
    ("/device/user_agent", "x" * 1025),
    ("/device/accept_language", "x" * 256),
    ("/device/timezone", "Europe/Lon don"),
    ("/device/timezone", "../../etc/passwd"),
    ("/device/screen", "1920"),
    ("/device/screen", "0x0"),
    ("/device/screen", "1920X1080"),
    ("/device/platform", "x" * 65),
    ("/device/ja4", "t13d!"),
    ("/device/webdriver", "false"),
    ("/device/webdriver", 0),
    ("/device/network/vpn", "no"),
    ("/device/network/confidence", 101),
    ("/device/network/last_seen", "20 November"),
    ("/device/network/last_seen", "1763596800"),
    ("/device/network/last_seen", "2026-11-31"),
    ("/device/network/user_count", -1),
    ("/behaviour/form_seconds", -0.1),
    ("/behaviour/form_seconds", "74"),
    ("/behaviour/pasted_fields", "email"),
    ("/behaviour/pasted_fields", ["f"] * 65),
    ("/behaviour/keystrokes", 1.5),
    ("/behaviour/referrer", "x" * 2049),
    ("/behaviour/stated_use", "x" * 4001),
    ("/invited_by", "x" * 65),
    ("/invited_by", "  "),
    ("/prior_checks/email_verified", 1),
    ("/prior_checks/captcha", "skipped"),
    ("/custom", "spring"),
    ("/custom", {f"k{n}": n for n in range(33)}),
    ("/custom/campaign", ["spring"]),
    ("/custom/campaign", {"name": "spring"}),
    ("/custom/campaign", "x" * 257),
    ("/record_only", "yes"),
    ("/unknown", 1),
]


@pytest.fixture
def api(emptied_api):
    return emptied_api


@pytest.mark.parametrize(("pointer", "value"), BAD, ids=[f"{p}={str(v)[:24]}" for p, v in BAD])
def test_a_wrong_field_is_refused_by_its_pointer_and_nothing_is_recorded(api, signup_document, pointer, value):
    response = api.post(json=signup_document({pointer: value}), headers={"Idempotency-Key": "k"})

    problem = response.get_json()
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert problem["type"] == "urn:gatehouse:problem:invalid-input"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert api.nothing_recorded


def test_every_wrong_field_is_named_at_once(api, signup_document):
    wrong = {
        "/account_type": "commercial",
        "/identity/country": "UK",
        "/email": "nobody",
        "/phone": "12",
        "/payment/bin": "1",
        "/device/ip": "here",
        "/behaviour/form_seconds": -1,
        "/custom/a": [],
        "/extra": 1,
        "/occurred_at": "2027-01-01T00:00:00Z",
    }

    response = api.post(json=signup_document(wrong))

    assert {error["pointer"] for error in response.get_json()["errors"]} == set(wrong)


def test_required_fields_are_named_when_they_are_missing(api):
    response = api.post(json={"identity": {}, "device": {}})

    assert {error["pointer"] for error in response.get_json()["errors"]} == {
        "/signup_id",
        "/account_type",
        "/identity/full_name",
        "/email",
        "/device/ip",
    }


@pytest.mark.parametrize("pointer", sorted({pointer for pointer, _ in BAD}))
def test_an_answer_never_repeats_what_was_sent(api, signup_document, pointer):
    marker = "ZZ marker@ ZZ" * 500

    response = api.post(json=signup_document({pointer: marker}))

    assert response.status_code == 422
    assert "marker" not in response.text


@pytest.mark.parametrize("name", ["ada@university.example", "+441134960999", "", "a/b", "x" * 65, "née"])
@pytest.mark.parametrize("parent", ["", "/custom", "/identity"])
def test_a_field_with_a_name_of_the_callers_own_is_refused_without_repeating_it(api, signup_document, parent, name):
    document = signup_document()
    (document if not parent else document[parent[1:]])[name] = "x"

    response = api.post(json=document)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.get_json()["errors"]] == [parent]
    assert not name or name not in response.text


def test_a_phone_number_is_judged_in_the_claimed_country(api, signup_document):
    national = {"/phone": "0113 496 0999"}

    assert api.post(json=signup_document({**national, "/identity/country": "GB"})).status_code == 201
    refused = api.post(json=signup_document({**national, "/signup_id": "b", "/identity/country": None}))
    assert [error["pointer"] for error in refused.get_json()["errors"]] == ["/phone"]


OPTIONAL = [
    "/occurred_at",
    "/identity/country",
    "/identity/birth_year",
    "/identity/role",
    "/identity/institution",
    "/identity/institution/name",
    "/identity/institution/country",
    "/identity/programme",
    "/identity/orcid",
    "/identity/website",
    "/identity/sponsor",
    "/phone",
    "/payment",
    "/payment/fingerprint",
    "/payment/bin",
    "/payment/funding",
    "/payment/issuer_country",
    "/payment/checks",
    "/payment/checks/cvc",
    "/payment/failed_attempts",
    "/device/device_id",
    "/device/user_agent",
    "/device/accept_language",
    "/device/timezone",
    "/device/screen",
    "/device/webdriver",
    "/device/network",
    "/behaviour",
    "/behaviour/form_seconds",
    "/behaviour/pasted_fields",
    "/behaviour/keystrokes",
    "/invited_by",
    "/prior_checks",
    "/prior_checks/captcha",
    "/custom",
    "/record_only",
]


@pytest.mark.parametrize("pointer", OPTIONAL)
def test_null_for_an_optional_field_is_never_an_error(api, signup_document, pointer):
    assert api.post(json=signup_document({pointer: None})).status_code == 201


def test_the_required_fields_are_enough(api):
    smallest = {
        "signup_id": "s",
        "account_type": "research",
        "identity": {"full_name": "Ada Example"},
        "email": "ada@university.example",
        "device": {"ip": "2001:db8::17"},
    }

    assert api.post(json=smallest).status_code == 201


GOOD = [
    ("/occurred_at", "2026-11-23T10:05:00Z"),
    ("/occurred_at", "2026-11-23T11:00:00+01:00"),
    ("/identity/full_name", "Ἀλέξανδρος 北京 👩‍🎓"),
    ("/identity/country", "XK"),
    ("/identity/orcid", "0000-0002-1825-0090"),
    ("/identity/orcid", "https://orcid.org/0000-0002-1694-233X"),
    ("/identity/institution/ror_id", "https://ror.org/05abcde00"),
    ("/email", "björn@universität.example"),
    ("/email", "ada@lab.test"),
    ("/device/timezone", "Mars/Olympus_Mons"),
    ("/device/ip", "::ffff:192.0.2.1"),
    ("/custom/campaign", 1.5),
    ("/custom/campaign", True),
    ("/custom/campaign", 2**63 - 1),
    ("/behaviour/form_seconds", 74),
    ("/behaviour/pasted_fields", []),
]


@pytest.mark.parametrize(("pointer", "value"), GOOD, ids=[f"{p}={str(v)[:24]}" for p, v in GOOD])
def test_what_is_only_a_signal_is_taken(api, signup_document, pointer, value):
    assert api.post(json=signup_document({pointer: value})).status_code == 201
