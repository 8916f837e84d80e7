"""Reviewers who sign in at a real OpenID provider: only whom it vouches for, only whom an admin entered here."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect

from service.config import SettingsError
from service.domain.errors import ConflictError, InvalidError
from service.domain.reviewer import Role
from service.storage.pseudonyms import Pseudonyms
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.reviewer_identity import Identities

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
START, RETURN = "/console/sign-in/elsewhere", "/console/sign-in/return"


@pytest.fixture
def live(sqlite_url: str, start: Callable[..., Any], serve: Callable[..., Any], provider: Any) -> Any:
    """A service behind real HTTP whose reviewers may sign in at the provider."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = start(
        sqlite_url,
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        REVIEWERS_OIDC_ISSUER=provider.issuer,
        REVIEWERS_OIDC_CLIENT_ID=provider.client_id,
        REVIEWERS_OIDC_CLIENT_SECRET=provider.client_secret,
    )
    serve(service.app, port)
    return service


def identities_of(service: Any) -> Identities:
    pseudonyms = service.parts.pseudonyms
    issuer = service.parts.settings.reviewers_oidc.issuer
    return Identities(issuer, lambda who: pseudonyms.fingerprint(who.encode()))


def hire(service: Any, name: str = "dana", identity: str = "Ada.Example@OX.ac.uk") -> str:
    """A reviewer who may sign in there; the first password, which they never needed."""
    manage = ManageReviewers(service.parts.store.begin)
    made = manage.create(name, Role.REVIEWER, actor="tests", now=service.clock())
    manage.set_identity(name, identities_of(service).of_text(identity), actor="tests", now=service.clock())
    return made.password


def there(service: Any, browser: Any) -> str:
    """To the provider, which agrees: the path that the browser is sent back to."""
    away = browser.get(START)
    assert away.status_code == 303
    agreed = requests.post(away.headers["Location"], allow_redirects=False, timeout=5)
    back = urlsplit(agreed.headers["Location"])
    assert back.path == RETURN
    return f"{back.path}?{back.query}"


def why_refused(service: Any) -> list[Any]:
    with service.parts.store.begin() as work:
        return [each.detail["why"] for each in work.audit.entries(action="reviewer.sign_in_refused")]


def test_a_reviewer_signs_in_at_the_organisation_in_a_browser(live: Any, chromium: Browser) -> None:
    first_password = hire(live)
    context = chromium.new_context(locale="en-GB")
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(f"{live.parts.settings.public_url}/console/sign-in")
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.get_by_role("button", name="Sign in as Ada").click()
    expect(page.get_by_role("heading", name="Queue", exact=True)).to_be_visible()

    cookies = {each["name"]: each for each in context.cookies()}
    context.close()
    assert complaints == []
    assert set(cookies) == {"gatehouse_session"}
    assert (cookies["gatehouse_session"]["httpOnly"], cookies["gatehouse_session"]["path"]) == (True, "/console")
    with live.parts.store.begin() as work:
        (entry,) = work.audit.entries(action="reviewer.signed_in")
    assert (entry.actor, entry.detail) == ("reviewer:dana", {"by": "openid"})
    answer = live.client.post("/console/sign-in", data={"name": "dana", "password": first_password})
    assert answer.status_code == 401


def test_nobody_gets_an_account_by_signing_in(live: Any) -> None:
    hire(live, identity="somebody.else@ox.ac.uk")
    browser = live.app.test_client()

    answer = browser.get(there(live, browser))

    assert answer.status_code == 401
    assert "No account here belongs to whom you signed in as." in answer.text
    assert browser.get("/console/queue").status_code == 303
    assert why_refused(live) == ["no account"]


@pytest.mark.parametrize("verified", [False, "true", None])
def test_an_address_that_the_provider_has_not_verified_names_nobody(live: Any, provider: Any, verified: Any) -> None:
    hire(live)
    provider.claims["email_verified"] = verified
    browser = live.app.test_client()

    assert browser.get(there(live, browser)).status_code == 401


def test_a_subject_names_its_reviewer_until_they_are_disabled(live: Any) -> None:
    hire(live, identity="ada")
    browser = live.app.test_client()

    assert browser.get(there(live, browser)).headers["Location"].endswith("/console/queue")
    manage = ManageReviewers(live.parts.store.begin)
    manage.create("boss", Role.ADMIN, actor="tests", now=live.clock())
    manage.disable("dana", actor="tests", now=live.clock())
    assert browser.get(there(live, browser)).status_code == 401


@pytest.mark.parametrize("broken", ["token", "signature", "userinfo", "issuer"])
def test_a_provider_that_does_not_keep_to_the_protocol_lets_nobody_in(live: Any, provider: Any, broken: str) -> None:
    hire(live)
    browser = live.app.test_client()
    if broken == "issuer":
        provider.refuses.add(broken)
        away = browser.get(START)
        assert (away.status_code, "sign in with your password" in away.text) == (503, True)
        return
    path = there(live, browser)
    provider.refuses.add(broken)

    assert browser.get(path).status_code == 401
    assert why_refused(live) == ["provider"]


def test_a_token_for_another_sign_in_is_refused(live: Any, provider: Any) -> None:
    hire(live)
    provider.in_token["nonce"] = "of somebody else"
    browser = live.app.test_client()

    assert browser.get(there(live, browser)).status_code == 401


def test_the_way_back_belongs_to_the_browser_that_went_and_works_once_and_soon(live: Any) -> None:
    hire(live)
    browser, other = live.app.test_client(), live.app.test_client()

    path = there(live, browser)
    other.get(START)
    stolen = other.get(path)
    state = parse_qs(urlsplit(path).query)["state"][0]
    guessed = browser.get(f"{RETURN}?code=x&state={state[:-1]}")
    again = there(live, browser)
    first, second = browser.get(again), browser.get(again)
    late = there(live, browser)
    live.clock.forward(minutes=11)

    assert [each.status_code for each in (stolen, guessed, first, second)] == [401, 401, 303, 401]
    assert browser.get(late).status_code == 401
    assert set(why_refused(live)) == {"state"}


def test_what_is_asked_of_the_provider_tells_nothing_of_the_ticket(live: Any) -> None:
    browser = live.app.test_client()
    away = browser.get(START)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["Location"]).query).items()}
    ticket = re.search(r"gatehouse_sign_in=([^;]+)", away.headers["Set-Cookie"])

    assert ticket is not None
    assert {"HttpOnly", "SameSite=Lax", f"Path={RETURN}"} <= set(away.headers["Set-Cookie"].split("; "))
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"], ticket.group(1)}) == 4


def test_an_admin_lets_somebody_in_and_nobody_sees_as_whom(live: Any) -> None:
    password = ManageReviewers(live.parts.store.begin).create("ada", Role.ADMIN, actor="t", now=live.clock()).password
    hire(live, "dana", "dana@ox.ac.uk")
    with live.parts.store.begin() as work:
        found = work.reviewers.get("ada")
        assert found is not None
        work.reviewers.update(replace(found, must_change=False))
        work.commit()
    browser = live.app.test_client()
    browser.post("/console/sign-in", data={"name": "ada", "password": password})
    token = re.findall(r'name="form_token" value="([0-9a-f]{64})"', browser.get("/console/people").text)[0]

    def let_in(identity: str) -> Any:
        return browser.post("/console/people/ada/identity", data={"form_token": token, "identity": identity})

    taken, wrong = let_in("Dana@ox.ac.uk"), let_in("x" * 300)
    assert "Another reviewer signs in as that already." in taken.text
    assert "must be an e-mail address or a subject" in wrong.text
    assert let_in("boss@ox.ac.uk").status_code == 303
    with live.parts.store.begin() as work:
        details = [each.detail for each in work.audit.entries(action="reviewer.identity_set")]
    assert details == [{"known": True}, {"known": True}]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"REVIEWERS_OIDC_ISSUER": "https://one.example"}, "REVIEWERS_OIDC_CLIENT_ID is required with"),
        ({"REVIEWERS_OIDC_CLIENT_SECRET": "hush"}, "REVIEWERS_OIDC_ISSUER is required with"),
        (
            {"REVIEWERS_OIDC_ISSUER": "http://one.example", "REVIEWERS_OIDC_CLIENT_ID": "x"},
            "REVIEWERS_OIDC_ISSUER cannot be used: issuer: .* must be an https:// address",
        ),
    ],
)
def test_half_a_provider_is_told_at_the_start(
    sqlite_url: str, settings_for: Callable[..., Any], changes: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        settings_for(sqlite_url, **changes)

    assert "hush" not in str(error.value)


def test_a_service_without_a_provider_offers_none(sqlite_url: str, start: Callable[..., Any]) -> None:
    browser = start(sqlite_url).app.test_client()

    assert browser.get(START).status_code == 404
    assert browser.get(f"{RETURN}?code=x&state=y").status_code == 404
    assert "your organisation" not in browser.get("/console/sign-in").text


def test_an_identity_is_one_reviewer_s_in_every_store_and_survives_new_keys(store: Any) -> None:
    old, new = (1, bytes(range(32))), (2, bytes(range(1, 33)))

    def identities(*keys: tuple[int, bytes]) -> Identities:
        pseudonyms = Pseudonyms(keys)
        return Identities("https://one.example", lambda who: pseudonyms.fingerprint(who.encode()))

    manage = ManageReviewers(store.begin)
    for name in ("dana", "eli"):
        manage.create(name, Role.REVIEWER, actor="tests", now=NOON)
    known = identities(old).of_text("Dana@one.example")
    manage.set_identity("dana", known, actor="tests", now=NOON)

    (_, email) = identities(old, new).of_claims({"sub": "x", "email": "dana@ONE.example", "email_verified": True})
    with store.begin() as work:
        found = work.reviewers.of_identity((email.newest, *email.older))
        assert (found.name if found else None, work.reviewers.of_identity((email.newest,))) == ("dana", None)
        eli = work.reviewers.get("eli")
        assert eli is not None
        work.reviewers.update(replace(eli, identity=known))
        with pytest.raises(ConflictError):
            work.commit()
    with pytest.raises(InvalidError):
        identities(new).of_text("\u202e")
