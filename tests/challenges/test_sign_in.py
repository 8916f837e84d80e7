"""Sign-in at a real OpenID provider: what it proves, what it does not, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from service.challenges.providers import ProvidersInvalidError, read_providers
from service.config import SettingsError

Make = Callable[..., dict[str, Any]]
ORCID = "0000-0005-9999-0012"


class Journey:
    """A person on the hosted page who is asked to sign in elsewhere."""

    def __init__(self, service: Any, answer: dict[str, Any]) -> None:
        self.service = service
        self.answer = answer
        self.page = service.page(answer)
        self.browser = service.app.test_client()

    def choose(self, method: str) -> None:
        [pending] = [each for each in self.read()["challenges"] if each["status"] == "pending"]
        if pending["method"] != method:
            form = {"challenge": pending["id"], "method": method}
            assert self.browser.post(f"{self.page}/another", data=form).status_code == 303

    def depart(self) -> str:
        """To the provider: the address the browser is sent to."""
        [challenge] = [each for each in self.read()["challenges"] if each["status"] == "pending"]
        response = self.browser.get(f"{self.page}/sign-in/{challenge['id']}")
        assert response.status_code == 303
        return str(response.headers["Location"])

    def agree(self, address: str) -> str:
        """At the provider: where it sends the browser back to."""
        response = requests.post(address, allow_redirects=False, timeout=5)
        back = urlsplit(response.headers["Location"])
        return f"{back.path}?{back.query}"

    def come_back(self, path: str) -> str:
        response = self.browser.get(path)
        assert response.status_code == 303, response.data
        return str(response.headers["Location"])

    def sign_in(self) -> str:
        return self.come_back(self.agree(self.depart()))

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.service.read(self.answer["id"])
        return answer


@pytest.fixture
def sso(service: Any, document: Make) -> Journey:
    journey = Journey(service, service.sign_up(document()))
    journey.choose("institution_sso")
    return journey


def test_a_current_student_is_allowed_and_the_sign_up_flow_is_told(sso: Journey) -> None:
    assert sso.sign_in() == sso.page

    now = sso.read()
    assert now["decision"] == "allow"
    assert sso.service.events(sso.answer["id"])[-1][0] == "signup.changed"
    [passed] = [each for each in sso.service.step_up(sso.answer["id"]).challenges if each.status == "passed"]
    assert passed.evidence == {"affiliations": ["member", "student"]}
    assert passed.proof is not None


def test_the_way_there_asks_for_a_code_with_pkce_and_a_nonce(sso: Journey) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sso.depart()).query).items()}

    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["nonce"]) >= 32
    assert len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"].endswith("/verify/return")


def test_an_alumnus_may_try_twice_and_is_then_asked_something_else(sso: Journey, provider: Any) -> None:
    provider.claims["eduperson_scoped_affiliation"] = ["alum@ox.ac.uk"]

    first, second = sso.sign_in(), None
    assert first.endswith("note=failed")
    assert [each["status"] for each in sso.read()["challenges"]][-1] == "pending"
    second = sso.sign_in()

    assert second.endswith("note=failed")
    now = sso.read()
    assert now["decision"] in {"step_up", "review"}
    [failed] = [each for each in sso.service.step_up(sso.answer["id"]).challenges if each.status == "failed"]
    assert failed.evidence == {"affiliations": ["alum"], "reason": "not_current"}


@pytest.mark.parametrize("refused", ["signature", "token", "userinfo"])
def test_an_answer_that_is_not_to_be_trusted_proves_nothing_and_costs_no_try(
    sso: Journey, provider: Any, refused: str
) -> None:
    provider.refuses.add(refused)

    assert sso.sign_in().endswith("note=broken")
    provider.refuses.clear()
    assert sso.sign_in() == sso.page


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "somebody else"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"azp": "somebody else"},
        {"sub": None},
    ],
)
def test_an_id_token_for_somebody_else_or_some_other_time_is_refused(
    sso: Journey, provider: Any, claims: dict[str, Any]
) -> None:
    provider.in_token = claims

    assert sso.sign_in().endswith("note=broken")
    assert sso.read()["decision"] == "step_up"


def test_a_provider_that_names_itself_otherwise_or_is_away_is_not_used(
    sso: Journey, provider: Any, sqlite_url: str
) -> None:
    provider.refuses.add("issuer")
    [challenge] = [each for each in sso.read()["challenges"] if each["status"] == "pending"]

    response = sso.browser.get(f"{sso.page}/sign-in/{challenge['id']}")

    assert response.headers["Location"].endswith("note=broken")


def test_keys_that_rotated_are_read_again(sso: Journey, provider: Any) -> None:
    from joserfc.jwk import RSAKey

    address = sso.depart()  # reads the documents
    provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})

    assert sso.come_back(sso.agree(address)).endswith("note=broken")  # looked at seconds ago: not again so soon
    assert sso.read()["decision"] == "step_up"


def test_another_browser_cannot_finish_what_this_one_began(sso: Journey) -> None:
    back = sso.agree(sso.depart())
    stranger = sso.service.app.test_client()

    assert stranger.get(back).status_code == 404
    stranger.set_cookie("gatehouse_sign_in", "guessed", path="/verify")
    assert stranger.get(back).status_code == 404
    assert sso.read()["decision"] == "step_up"


def test_a_sign_in_that_takes_too_long_is_begun_again(sso: Journey) -> None:
    back = sso.agree(sso.depart())
    sso.service.clock.forward(minutes=16)

    assert sso.browser.get(back).status_code == 404


def test_turning_back_costs_nothing(sso: Journey) -> None:
    state = parse_qs(urlsplit(sso.depart()).query)["state"][0]

    assert sso.come_back(f"/verify/return?error=access_denied&state={state}").endswith("note=turned_back")
    assert sso.sign_in() == sso.page


def test_one_account_at_an_institution_proves_few_people(service: Any, document: Make) -> None:
    decisions = []
    for number in range(4):
        sent = document(f"su_{number}", email=f"ada{number}@ox.ac.uk")
        sent["device"] = {"ip": f"81.2.{number}.142", "webdriver": True}
        journey = Journey(service, service.sign_up(sent))
        journey.choose("institution_sso")
        journey.sign_in()
        decisions.append(journey.read()["decision"])

    assert decisions[:3] == ["allow"] * 3
    assert decisions[3] != "allow"


@pytest.fixture
def researcher(service: Any, document: Make, provider: Any) -> Journey:
    provider.claims = {"sub": ORCID, "email": "x@y.example"}
    identity = {"full_name": "Ada Example", "country": "GB", "role": "researcher", "orcid": ORCID}
    sent = document(account_type="research", identity=identity, email="ada.example@gmail.com")
    journey = Journey(service, service.sign_up(sent))
    journey.choose("orcid_sign_in")
    return journey


def test_an_old_record_about_which_others_asserted_something_allows(researcher: Journey) -> None:
    assert researcher.sign_in() == researcher.page
    assert researcher.read()["decision"] == "allow"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age_days": 30}, "record_too_young"),
        ({"asserted": False}, "nothing_asserted_by_others"),
        ({"sub": "0000-0001-5109-3700"}, "other_orcid"),
    ],
)
def test_a_record_that_anybody_could_have_made_does_not(
    researcher: Journey, provider: Any, change: dict[str, Any], reason: str
) -> None:
    from datetime import UTC, datetime, timedelta

    if "sub" in change:
        provider.claims["sub"] = change["sub"]
    if "age_days" in change:
        begun = datetime.now(UTC) - timedelta(days=change["age_days"])
        provider.record["history"]["submission-date"]["value"] = int(begun.timestamp() * 1000)
    if "asserted" in change:
        provider.record["activities-summary"] = {"works": {"group": [{"source": {"source-orcid": {"path": ORCID}}}]}}

    assert researcher.sign_in().endswith("note=failed")
    researcher.sign_in()

    [failed] = [e for e in researcher.service.step_up(researcher.answer["id"]).challenges if e.status == "failed"]
    assert failed.evidence == {"reason": reason}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("providers", "not TOML"),
        ("[providers.x]\nmethod = 'palm'\nissuer = 'https://a.example'\nclient_id = 'c'", "providers.x.method"),
        ("[providers.x]\nmethod = 'institution_sso'\nissuer = 'http://a.example'\nclient_id = 'c'", "https://"),
        ("[providers.x]\nmethod = 'institution_sso'\nissuer = 'https://a.example'", "client_id"),
        ("[providers.x]\nmethod = 'institution_sso'\nissuer = 1\nclient_secret = 'hush'\nclient_id = 'c'", "issuer"),
    ],
)
def test_a_wrong_file_of_providers_names_the_mistake_and_no_secret(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)

    with pytest.raises(ProvidersInvalidError, match=named) as refused:
        read_providers(file)
    assert "hush" not in str(refused.value)


def test_a_wrong_file_of_providers_ends_the_start_in_one_clear_line(
    settings_for: Callable[..., Any], tmp_path: Path, sqlite_url: str
) -> None:
    file = tmp_path / "providers.toml"
    file.write_text("[providers]\nx = 3\n")

    with pytest.raises(SettingsError, match=r"GATEHOUSE_OIDC_PROVIDERS \(providers.toml\) providers.x"):
        settings_for(sqlite_url, OIDC_PROVIDERS=str(file))
