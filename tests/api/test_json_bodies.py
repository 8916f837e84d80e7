"""Hostile bodies get a problem, never a 500, and leave nothing behind."""

from __future__ import annotations

import json

import pytest

from service.api.json_body import decode
from service.api.schemas.examples import SIGNUP_EXAMPLE

EXAMPLE = json.dumps(SIGNUP_EXAMPLE)


def _with(member: str) -> bytes:
    """The example with one more member, written as given."""
    return (EXAMPLE[:-1] + "," + member + "}").encode("utf-8", "surrogatepass")


HOSTILE: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("blank", b"  \n", 400),
    ("text", b"hello", 400),
    ("half a document", EXAMPLE.encode()[:-10], 400),
    ("two documents", EXAMPLE.encode() * 2, 400),
    ("trailing comma", b'{"a":1,}', 400),
    ("single quotes", b"{'a':1}", 400),
    ("comment", b'{"a":1 /* b */}', 400),
    ("byte order mark", b"\xef\xbb\xbf" + EXAMPLE.encode(), 400),
    ("UTF-16", EXAMPLE.encode("utf-16"), 400),
    ("UTF-32", EXAMPLE.encode("utf-32"), 400),
    ("latin-1", _with('"custom":{"a":"é"}').decode().encode("latin-1"), 400),
    ("overlong UTF-8", b'{"a":"\xc0\xaf"}', 400),
    ("raw surrogate", _with('"custom":{"a":"\ud800"}'), 400),
    ("raw NUL", b'{"a":"\x00"}', 400),
    ("raw new line in a string", b'{"a":"\n"}', 400),
    ("leading zero", b'{"a":01}', 400),
    ("hexadecimal", b'{"a":0x10}', 400),
    ("plus sign", b'{"a":+1}', 400),
    ("bad escape", b'{"a":"\\x00"}', 400),
    ("null", b"null", 422),
    ("true", b"true", 422),
    ("number", b"1", 422),
    ("string", b'"su_1"', 422),
    ("list", b"[]", 422),
    ("list of sign-ups", f"[{EXAMPLE}]".encode(), 422),
    ("NaN", _with('"custom":{"a":NaN}'), 422),
    ("Infinity", _with('"custom":{"a":Infinity}'), 422),
    ("minus Infinity", _with('"custom":{"a":-Infinity}'), 422),
    ("overflowing float", _with('"custom":{"a":1e999}'), 422),
    ("integer of 65 bits", _with('"custom":{"a":18446744073709551616}'), 422),
    ("negative integer of 65 bits", _with('"custom":{"a":-9223372036854775809}'), 422),
    ("integer of 5,000 digits", _with('"custom":{"a":' + "9" * 5000 + "}"), 422),
    ("duplicate key", _with('"email":"other@university.example"'), 422),
    ("duplicate key below", _with('"custom":{"a":1,"a":1}'), 422),
    ("duplicate key by escape", _with('"\\u0065mail":"other@university.example"'), 422),
    ("NUL escape", _with('"custom":{"a":"\\u0000"}'), 422),
    ("NUL escape in a name", _with('"custom":{"\\u0000":1}'), 422),
    ("half surrogate pair", _with('"custom":{"a":"\\ud800"}'), 422),
    ("surrogates the wrong way round", _with('"custom":{"a":"\\udc00\\ud800"}'), 422),
    ("half surrogate pair in a name", _with('"custom":{"\\ud800":1}'), 422),
    ("half surrogate pair as a field", _with('"\\ud800":1'), 422),
    ("33 lists", b"[" * 33 + b"]" * 33, 413),
    ("30,000 lists", b"[" * 30_000 + b"]" * 30_000, 413),
    ("30,000 open lists", b"[" * 30_000, 413),
    ("10,000 objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 413),
    ("deep in a member", _with('"more":{"a":' + "[" * 40 + "]" * 40 + "}"), 413),
    ("prototype", _with('"__proto__":{"admin":true}'), 422),
]


@pytest.fixture
def api(emptied_api):
    return emptied_api


@pytest.mark.parametrize(("body", "status"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_a_hostile_body_gets_a_problem_and_leaves_nothing(api, body, status):
    response = api.post(data=body, content_type="application/json", headers={"Idempotency-Key": "k"})

    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.get_json()["request_id"]
    assert api.nothing_recorded


POINTERS = [
    ("/custom/a", '"custom":{"a":NaN}', "must be a finite number"),
    ("/custom/a", '"custom":{"a":1e999}', "must be a finite number"),
    ("/custom/a", '"custom":{"a":18446744073709551616}', "must be an integer of 64 bits at most"),
    ("/email", '"email":"b@university.example"', "must be given only once"),
    ("/custom/a", '"custom":{"a":"\\u0000"}', "must not contain NUL characters or half surrogate pairs"),
]


@pytest.mark.parametrize(("pointer", "member", "message"), POINTERS)
def test_what_json_may_not_hold_is_named_by_its_pointer(api, signup_document, pointer, member, message):
    document = signup_document()
    del document["custom"]
    body = json.dumps(document)[:-1] + "," + member + "}"

    response = api.post(data=body, content_type="application/json")

    assert response.get_json()["errors"] == [{"pointer": pointer, "message": message}]


def test_faults_of_json_and_of_the_schema_are_named_together(api):
    body = '{"signup_id":"s","signup_id":"s","email":"nobody","custom":{"a":NaN},"device":{"ip":"192.0.2.1"}}'

    response = api.post(data=body, content_type="application/json")

    assert {error["pointer"] for error in response.get_json()["errors"]} == {
        "/signup_id",
        "/custom/a",
        "/account_type",
        "/identity",
        "/email",
    }


def test_thousands_of_faults_make_a_short_answer(api):
    body = json.dumps({f"f{n}": n for n in range(3_000)})

    response = api.post(data=body, content_type="application/json")

    assert len(response.get_json()["errors"]) <= 100
    assert len(response.data) < 20_000


def test_a_surrogate_pair_is_a_character(api, signup_document):
    body = json.dumps(signup_document({"/identity/full_name": "Ada 👩"}), ensure_ascii=True)

    assert "\\ud83d" in body
    assert api.post(data=body, content_type="application/json").status_code == 201


def test_documents_that_mean_the_same_are_canonically_equal():
    first, second = decode(b'{"a":1,"b":"\\u00e9"}'), decode('{ "b" : "é",\n "a":1 }'.encode())

    assert first.canonical() == second.canonical()
    assert first.canonical() != decode(b'{"a":"1","b":"\xc3\xa9"}').canonical()


def test_where_json_broke_is_told_and_not_what_stood_there(api):
    response = api.post(data=b'{"email": ada@university.example}', content_type="application/json")

    assert response.get_json()["detail"] == "The body is not JSON: line 1, column 11."
    assert "ada" not in response.text
