"""What the endpoints answer when everything is right: the contract's shapes, word for word."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from service.api.answers import render_decision, render_signup
from service.api.schemas.search import cursor_of
from service.domain.decision import Decision
from service.usecases.views import ChallengeView, ClusterView, DecisionView, SignupView

CONTRACT = [
    "id",
    "signup_id",
    "decision",
    "final",
    "score",
    "reasons",
    "rules",
    "challenges",
    "grant",
    "case_id",
    "cluster",
    "model",
    "policy_version",
    "degraded",
    "degraded_reason",
    "created_at",
]


def test_a_decision_has_the_fields_of_the_contract_in_their_order(api, signup_document):
    answer = json.loads(api.post(json=signup_document()).data)

    assert list(answer) == CONTRACT
    assert list(answer["reasons"][0]) == ["code", "group", "text", "contribution", "multiplier"]
    assert answer["decision"] == "step_up"
    assert answer["final"] is False
    assert answer["score"] == 0.412346
    assert answer["created_at"] == "2026-11-23T10:00:00Z"


def test_a_sign_up_that_is_only_recorded_has_the_same_shape_without_a_decision(api, signup_document):
    answer = api.post(json=signup_document(record_only=True)).get_json()

    assert list(answer) == CONTRACT
    assert (answer["decision"], answer["score"], answer["model"]) == (None, None, None)


@pytest.fixture
def view(api, signup_document) -> DecisionView:
    api.post(json=signup_document())
    (recorded,) = api.recorder.recorded.values()
    return api.recorder._view(recorded[0], recorded[0].occurred_at)


def _changed(view: DecisionView, **changes) -> DecisionView:
    from dataclasses import replace

    assessment = replace(view.assessment, **{k: v for k, v in changes.items() if hasattr(view.assessment, k)})
    return replace(view, assessment=assessment, **{k: v for k, v in changes.items() if hasattr(view, k)})


@pytest.mark.parametrize(
    ("decision", "final", "grant"),
    [
        (Decision.ALLOW, True, {"tier": "full", "quota": None, "until": None, "lifted_by": None}),
        (Decision.STEP_UP, False, None),
        (Decision.REVIEW, False, None),
        (Decision.DENY, True, None),
    ],
)
def test_only_an_allowed_account_is_granted_something(view, decision, final, grant):
    answer = json.loads(render_decision(_changed(view, decision=decision)))

    assert (answer["final"], answer["grant"]) == (final, grant)


def test_a_degraded_decision_says_so_in_the_same_shape(view):
    degraded = _changed(view, degraded=True, degraded_reason="no model", score=None, model=None, reasons=())

    answer = json.loads(render_decision(degraded))

    assert list(answer) == CONTRACT
    assert (answer["degraded"], answer["degraded_reason"], answer["score"]) == (True, "no model", None)


def test_challenges_case_and_cluster_are_shown(view):
    challenge = ChallengeView("ch_1", "institution_email_code", "pending", view.created_at + timedelta(minutes=15))
    answer = json.loads(
        render_decision(_changed(view, challenges=(challenge,), case_id="ca_1", cluster=ClusterView("cl_1", 37, 4)))
    )

    assert answer["challenges"] == [
        {
            "id": "ch_1",
            "method": "institution_email_code",
            "status": "pending",
            "expires_at": "2026-11-23T10:15:00Z",
            "url": None,
        }
    ]
    assert (answer["case_id"], answer["cluster"]) == ("ca_1", {"id": "cl_1", "size": 37, "confirmed_fraud": 4})


def test_the_same_view_gives_the_same_bytes(view):
    assert render_decision(view) == render_decision(_changed(view))
    assert render_signup(SignupView(view, ())) == render_signup(SignupView(view, ()))


def test_a_decision_is_read_with_its_history(api, signup_document):
    created = api.post(json=signup_document()).get_json()

    answer = api.get(f"/v1/signups/{created['id']}").get_json()

    assert {key: answer[key] for key in CONTRACT} == created
    assert [entry["decision"] for entry in answer["history"]] == ["step_up"]


def test_assessing_again_adds_to_the_history(api, signup_document):
    record_id = api.post(json=signup_document()).get_json()["id"]

    response = api.post(f"/v1/signups/{record_id}/reassess")

    assert response.status_code == 200
    assert len(response.get_json()["history"]) == 2


def test_a_search_is_paged_newest_first(api, signup_document):
    for number in range(5):
        api.post(json=signup_document(signup_id=f"s{number}"))

    seen, cursor = [], None
    for _ in range(3):
        page = api.post("/v1/signups/search", json={"limit": 2, "cursor": cursor}).get_json()
        seen += [item["signup_id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ["s4", "s3", "s2", "s1", "s0"]
    assert cursor is None


def test_a_search_finds_by_what_is_asked(api, signup_document):
    api.post(json=signup_document(signup_id="a"))
    api.post(json=signup_document(signup_id="b", email="other@university.example"))

    page = api.post("/v1/signups/search", json={"email": "other@university.example"}).get_json()

    assert [item["signup_id"] for item in page["items"]] == ["b"]
    assert "other@" not in json.dumps(page)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/email", "nobody"),
        ("/phone", "12"),
        ("/phone", "0113 496 0999"),
        ("/ip", "here"),
        ("/decision", "maybe"),
        ("/recorded_from", "yesterday"),
        ("/cursor", "!"),
        ("/cursor", "c2VjcmV0"),
        ("/cursor", cursor_of(-1)),
        ("/limit", 0),
        ("/limit", 101),
        ("/query", "x"),
    ],
)
def test_a_wrong_search_is_refused_by_its_pointer(api, pointer, value):
    response = api.post("/v1/signups/search", json={pointer[1:]: value})

    assert response.status_code == 422
    assert [error["pointer"] for error in response.get_json()["errors"]] == [pointer]


def test_a_national_phone_number_is_searched_in_its_country(api):
    assert api.post("/v1/signups/search", json={"phone": "0113 496 0999", "country": "GB"}).status_code == 200
