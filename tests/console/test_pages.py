"""The console's pages without a browser: who may open what, and what a form must carry."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import application_of
from service.domain.reviewer import Role
from service.usecases.manage_reviewers import ManageReviewers

NEW = "a longer pass phrase"


def token(client: Any, path: str = "/console/search") -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', client.get(path).text)
    assert found is not None
    return found.group(1)


def test_every_page_behind_the_door_sends_strangers_to_it(app: Any) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("console.") or rule.endpoint in {
            "console.static",
            "console.front_page",
            "console.sign_in",
            "console.sign_in_elsewhere",
            "console.sign_in_return",
            "console.nowhere",
        }:
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(path, method=method)
            assert (answer.status_code, "/console/sign-in" in answer.headers["Location"]) == (303, True), path


def test_the_cookie_is_out_of_scripts_reach_and_for_the_console_alone(app: Any) -> None:
    manage = ManageReviewers(application_of(app).store.begin)
    made = manage.create("cookie", Role.REVIEWER, actor="tests", now=datetime.now(UTC))
    client = app.test_client()

    plain = client.post("/console/sign-in", data={"name": "cookie", "password": made.password})
    secure = app.test_client().post(
        "/console/sign-in", data={"name": "cookie", "password": made.password}, base_url="https://localhost"
    )

    for part in ("HttpOnly", "SameSite=Lax", "Path=/console"):
        assert part in plain.headers["Set-Cookie"]
    assert "Secure" in secure.headers["Set-Cookie"]
    assert plain.headers["Location"].endswith("/console/password")


def test_the_first_password_opens_nothing_but_its_own_change(app: Any) -> None:
    manage = ManageReviewers(application_of(app).store.begin)
    made = manage.create("first", Role.ADMIN, actor="tests", now=datetime.now(UTC))
    client = app.test_client()
    client.post("/console/sign-in", data={"name": "first", "password": made.password})

    for path in ("queue", "people", "audit"):
        assert client.get(f"/console/{path}").headers["Location"].endswith("/console/password")


@pytest.mark.parametrize(
    ("role", "open_to", "closed_to"),
    [
        ("reviewer", {"queue", "search", "overview", "policy", "models"}, {"audit", "audit.csv", "people"}),
        ("lead", {"queue", "audit", "audit.csv"}, {"people"}),
        ("admin", {"queue", "audit", "people"}, set()),
    ],
)
def test_roles_open_what_is_theirs(enter: Any, role: str, open_to: set[str], closed_to: set[str]) -> None:
    client = enter(role)

    assert {client.get(f"/console/{path}").status_code for path in open_to} == {200}
    assert {client.get(f"/console/{path}").status_code for path in closed_to} <= {403}


def test_a_form_of_another_site_or_session_is_refused(enter: Any) -> None:
    client = enter("admin")
    own = token(client)

    def create(**changes: Any) -> int:
        headers = changes.pop("headers", {})
        data = {"name": "mallory", "role": "admin", "form_token": own, **changes}
        return int(client.post("/console/people/create", data=data, headers=headers).status_code)

    assert create(form_token="") == 403
    assert create(form_token="0" * 64) == 403
    assert create(headers={"Sec-Fetch-Site": "cross-site"}) == 403
    assert create(headers={"Sec-Fetch-Site": "same-site"}) == 403
    assert create(headers={"Origin": "https://elsewhere.example"}) == 403
    assert "mallory" not in client.get("/console/people").text
    assert create(headers={"Sec-Fetch-Site": "same-origin", "Origin": "null"}) == 200


def test_a_sign_in_from_another_site_is_refused(app: Any) -> None:
    answer = app.test_client().post(
        "/console/sign-in", data={"name": "x", "password": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", "/v1/signups", "/console//evil"]
)
def test_signing_in_leads_nowhere_but_into_the_console(app: Any, target: str) -> None:
    manage = ManageReviewers(application_of(app).store.begin)
    name = f"r{abs(hash(target)) % 10**8}"
    made = manage.create(name, Role.REVIEWER, actor="tests", now=datetime.now(UTC))
    client = app.test_client()
    client.post("/console/sign-in", data={"name": name, "password": made.password})
    form = {"old": made.password, "new": NEW, "again": NEW, "form_token": token(client, "/console/password")}
    client.post("/console/password", data=form)

    answer = client.post("/console/sign-in", data={"name": name, "password": NEW, "to": target, **form})

    assert answer.headers["Location"].endswith("/console/queue")


def test_every_answer_carries_the_strict_policy(app: Any, enter: Any) -> None:
    client = enter("reviewer")
    for path in ("", "/sign-in", "/queue", "/nowhere", "/cases/unknown", "/static/console.js"):
        with client.get(f"/console{path}") as answer:
            policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy


def test_what_does_not_exist_is_told_in_a_page(enter: Any) -> None:
    client = enter("reviewer")
    for path in ("/nowhere", "/cases/unknown", "/signups/unknown"):
        answer = client.get(f"/console{path}")
        assert answer.status_code == 404
        assert answer.content_type.startswith("text/html")
        assert answer.headers["X-Request-Id"] in answer.text


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/console/", "/console"),
        ("/console/queue/", "/console/queue"),
        ("/console//elsewhere.example/", "/console/elsewhere.example"),
    ],
)
def test_a_slash_too_many_leads_to_the_page_without(app: Any, path: str, to: str) -> None:
    answer = app.test_client().get(path, follow_redirects=False)
    while answer.status_code == 308:  # doubled slashes are merged first
        answer = app.test_client().get(answer.headers["Location"], follow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (302, to)


def test_a_part_that_refreshes_itself_sends_the_whole_page_to_the_door(app: Any) -> None:
    answer = app.test_client().get("/console/live", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/console/sign-in")


def test_a_new_password_and_a_new_key_are_shown_once(enter: Any) -> None:
    client = enter("admin")
    form = {"form_token": token(client)}

    made = client.post("/console/people/create", data={**form, "name": "newcomer", "role": "lead"}).text
    issued = client.post("/console/keys/issue", data={**form, "name": "flow", "scope": ["signups"]}).text

    assert re.search(r'class="secret">[\w-]{20}<', made)
    secret = re.search(r"gh_[0-9a-f]{12}_[0-9a-f]{64}", issued)
    assert secret is not None
    assert secret.group() not in client.get("/console/people").text
    key_id = secret.group().split("_")[1]
    assert client.post(f"/console/keys/{key_id}/revoke", data=form).status_code == 303
    assert "revoked" in client.get("/console/people").text
