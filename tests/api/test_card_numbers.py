"""A card number anywhere is refused, neither stored nor logged nor repeated; what only looks like one is taken."""

from __future__ import annotations

import json

import pytest

from service.api.card_numbers import holds_card_number

CARD = "4242424242424242"
FIELDS = [
    "/signup_id",
    "/identity/full_name",
    "/identity/institution/name",
    "/identity/programme",
    "/identity/orcid",
    "/identity/website",
    "/identity/nickname",
    "/email",
    "/phone",
    "/payment/fingerprint",
    "/payment/bin",
    "/payment/billing_postal_code",
    "/payment/cardholder_name",
    "/payment/number",
    "/device/device_id",
    "/device/user_agent",
    "/device/accept_language",
    "/device/platform",
    "/device/network/provider",
    "/behaviour/referrer",
    "/behaviour/stated_use",
    "/invited_by",
    "/custom/note",
]


@pytest.fixture
def api(emptied_api):
    return emptied_api


@pytest.mark.parametrize("pointer", FIELDS)
def test_a_card_number_in_any_field_is_refused_with_its_own_problem(api, signup_document, pointer, caplog, capfd):
    response = api.post(json=signup_document({pointer: CARD}), headers={"Idempotency-Key": "k"})

    problem = response.get_json()
    assert response.status_code == 422
    assert problem["type"] == "urn:gatehouse:problem:card-number"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert api.nothing_recorded
    captured = capfd.readouterr()
    assert CARD not in response.text + caplog.text + captured.out + captured.err


@pytest.mark.parametrize("value", [int(CARD), float(CARD), -int(CARD)])
def test_a_card_number_as_a_number_is_refused(api, signup_document, value):
    response = api.post(json=signup_document({"/custom/note": value}))

    assert response.get_json()["type"] == "urn:gatehouse:problem:card-number"


def test_a_card_number_as_a_name_is_refused_by_its_object(api, signup_document):
    response = api.post(json=signup_document({"/custom": {CARD: 1}}))

    assert [error["pointer"] for error in response.get_json()["errors"]] == ["/custom"]
    assert CARD not in response.text


def test_a_card_number_behind_escapes_is_refused(api, signup_document):
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in CARD)
    body = json.dumps(signup_document({"/custom/note": "MARK"})).replace("MARK", escaped)

    response = api.post(data=body, content_type="application/json")

    assert response.get_json()["type"] == "urn:gatehouse:problem:card-number"


def test_a_card_number_is_refused_before_anything_else_is_named(api, signup_document):
    response = api.post(json=signup_document({"/email": "nobody", "/payment/fingerprint": CARD}))

    assert [error["pointer"] for error in response.get_json()["errors"]] == ["/payment/fingerprint"]


@pytest.mark.parametrize("header", ["Idempotency-Key"])
def test_a_card_number_as_a_key_is_refused(api, signup_document, header):
    response = api.post(json=signup_document(), headers={header: CARD})

    assert response.get_json()["type"] == "urn:gatehouse:problem:card-number"
    assert api.nothing_recorded


def test_a_card_number_in_a_search_is_refused(api):
    response = api.post("/v1/signups/search", json={"payment_fingerprint": CARD})

    assert response.get_json()["type"] == "urn:gatehouse:problem:card-number"


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "4242\u20134242\u20134242\u20134242",
        "\uff14\uff12" * 8,
        "my card is 4242424242424242, thanks",
        "card:4242424242424242",
        "4242 4242 4242 4242 12/29 123",
        "12 4242424242424242 123",
        "+4242424242424242",
        "378282246310005",
        "3782 822463 10005",
        "5555555555554444",
        "2223003122003222",
        "6011111111111117",
        "3530111333300000",
        "30569309025904",
        "6200000000000005",
        "4222222222222",
        "6304000000000000000",
    ],
)
def test_a_card_number_is_found_however_it_is_written(text):
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # fails the Luhn check
        "1234567890123452",  # passes it; no network issues such cards
        "0000-0002-1825-0097",  # an ORCID
        "1763892000000",  # milliseconds since 1970
        "+4915112345678",  # phone numbers
        "+491511234567890",
        "192.168.100.100",
        "2026-11-23T10:00:00.000000Z",
        "550e8400-e29b-41d4-a716-446655440000",
        "a4242424242424242",  # part of a word, as in a hexadecimal digest
        "4242424242424242f",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "42424242424242424242",  # twenty digits
        "",
    ],
)
def test_what_only_looks_like_a_card_number_is_not_one(text):
    assert not holds_card_number(text)


def test_long_counters_are_taken_as_ids_of_the_callers_own(api, signup_document):
    response = api.post(
        json=signup_document({"/signup_id": "4000000000000000006", "/device/device_id": "6200000000000000003"})
    )

    assert response.status_code == 201
    assert holds_card_number("4000000000000000006")


def test_an_international_phone_number_that_passes_luhn_is_a_phone_number(api, signup_document):
    number = "+4915112345674"

    assert holds_card_number(number[1:]) or not holds_card_number(number)
    assert api.post(json=signup_document({"/phone": number})).status_code == 201
