"""Outcomes over HTTP: answers entry by entry, and bad input named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.usecases import record_outcome

SAID = {"label": "fraud", "source": "reviewer", "reason": "seen"}


def test_one_outcome_is_recorded_once_and_read_back(http: Any) -> None:
    signup = http.sign_up(1)
    document = SAID | {"signup_id": "su_1", "grade": "A", "occurred_at": "2026-01-31T12:00:00Z"}

    first = http.call("POST", "/v1/outcomes", json=document)
    again = http.call("POST", "/v1/outcomes", json=document | {"signup_id": signup["id"]})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert (first.get_json()["standing"], first.get_json()["signup"]) == ("fraud", signup["id"])
    read = http.call("GET", f"/v1/signups/{signup['id']}").get_json()["outcomes"]
    assert [(each["label"], each["grade"], each["confidence"]) for each in read] == [("fraud", "A", 1.0)]


def test_a_list_is_answered_entry_by_entry(http: Any) -> None:
    http.sign_up(10)
    entries = [
        SAID | {"signup_id": "su_10"},
        SAID | {"signup_id": "nobody"},
        SAID | {"signup_id": "su_10", "label": "maybe", "mood": 1},
        SAID | {"signup_id": "su_10", "reason": "4242424242424242"},
        17,
        SAID | {"signup_id": "su_10"},
    ]

    response = http.call("POST", "/v1/outcomes", json=entries)

    assert response.status_code == 207
    items = response.get_json()["items"]
    assert [each["status"] for each in items] == [201, 404, 422, 422, 422, 200]
    assert [error["pointer"] for error in items[2]["problem"]["errors"]] == ["/label", "/mood"]
    assert items[0]["outcome"]["id"] == items[5]["outcome"]["id"]
    assert "4242424242424242" not in response.text


def test_each_entry_of_a_list_is_dated_by_itself(http: Any) -> None:
    for at in (21, 22):
        http.sign_up(at)

    items = http.call("POST", "/v1/outcomes", json=[SAID | {"signup_id": f"su_{at}"} for at in (21, 22)]).get_json()

    first, second = (each["outcome"]["recorded_at"] for each in items["items"])
    assert first < second


def test_one_outcome_more_than_a_sign_up_may_have_is_refused_in_its_place(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_outcome, "MOST_OUTCOMES", 3)
    http.sign_up(11)
    entries = [SAID | {"signup_id": "su_11", "source": f"source-{at}"} for at in (1, 2, 3, 4, 1)]

    items = http.call("POST", "/v1/outcomes", json=entries).get_json()["items"]
    alone = http.call("POST", "/v1/outcomes", json=entries[3])

    assert [each["status"] for each in items] == [201, 201, 201, 409, 200]
    assert "as many as it may have" in items[3]["problem"]["detail"]
    assert (alone.status_code, alone.content_type) == (409, "application/problem+json")
    assert (alone.get_json()["type"], alone.get_json()["detail"]) == (
        "urn:gatehouse:problem:conflict",
        items[3]["problem"]["detail"],
    )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"label": "maybe"}, "/label"),
        ({"confidence": 1.5}, "/confidence"),
        ({"confidence": "1"}, "/confidence"),
        ({"source": "Jane Doe"}, "/source"),
        ({"reason": "she said so"}, "/reason"),
        ({"grade": "F"}, "/grade"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "/occurred_at"),
        ({"signup_id": ""}, "/signup_id"),
        ({"unknown": 1}, "/unknown"),
    ],
    ids=str,
)
def test_a_wrong_outcome_is_refused_by_its_pointer(http: Any, changes: dict[str, Any], pointer: str) -> None:
    response = http.call("POST", "/v1/outcomes", json=SAID | {"signup_id": "su_1"} | changes)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.get_json()["errors"]] == [pointer]


HOSTILE = {
    '"label": "fraud", "source": "law", "reason": "seen", "confidence": NaN': "/confidence",
    '"label": "fraud", "source": "law", "reason": "\\u0000"': "/reason",
    '"label": "fraud", "source": "law", "reason": "seen", "grade": "\\ud800"': "/grade",
    '"label": "fraud", "source": "law", "reason": "seen", "source": "law"': "/source",
}


def test_what_no_document_may_hold_is_answered_in_its_place(http: Any) -> None:
    http.sign_up(3_100)
    good = json.dumps(SAID | {"signup_id": "su_3100"})
    hostile = [f'{{"signup_id": "su_3100", {fields}}}' for fields in HOSTILE]
    body = f"[{good}, {', '.join(hostile)}, NaN, {good}]"

    response = http.call("POST", "/v1/outcomes", data=body, content_type="application/json")

    items = response.get_json()["items"]
    assert response.status_code == 207
    assert [each["status"] for each in items] == [201, 422, 422, 422, 422, 422, 200]
    pointers = [[error["pointer"] for error in each["problem"]["errors"]] for each in items[1:6]]
    assert pointers == [*([pointer] for pointer in HOSTILE.values()), [""]]


def test_more_faults_than_are_named_leave_no_entry_taken_as_if_it_had_none(http: Any) -> None:
    signup = http.sign_up(3_101)
    entry = {"signup_id": signup["signup_id"], "label": "fraud", "reason": "seen", "source": "law", "grade": "\0"}

    response = http.call("POST", "/v1/outcomes", json=[entry] * 120)

    assert {each["status"] for each in response.get_json()["items"]} == {422}


@pytest.mark.parametrize("entries", [[], [SAID] * 1_001], ids=["none", "too many"])
def test_an_empty_list_and_an_endless_one_are_refused(http: Any, entries: list[Any]) -> None:
    assert http.call("POST", "/v1/outcomes", json=entries).status_code == 422


def test_an_outcome_of_nobody_and_one_without_permission(http: Any) -> None:
    document = SAID | {"signup_id": "nobody"}

    assert http.call("POST", "/v1/outcomes", json=document).status_code == 404
    assert http.call("POST", "/v1/outcomes", json=document, scopes=("signups", "review")).status_code == 403
