"""A batch answers line by line, in order; a bad line harms no other, and a batch too large records nothing."""

from __future__ import annotations

import json

import pytest

from service.api import batch
from service.api.json_body import BODY_LIMIT
from service.domain.errors import UnavailableError

PATH = "/v1/signups/batch"
NDJSON = "application/x-ndjson"


def _lines(*documents: object) -> bytes:
    return b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents)


def _answers(response) -> list[dict]:
    assert (response.status_code, response.content_type) == (200, NDJSON)
    return [json.loads(line) for line in response.data.splitlines()]


def test_every_line_is_answered_in_order_and_a_bad_one_in_place(api, signup_document):
    body = _lines(
        signup_document(signup_id="a"),
        signup_document(signup_id="b", email="nobody"),
        b"not JSON",
        signup_document(signup_id="c", **{"/payment/fingerprint": "4242424242424242"}),
        b'{"signup_id":"d","signup_id":"d"}',
        signup_document(signup_id="e", custom={"a": "x" * BODY_LIMIT}),
        signup_document(signup_id="a"),
        signup_document(signup_id="a", email="other@university.example"),
        signup_document(signup_id="f"),
    )

    answers = _answers(api.post(PATH, data=body, content_type=NDJSON))

    assert [each.get("signup_id", each.get("status")) for each in answers] == [
        "a",
        422,
        400,
        422,
        422,
        413,
        "a",
        409,
        "f",
    ]
    assert answers[1]["errors"][0]["pointer"] == "/email"
    assert answers[3]["type"] == "urn:gatehouse:problem:card-number"
    assert answers[0] == answers[6]
    assert {signup_id for _, signup_id in api.recorder.recorded} == {"a", "f"}


def test_a_line_and_a_single_request_are_the_same_request(api, signup_document):
    single = api.post(json=signup_document())

    answers = api.post(PATH, data=_lines(signup_document()), content_type=NDJSON)

    assert answers.data.rstrip(b"\n") == single.data
    assert len(api.recorder.recorded) == 1


def test_empty_lines_and_carriage_returns_are_no_lines(api, signup_document):
    body = (
        b"\r\n\n" + _lines(signup_document(signup_id="a")) + b"\r\n\n" + _lines(signup_document(signup_id="b")) + b"\n"
    )

    assert [each["signup_id"] for each in _answers(api.post(PATH, data=body, content_type=NDJSON))] == ["a", "b"]


def test_an_empty_batch_has_an_empty_answer(api):
    assert _answers(api.post(PATH, data=b"", content_type=NDJSON)) == []


def test_a_thousand_lines_are_taken(api, signup_document):
    smallest = {key: signup_document()[key] for key in ("account_type", "email", "device", "identity")}

    body = _lines(*({**smallest, "signup_id": f"s{number}"} for number in range(1_000)))

    answers = _answers(api.post(PATH, data=body, content_type=NDJSON))
    assert [each["signup_id"] for each in answers] == [f"s{number}" for number in range(1_000)]


def test_a_line_more_is_refused_and_nothing_is_recorded(api, signup_document):
    response = api.post(PATH, data=_lines(*[signup_document()] * 1_001), content_type=NDJSON)

    assert response.status_code == 413
    assert api.nothing_recorded


def test_a_batch_over_its_limit_is_refused_and_nothing_is_recorded(api, signup_document):
    body = _lines(signup_document()) + b"\n" * batch.BATCH_LIMIT

    assert api.post(PATH, data=body, content_type=NDJSON).status_code == 413
    assert api.nothing_recorded


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_a_batch_in_another_media_type_is_refused(api, signup_document, content_type):
    assert api.post(PATH, data=_lines(signup_document()), content_type=content_type).status_code == 415


def test_a_database_that_goes_away_is_asked_once_and_the_rest_is_told(api, signup_document):
    tried = []

    def away() -> None:
        tried.append(1)
        if len(tried) > 1:
            raise UnavailableError("The database cannot be used.")

    api.recorder.before = away
    body = _lines(*(signup_document(signup_id=f"s{number}") for number in range(5)))

    answers = _answers(api.post(PATH, data=body, content_type=NDJSON))

    assert [each.get("status", 201) for each in answers] == [201, 503, 503, 503, 503]
    assert len(tried) == 2


def test_a_mistake_of_ours_in_one_line_harms_no_other(api, signup_document):
    tried = []

    def fail_once() -> None:
        tried.append(1)
        if len(tried) == 1:
            raise RuntimeError("bug")

    api.recorder.before = fail_once
    body = _lines(signup_document(signup_id="a"), signup_document(signup_id="b"))

    answers = _answers(api.post(PATH, data=body, content_type=NDJSON))

    assert [each.get("status", 201) for each in answers] == [500, 201]
    assert "bug" not in json.dumps(answers)
