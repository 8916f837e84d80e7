"""Bodies have a limit, a media type and an encoding, whether or not they say how long they are."""

from __future__ import annotations

import io
import json

import pytest

from service.api.json_body import BODY_LIMIT


class _Counting(io.BytesIO):
    """A body that counts what was read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self.taken += len(part)
        return part

    def readinto(self, buffer, /) -> int:  # a buffer's type is not public in Python 3.11
        count = super().readinto(buffer)
        self.taken += count
        return count


def test_a_body_over_the_limit_is_refused_unread(api):
    body = _Counting(b"x" * (BODY_LIMIT + 1))

    response = api.post(
        input_stream=body, content_type="application/json", environ_overrides={"CONTENT_LENGTH": str(BODY_LIMIT + 1)}
    )

    assert response.status_code == 413
    assert body.taken == 0
    assert api.nothing_recorded


def test_a_chunked_body_without_a_length_is_read_no_further_than_the_limit(api):
    body = _Counting(b"x" * (BODY_LIMIT * 20))

    response = api.post(
        input_stream=body,
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert response.status_code == 413
    assert response.get_json()["type"] == "urn:gatehouse:problem:too-large"
    assert body.taken <= BODY_LIMIT * 2


def test_a_chunked_body_within_the_limit_is_taken(api, signup_document):
    response = api.post(
        input_stream=io.BytesIO(json.dumps(signup_document()).encode()),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert response.status_code == 201


def test_a_body_of_exactly_the_limit_is_read(api, signup_document):
    body = json.dumps(signup_document()).encode()

    response = api.post(data=body + b" " * (BODY_LIMIT - len(body)), content_type="application/json")

    assert response.status_code == 201


def test_a_body_shorter_than_it_says_is_refused(api, signup_document):
    body = json.dumps(signup_document()).encode()

    response = api.post(
        input_stream=io.BytesIO(body),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 10)},
    )

    assert response.status_code == 400
    assert api.nothing_recorded


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/jsonp"],
)
def test_another_media_type_is_refused(api, signup_document, content_type):
    response = api.post(data=json.dumps(signup_document()), content_type=content_type)

    assert response.status_code == 415
    assert api.nothing_recorded


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "application/json; charset=utf-16"}, {"Content-Encoding": "gzip"}]
)
def test_another_encoding_is_refused(api, signup_document, headers):
    headers = {"Content-Type": "application/json", **headers}

    assert api.post(data=json.dumps(signup_document()), headers=headers).status_code == 415


def test_utf8_may_be_named(api, signup_document):
    response = api.post(data=json.dumps(signup_document()), content_type="application/json; charset=UTF-8")

    assert response.status_code == 201
