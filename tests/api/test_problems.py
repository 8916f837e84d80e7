"""Every refusal is a problem with a request id; no answer or log line carries what somebody sent."""

from __future__ import annotations

import logging
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from service.domain import errors
from service.web import PROBLEM_KINDS, problem_of


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/signups/", 404),
        ("GET", "/v2/signups", 404),
        ("GET", "/docs/../openapi.json/x", 404),
        ("GET", "/docs/nothing.js", 404),
        ("GET", "/v1/signups", 405),
        ("DELETE", "/v1/signups/1", 405),
        ("TRACE", "/v1/signups", 405),
        ("PUT", "/livez", 405),
    ],
)
def test_an_unknown_route_or_method_gets_a_problem(api, method, path, status):
    response = api.client.open(path, method=method)

    problem = response.get_json()
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert problem["status"] == status
    assert {"type", "title", "status", "detail", "request_id"} == set(problem)
    assert status != 405 or response.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/v1/signups/unknown", "/v1/signups/a%20b", "/v1/signups/%00", "/v1/signups/" + "x" * 65]
)
def test_an_unknown_id_is_not_found(api, path):
    assert api.get(path).status_code == 404
    assert api.post(f"{path}/reassess").status_code == 404


def test_a_request_id_is_made_and_told(api):
    first, second = api.client.get("/nope"), api.client.get("/nope")

    assert first.headers["X-Request-Id"] == first.get_json()["request_id"]
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


@pytest.mark.parametrize("sent", ["a", "req-8131.7_x", "0af7651916cd43dd8448eb211c80319c", "x" * 64])
def test_a_request_id_of_the_callers_own_is_kept(api, sent):
    response = api.client.get("/nope", headers={"X-Request-Id": sent})

    assert response.headers["X-Request-Id"] == response.get_json()["request_id"] == sent


@pytest.mark.parametrize(
    "sent", ["", "x" * 65, "a b", "<script>", "ada@university.example", "4242424242424242", "-x", "é"]
)
def test_a_request_id_that_could_hurt_or_tell_is_replaced(api, sent):
    response = api.client.get("/nope", headers={"X-Request-Id": sent})

    assert response.headers["X-Request-Id"] != sent
    assert len(response.headers["X-Request-Id"]) == 32


MAPPED = [
    (errors.InvalidError("m", (errors.FieldError("/a", "b"),)), 422),
    (errors.CardNumberError("m"), 422),
    (errors.NotFoundError("m"), 404),
    (errors.ConflictError("m"), 409),
    (errors.TakenError("m"), 409),
    (errors.KeyReusedError("m"), 422),
    (errors.StillRunningError("m"), 409),
    (errors.TooManyError("m"), 429),
    (errors.UnauthenticatedError("m"), 401),
    (errors.ForbiddenError("m"), 403),
    (errors.UnavailableError("m"), 503),
    (ValueError("m"), 500),
    (errors.GatehouseError("m"), 500),
]


@pytest.mark.parametrize(("error", "status"), MAPPED, ids=[type(error).__name__ for error, _ in MAPPED])
def test_every_error_of_the_domain_has_its_status(api, signup_document, error, status):
    def fail() -> None:
        raise error

    api.recorder.before = fail

    response = api.post(json=signup_document())
    assert (response.status_code, response.content_type) == (status, "application/problem+json")


def test_no_error_of_the_domain_is_forgotten():
    named = {
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.GatehouseError)
    }

    assert named == {type(error) for error, _ in MAPPED if isinstance(error, errors.GatehouseError)}


def test_what_nobody_expected_is_logged_by_its_type_and_told_nobody(api, signup_document, capfd, caplog):
    def fail() -> None:
        raise ValueError("ada.example@university.example is in this text")

    caplog.set_level(logging.DEBUG)
    api.recorder.before = fail

    response = api.post(json=signup_document(), headers={"X-Request-Id": "req-77"})

    captured = capfd.readouterr()
    logged = captured.out + captured.err + caplog.text
    assert response.status_code == 500
    assert set(response.get_json()) == {"type", "title", "status", "request_id"}
    assert "ValueError" in logged
    assert "req-77" in logged
    assert "ada.example" not in logged + response.text


def test_the_service_being_unavailable_says_when_to_come_back(api, signup_document):
    def away() -> None:
        raise errors.UnavailableError("The database cannot be used.")

    api.recorder.before = away
    response = api.post(json=signup_document())

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_an_unavailable_database_is_logged_by_the_drivers_name_for_it():
    full = sqlite3.connect(":memory:")
    full.execute("CREATE TABLE t (secret)")
    full.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as raised:
        full.execute("INSERT INTO t VALUES (zeroblob(?))", (65_536,))
    error = errors.UnavailableError("away")
    error.__cause__ = OperationalError("INSERT secret", {}, raised.value)

    with capture_logs() as logged:
        problem_of(error)

    assert [line["error"] for line in logged] == ["SQLITE_FULL"]
    assert "secret" not in str(logged)
    full.close()


def test_kinds_of_problem_have_names_of_their_own():
    assert len({kind.type for kind in PROBLEM_KINDS}) == len(PROBLEM_KINDS)


def test_outside_a_request_a_problem_has_no_request_id():
    assert b'"request_id":""' in problem_of(errors.NotFoundError("x")).body()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json", "/docs", "/nope", "/v1/signups/1"])
def test_every_answer_carries_the_security_headers(api, path):
    headers = api.client.get(path).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/v1/signups/id-su_8131"])
def test_a_decision_is_never_cached(api, signup_document, path):
    api.post(json=signup_document())

    assert api.get(path).headers["Cache-Control"] == "no-store"
