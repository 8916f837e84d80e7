"""What became of an attempt: reported by the caller, read back with the decision."""

from __future__ import annotations

import pytest


@pytest.fixture
def path(api, signup_document):
    return f"/v1/signups/{api.post(json=signup_document()).get_json()['id']}"


def test_a_created_account_is_read_back_with_the_decision(api, path):
    assert api.get(path).get_json()["account"] is None
    body = {"status": "created", "account_id": "acct_77", "at": "2026-11-23T09:59:00Z"}

    answered = api.post(f"{path}/account", json=body)

    expected = {**body, "reported_at": "2026-11-23T10:00:00Z"}
    assert (answered.status_code, answered.get_json()["account"]) == (200, expected)
    assert api.get(path).get_json()["account"] == expected


def test_an_attempt_without_an_account_happened_now_unless_said_otherwise(api, path):
    answered = api.post(f"{path}/account", json={"status": "not_created"}).get_json()

    assert answered["account"] == {
        "status": "not_created",
        "account_id": None,
        "at": "2026-11-23T10:00:00Z",
        "reported_at": "2026-11-23T10:00:00Z",
    }


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/status"),
        ({"status": "maybe"}, "/status"),
        ({"status": "created"}, ""),
        ({"status": "not_created", "account_id": "acct_77"}, ""),
        ({"status": "created", "account_id": ""}, "/account_id"),
        ({"status": "created", "account_id": "x" * 65}, "/account_id"),
        ({"status": "created", "account_id": "4242424242424242"}, "/account_id"),
        ({"status": "created", "account_id": "a", "at": "2026-11-23T10:06:00Z"}, "/at"),
        ({"status": "created", "account_id": "a", "email": "ada@uni.example"}, "/email"),
    ],
)
def test_a_wrong_report_is_refused_by_its_pointer(api, path, body, pointer):
    response = api.post(f"{path}/account", json=body)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.get_json()["errors"]] == [pointer]
    assert api.get(path).get_json()["account"] is None


def test_a_sign_up_of_another_owner_does_not_exist(api, path):
    stranger = api.key("signups", owner="stranger")

    assert api.post(f"{path}/account", token=stranger, json={"status": "not_created"}).status_code == 404
    assert api.post("/v1/signups/a.b/account", json={"status": "not_created"}).status_code == 404
