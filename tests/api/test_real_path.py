"""The whole path over HTTP with the real use cases and stores: what the stand-in promises elsewhere, they keep."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from service.app import application_of, create_app
from service.config import read_settings
from service.domain.errors import UnavailableError
from service.storage.sql.engine import open_engine
from service.storage.sql.migrate import upgrade
from service.storage.sql.unit_of_work import SqlUnitOfWork
from service.usecases.issue_key import IssueKey

KEY = {"Idempotency-Key": "3f8a-first"}


def _key(first: int) -> str:
    return "1:" + base64.b64encode(bytes(range(first, first + 32))).decode()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(request, tmp_path_factory, reference):
    """One application a database, because it takes seconds to load; every test is an owner of its own."""
    directory = tmp_path_factory.mktemp("gatehouse")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), directory / "gatehouse.db")
        url = f"sqlite:///{directory / 'gatehouse.db'}"
    else:
        url = request.getfixturevalue("new_postgresql")()
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
    settings = read_settings(
        {
            "GATEHOUSE_DATABASE_URL": url.replace("postgresql+psycopg:", "postgresql:"),
            "GATEHOUSE_DATA_DIR": str(directory),
            "GATEHOUSE_ENCRYPTION_KEYS": _key(0),
            "GATEHOUSE_PSEUDONYM_KEYS": _key(32),
        }
    )
    app = create_app(settings, reference=reference)
    yield app
    application_of(app).store.dispose()


@pytest.fixture
def call(app):
    issued = IssueKey(application_of(app).store.begin)(
        name=f"campus {uuid.uuid4()}", scopes=["signups"], actor="test", now=datetime.now(UTC)
    )

    def send(method, path, *, headers=None, **parts):
        headers = {"Authorization": f"Bearer {issued.token}", **(headers or {})}
        return app.test_client().open(path, method=method, headers=headers, **parts)

    return send


def test_a_sign_up_is_decided_recorded_found_and_assessed_again(call, signup_document):
    created = call("POST", "/v1/signups", json=signup_document())
    record_id = created.get_json()["id"]

    assert created.status_code == 201
    assert created.get_json()["decision"] in {"allow", "step_up", "review", "deny"}
    found = call("POST", "/v1/signups/search", json={"email": signup_document()["email"]}).get_json()["items"]
    assert [item["id"] for item in found] == [record_id]
    again = call("POST", f"/v1/signups/{record_id}/reassess")
    assert (again.status_code, len(again.get_json()["history"])) == (200, 2)
    assert len(call("GET", f"/v1/signups/{record_id}").get_json()["history"]) == 2


def test_the_same_request_gets_the_same_bytes(call, signup_document):
    first = call("POST", "/v1/signups", json=signup_document(), headers=KEY)

    by_key = call("POST", "/v1/signups", json=signup_document(), headers=KEY)
    by_id = call("POST", "/v1/signups", json=signup_document())
    by_another_key = call("POST", "/v1/signups", json=signup_document(), headers={"Idempotency-Key": "second"})
    by_another_key_again = call("POST", "/v1/signups", json=signup_document(), headers={"Idempotency-Key": "second"})

    for replay in (by_key, by_id, by_another_key, by_another_key_again):
        assert (replay.status_code, replay.headers["Idempotent-Replayed"]) == (200, "true")
        assert replay.data == first.data


def test_another_body_is_refused(call, signup_document):
    call("POST", "/v1/signups", json=signup_document(), headers=KEY)
    changed = signup_document(email="other@university.example")

    assert call("POST", "/v1/signups", json=changed, headers=KEY).status_code == 422
    assert call("POST", "/v1/signups", json=changed).status_code == 409


@pytest.mark.parametrize("headers", [KEY, {}], ids=["by key", "by signup_id"])
def test_identical_requests_at_once_are_one_decision_and_one_record(call, signup_document, headers):
    start = threading.Barrier(6)

    def send(_):
        start.wait()
        response = call("POST", "/v1/signups", json=signup_document(), headers=headers)
        return response.status_code, response.data

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len({body for _, body in answers}) == 1
    assert len(call("POST", "/v1/signups/search", json={}).get_json()["items"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"/email": "nobody"},
        {"/identity/country": "UK"},
        {"/payment/fingerprint": "4242424242424242"},
        {"/unknown": 1},
        {"/occurred_at": "2099-01-01T00:00:00Z"},
        {"/behaviour/form_seconds": "x"},
    ],
    ids=str,
)
def test_bad_input_records_nothing_and_keeps_no_key(call, signup_document, changes):
    assert call("POST", "/v1/signups", json=signup_document(changes), headers=KEY).status_code == 422

    assert call("POST", "/v1/signups/search", json={}).get_json()["items"] == []
    assert call("POST", "/v1/signups", json=signup_document(), headers=KEY).status_code == 201


def test_odd_but_valid_texts_are_recorded_and_read_back(call, signup_document):
    odd = signup_document(
        {
            "/identity/full_name": "Ἀλέξανδρος \u202e 北京 👩‍🎓\x01\t",
            "/custom": {"n": 2**63 - 1, "f": -0.0, "e": 5e-324, "t": True, "z": None, "s": "'; DROP TABLE x; --"},
            "/device/ip": "::ffff:192.0.2.1",
            "/device/timezone": "Mars/Olympus_Mons",
            "/behaviour/stated_use": "\ufeff\ufffe\uffff" * 1000,
        }
    )

    assert call("POST", "/v1/signups", json=odd).status_code == 201


def test_only_recording_leaves_no_decision(call, signup_document):
    created = call("POST", "/v1/signups", json=signup_document(record_only=True))

    assert (created.status_code, created.get_json()["decision"]) == (201, None)
    assert call("GET", f"/v1/signups/{created.get_json()['id']}").get_json()["history"] == []
    assert call("POST", f"/v1/signups/{created.get_json()['id']}/reassess").status_code == 409


def test_what_became_of_the_attempt_is_read_back(call, signup_document):
    path = f"/v1/signups/{call('POST', '/v1/signups', json=signup_document()).get_json()['id']}"
    body = {"status": "created", "account_id": "acct_77"}

    assert call("POST", f"{path}/account", json=body).status_code == 200
    assert call("POST", f"{path}/account", json=body).status_code == 200
    assert call("POST", f"{path}/account", json=body | {"account_id": "acct_78"}).status_code == 409
    assert call("GET", path).get_json()["account"]["account_id"] == "acct_77"
    assert call("POST", f"{path}/reassess").get_json()["account"]["account_id"] == "acct_77"


def test_a_batch_is_recorded_line_by_line(call, signup_document):
    lines = [signup_document(signup_id="a"), signup_document(signup_id="b", email="x"), signup_document(signup_id="c")]

    response = call(
        "POST",
        "/v1/signups/batch",
        data="\n".join(map(json.dumps, lines)),
        content_type="application/x-ndjson",
    )

    answers = [json.loads(line) for line in response.data.splitlines()]
    assert [each.get("signup_id", each.get("status")) for each in answers] == ["a", 422, "c"]
    assert len(call("POST", "/v1/signups/search", json={}).get_json()["items"]) == 2


def test_ready_on_a_database_that_works(call):
    assert call("GET", "/readyz").get_json()["checks"]["database"]["ok"] is True


def test_a_database_that_is_away_is_told_and_nothing_is_allowed(call, signup_document, monkeypatch):
    call("GET", "/v1/signups/x")

    def away(_self):
        raise UnavailableError("The database cannot be used.")

    monkeypatch.setattr(SqlUnitOfWork, "commit", away)
    response = call("POST", "/v1/signups", json=signup_document(), headers=KEY)
    monkeypatch.undo()

    assert response.status_code == 503
    assert "decision" not in response.get_json()
    assert call("POST", "/v1/signups", json=signup_document(), headers=KEY).status_code == 201
