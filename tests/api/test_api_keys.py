"""An API key opens what its scopes name, costs no round trip once known, and ends within the cache time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.domain.caller import Scope
from service.domain.errors import InvalidError, NotFoundError, UnauthenticatedError, UnavailableError
from service.usecases.authenticate import Authenticate
from service.usecases.issue_key import IssueKey, RevokeKey

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
GUARDED = [
    ("POST", "/v1/signups"),
    ("POST", "/v1/signups/batch"),
    ("POST", "/v1/signups/search"),
    ("GET", "/v1/signups/id-1"),
    ("POST", "/v1/signups/id-1/reassess"),
]


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic Z2g6Z2g=",
        "Bearer gh_000000000000_" + "0" * 64,
        "Bearer gh_000000000000_" + "0" * 63,
        "Bearer GH_000000000000_" + "0" * 64,
        "Bearer gh__",
        "Bearer " + "x" * 5_000,
        "Bearer gh_é_é",
    ],
)
def test_without_a_valid_key_nothing_opens(api, method, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}

    response = api.client.open(path, method=method, headers=headers, data=b"not even JSON")

    assert (response.status_code, response.content_type) == (401, "application/problem+json")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert api.nothing_recorded


def test_the_right_id_with_another_secret_does_not_open(api, signup_document):
    wrong = api.token[:-1] + ("0" if api.token[-1] != "0" else "1")

    assert api.post(json=signup_document(), token=wrong).status_code == 401


def test_an_unknown_key_and_a_wrong_secret_cannot_be_told_apart(api, signup_document):
    unknown = "gh_" + "0" * 12 + api.token[15:]
    wrong = api.token[:-1] + ("0" if api.token[-1] != "0" else "1")

    first, second = (api.post(json=signup_document(), token=token).get_json() for token in (unknown, wrong))

    assert {**first, "request_id": ""} == {**second, "request_id": ""}


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_a_key_without_the_scope_is_told_which_one_is_needed(api, method, path):
    token = api.key("outcomes", "review", "indicators", "admin")

    response = api.client.open(path, method=method, headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == 403
    assert "'signups'" in response.get_json()["detail"]


def test_one_scope_is_enough_and_the_scheme_is_not_case_sensitive(api, signup_document):
    headers = {"Authorization": f"bearer {api.key('signups')}"}

    assert api.client.post("/v1/signups", json=signup_document(), headers=headers).status_code == 201


def test_another_owner_sees_nothing(api, signup_document):
    record_id = api.post(json=signup_document()).get_json()["id"]
    other = api.key("signups", owner="another school")

    assert api.get(f"/v1/signups/{record_id}", token=other).status_code == 404
    assert api.post("/v1/signups/search", json={}, token=other).get_json()["items"] == []


def test_a_known_key_costs_no_read_until_the_cache_ends(api):
    clock = _Clock()
    authenticate = Authenticate(lambda: api.work, clock)

    for clock.now in (0.0, 1.0, 4.9):
        authenticate(api.token)
    assert api.work.keys.reads == 1
    clock.now = 5.0
    authenticate(api.token)
    assert api.work.keys.reads == 2


def test_a_revoked_key_ends_within_the_cache_time(api):
    clock = _Clock()
    authenticate = Authenticate(lambda: api.work, clock)
    key_id = authenticate(api.token).key_id

    RevokeKey(lambda: api.work)(key_id, actor="test", now=NOW)
    clock.now = 5.0

    with pytest.raises(UnauthenticatedError):
        authenticate(api.token)
    assert api.work.audit.rows[-1].action == "key.revoked"


def test_a_key_cannot_end_twice_and_an_unknown_one_not_at_all(api):
    revoke = RevokeKey(lambda: api.work)
    key_id = api.token.split("_")[1]
    revoke(key_id, actor="test", now=NOW)

    for each in (key_id, "000000000000"):
        with pytest.raises(NotFoundError):
            revoke(each, actor="test", now=NOW)


def test_unknown_keys_never_push_known_ones_out_and_the_cache_is_bounded(api):
    authenticate = Authenticate(lambda: api.work, _Clock(), cache_size=2)
    authenticate(api.token)
    for number in range(50):
        with pytest.raises(UnauthenticatedError):
            authenticate(f"gh_{number:012x}_" + "0" * 64)
    reads = api.work.keys.reads

    authenticate(api.token)
    assert api.work.keys.reads == reads
    for _ in range(5):
        authenticate(api.key("signups"))
    assert len(authenticate._cache) <= 2


def test_a_database_that_is_away_is_no_wrong_key(rebuilt_api, signup_document):
    def away():
        raise UnavailableError("The database cannot be used.")

    response = rebuilt_api(authenticate=Authenticate(away, _Clock())).post(json=signup_document())

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_only_a_digest_of_the_secret_is_kept_and_issuing_is_audited(api):
    issued = IssueKey(lambda: api.work)(name="lab", scopes=["signups"], actor="cli", now=NOW)
    secret = issued.token.split("_")[2]

    assert len(secret) == 64
    assert secret not in repr(issued) + repr(api.work)
    entry = api.work.audit.rows[-1]
    assert (entry.actor, entry.action, entry.subject) == ("cli", "key.issued", f"key:{issued.key.id}")


def test_every_key_is_another_one(api):
    tokens = {api.key("signups") for _ in range(20)}

    assert len(tokens) == 20


@pytest.mark.parametrize(
    ("name", "scopes", "pointers"),
    [
        ("", ["signups"], {"/name", "/owner"}),
        ("x" * 101, ["signups"], {"/name", "/owner"}),
        ("lab", [], {"/scopes"}),
        ("lab", ["signups", "everything"], {"/scopes"}),
        (" ", ["root"], {"/name", "/owner", "/scopes"}),
    ],
)
def test_a_key_without_name_or_known_scope_is_not_issued(api, name, scopes, pointers):
    before = len(api.work.keys.rows)

    with pytest.raises(InvalidError) as refused:
        api.issue(name=name, scopes=scopes, actor="cli", now=NOW)

    assert {error.pointer for error in refused.value.errors} == pointers
    assert len(api.work.keys.rows) == before


def test_the_scopes_are_those_of_the_contract():
    assert set(Scope) == {"signups", "outcomes", "review", "indicators", "admin"}
