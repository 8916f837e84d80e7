"""Policies over HTTP: added, tried, activated by a second person, rolled back; each step by scope and status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.signup import AccountType
from service.api.answers import render_signup
from service.domain.decision import Assessment, Decision, Explored
from service.domain.grant import Grant, Tier
from service.domain.policy import default_policy_text
from service.domain.standing import ListHit, ListName
from service.usecases.install_policy import InstallPolicy
from service.usecases.ports import NewRecord
from service.usecases.views import DecisionView, SignupView

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ASSESSMENT = Assessment(
    id="a",
    decided_at=NOW,
    decision=Decision.ALLOW,
    score=0.3,
    reasons=(),
    rules=(),
    vector=None,
    signals={"identity": {"institution_listed": True}},
    linkage={},
    model=None,
    policy_version=1,
)

STRICTER = re.sub(r"step_up = [0-9.]+", "step_up = 0.05", default_policy_text())


@pytest.fixture
def installed(api: Any) -> Any:
    InstallPolicy(api.store.begin)(now=NOW)
    return api


@pytest.fixture
def scored(make_record: Callable[..., NewRecord]) -> Callable[..., None]:
    """Records decisions with these scores, all let in."""

    def record(api: Any, scores: list[float]) -> None:
        with api.store.begin() as work:
            for at, score in enumerate(scores):
                assessment = replace(ASSESSMENT, id=f"a{at}", score=score)
                work.ledger.append(make_record(at=NOW, assessment=assessment))
            work.commit()

    return record


def test_a_draft_is_tried_activated_by_somebody_else_and_rolled_back(installed: Any, scored: Any) -> None:
    api = installed
    scored(api, [0.01] * 90 + [0.1] * 10)
    second = api.key("admin", owner="second")
    added = api.post("/v1/policies", json={"document": STRICTER, "reason": "ask sooner"})
    too_soon = api.post("/v1/policies/2/activate", json={"reason": "now"})
    tried = api.post("/v1/policies/2/backtest", json={})
    alone = api.post("/v1/policies/2/activate", json={"reason": "mine"})
    activated = api.post("/v1/policies/2/activate", json={"reason": "seen"}, token=second)
    wrong = api.post("/v1/policies/1/rollback", json={"reason": "oops"})
    back = api.post("/v1/policies/2/rollback", json={"reason": "too strict"})

    assert (added.status_code, added.json["version"], added.json["in_force"]) == (201, 2, False)
    assert (too_soon.status_code, alone.status_code, wrong.status_code) == (409, 403, 409)
    assert (tried.status_code, tried.json["found"]["changed"], tried.json["whole"]) == (200, 10, True)
    assert tried.json["large"] == ["step_up 0.00% to 10.00%"]
    assert "somebody else" in alone.json["detail"]
    assert (activated.status_code, activated.json["in_force"]) == (200, True)
    assert (back.status_code, back.json["version"], back.json["in_force"]) == (200, 1, True)
    listed = api.get("/v1/policies").json
    assert [(each["version"], each["in_force"]) for each in listed["items"]] == [(1, True), (2, False)]
    assert [(each["version"], each["rolled_back"]) for each in listed["activations"]] == [(1, None), (2, None), (1, 2)]
    assert api.get("/v1/policies/2").json["document"] == STRICTER


def test_a_wrong_document_is_refused_by_key_and_line(installed: Any) -> None:
    wrong = STRICTER.replace("signals.email.disposable", "signals.email.disposible")

    answer = installed.post("/v1/policies", json={"document": wrong, "reason": "try"})

    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["pointer"] == "/rules/0/when"
    assert error["message"].startswith("line ")
    assert "did you mean 'disposable'?" in error["message"]


@pytest.mark.parametrize("version", ["9", "0", "-1", "x", "99999999999999999999999"])
def test_an_unknown_version_is_not_found(installed: Any, version: str) -> None:
    assert installed.get(f"/v1/policies/{version}").status_code == 404
    assert installed.post(f"/v1/policies/{version}/backtest", json={}).status_code == 404


def test_policies_and_lists_are_the_administrators(installed: Any) -> None:
    token = installed.key("signups", "review", "outcomes")

    answers = [
        installed.get("/v1/policies", token=token),
        installed.post("/v1/policies", json={}, token=token),
        installed.get("/v1/lists/block", token=token),
        installed.post("/v1/lists/block/import", data="", token=token),
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_a_list_is_kept_over_http(api: Any) -> None:
    entry = {"kind": "email_domain", "value": "Farm.Example", "reason": "sold", "owner": "trust team"}
    added = api.post("/v1/lists/block", json=entry | {"expires": "2027-01-31"})
    again = api.post("/v1/lists/block", json=entry)
    wrong = api.post("/v1/lists/block", json=entry | {"value": "no domain"})
    endless = api.post("/v1/lists/block", json=entry | {"value": "x.example", "expires": "9999-12-31"})
    imported = api.post(
        "/v1/lists/block/import",
        data="kind,value,reason,owner\nbin,411111,virtual cards,ada\nbin,4,short,ada\n",
        headers={"Content-Type": "text/csv"},
    )
    assert (endless.status_code, endless.json["errors"][0]["pointer"]) == (422, "/expires")
    page = api.get("/v1/lists/block?limit=1").json
    rest = api.get(f"/v1/lists/block?before={page['next']}").json
    removed = api.client.delete(f"/v1/lists/block/{added.json['id']}", headers={"Authorization": f"Bearer {api.token}"})

    assert (added.status_code, added.json["value"]) == (201, "farm.example")
    assert added.json["expires_at"] == "2027-02-01T00:00:00Z"
    assert (again.status_code, wrong.status_code) == (409, 422)
    assert "no domain" not in json.dumps(wrong.json)
    assert (imported.json["added"], imported.json["bad_lines"]) == (1, 1)
    assert imported.json["bad"] == [{"line": 3, "problem": "value must be the first 6 to 8 digits of a card"}]
    assert {each["value"] for each in (*page["items"], *rest["items"])} == {"411111", "farm.example"}
    assert rest["next"] is None
    assert removed.status_code == 200
    assert len(api.get("/v1/lists/block").json["items"]) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/lists/nobody", 404), ("/v1/lists/block?limit=0", 422), ("/v1/lists/block?colour=red", 422)],
)
def test_a_list_or_page_that_cannot_be_is_refused(api: Any, path: str, status: int) -> None:
    assert api.get(path).status_code == status


def test_decisions_say_what_the_policy_concluded_beside_them() -> None:
    assessment = replace(
        ASSESSMENT,
        silent_rules=("quiet",),
        failed_rules=("broken",),
        hits=(ListHit(ListName.EXEMPT, IdentifierKind.IP, "e1"),),
        explored=Explored(Decision.REVIEW, allowed=True, propensity=0.02),
        grant=Grant(Tier.PROBATION, 0.25, NOW, "It ends by itself."),
    )
    current = DecisionView("r", "su", AccountType.RESEARCH, record_only=False, created_at=NOW, assessment=assessment)

    answer = json.loads(render_signup(SignupView(current, (assessment, replace(assessment, decision=Decision.DENY)))))

    first, second = answer["history"]
    assert answer["grant"] == first["grant"]
    assert first["grant"] == {
        "tier": "probation",
        "quota": 0.25,
        "until": "2026-11-23T00:00:00Z",
        "lifted_by": "It ends by itself.",
    }
    assert (first["silent_rules"], first["failed_rules"]) == (["quiet"], ["broken"])
    assert first["lists"] == [{"list": "exempt", "kind": "ip", "entry_id": "e1"}]
    assert first["explored"] == {"instead_of": "review", "allowed": True, "propensity": 0.02}
    assert second["grant"] is None
