"""Clusters over HTTP: reading, containing, cutting, learning, and every bad request named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.app import application_of
from service.domain.caller import Scope
from service.domain.ids import uuid7
from service.jobs import judge_of
from service.usecases.ask_again import AskAgain
from service.usecases.carry_out import CarryOut
from service.usecases.cluster_use_cases import cluster_use_cases
from service.usecases.tell_consequence import TellConsequence

REASON = {"reason": "ring"}


def ring(http: Any, first: int, size: int = 6, frauds: int = 1) -> list[dict[str, Any]]:
    half = size // 2
    answers = [
        http.sign_up(first + at, device=f"{first}d{at // 2}", card=f"{first}c{(at + 1) // 2 % half}")
        for at in range(size)
    ]
    for at in range(frauds):
        said = {"signup_id": f"su_{first + at}", "label": "fraud", "source": f"s{at}", "reason": "seen"}
        assert http.call("POST", "/v1/outcomes", json=said).status_code == 201
    return answers


def cluster_of(answers: list[dict[str, Any]]) -> str:
    found: str = answers[-1]["cluster"]["id"]
    return found


def test_a_cluster_is_read_in_pages_with_what_ties_it(http: Any) -> None:
    cluster = cluster_of(ring(http, 1_000))

    first = http.call("GET", f"/v1/clusters/{cluster}?limit=4").get_json()
    rest = http.call("GET", f"/v1/clusters/{cluster}?cursor={first['next_cursor']}").get_json()

    assert (first["size"], first["confirmed_fraud"], first["links_among"]) == (6, 1, 6)
    signups = [each["signup_id"] for each in (*first["members"], *rest["members"])]
    assert signups == [f"su_{number}" for number in range(1_000, 1_006)]
    assert rest["next_cursor"] is None
    assert first["members"][0]["label"] == "fraud"
    assert {each["kind"] for each in first["links"]} == {"device", "payment"}
    assert {handle for each in first["members"] for handle in each["links"]} <= {
        each["identifier"] for each in first["links"]
    }
    assert first["containments"] == []


def test_why_it_is_one_is_told(http: Any) -> None:
    one, other = http.sign_up(1_100, device="1100"), http.sign_up(1_101, card="1100")
    both = http.sign_up(1_102, device="1100", card="1100")

    detail = http.call("GET", f"/v1/clusters/{both['cluster']['id']}").get_json()

    assert one["cluster"] is other["cluster"] is None
    assert (detail["size"], len(detail["merges"])) == (3, 1)


def test_what_is_asked_again_because_the_answer_was_lost_does_no_harm(http: Any) -> None:
    """As the README has it: nothing here takes an Idempotency-Key."""
    signups = ring(http, 1_400)
    path, signup = f"/v1/clusters/{cluster_of(signups)}", f"/v1/signups/{signups[-1]['id']}"
    device = next(each["identifier"] for each in http.call("GET", path).get_json()["links"] if each["kind"] == "device")
    learnt = {"identifiers": [{"kind": "device_id", "value": "1400-new"}]}
    said = {"signup_id": "su_1405", "label": "fraud", "source": "law", "reason": "seen"}
    asked = [
        ("/v1/outcomes", said, (201, 200)),
        (f"{signup}/identifiers", learnt, (200, 200)),
        (f"{path}/contain", REASON, (200, 409)),
        (f"{path}/release", REASON, (200, 409)),
        (f"{path}/cut", {"identifier": device, **REASON}, (200, 409)),
        (f"{path}/cut", {"identifier": device, "undo": True, **REASON}, (200, 409)),
    ]

    for where, document, answers in asked:
        statuses = tuple(http.call("POST", where, json=document).status_code for _ in range(2))
        assert (where, statuses) == (where, answers)
    read = http.call("GET", path).get_json()
    assert ([each["state"] for each in read["containments"]], read["size"]) == (["released"], 6)
    assert len(http.call("GET", signup).get_json()["outcomes"]) == 1


def test_a_containment_is_previewed_made_seen_and_released(http: Any) -> None:
    cluster = cluster_of(ring(http, 1_200))

    preview = http.call("POST", f"/v1/clusters/{cluster}/preview", json={}).get_json()
    contained = http.call("POST", f"/v1/clusters/{cluster}/contain", json=REASON)
    twice = http.call("POST", f"/v1/clusters/{cluster}/contain", json=REASON)
    newcomer = http.sign_up(1_290, device="1200d1", card="1200c1")
    seen = http.call("GET", f"/v1/clusters/{cluster}").get_json()["containments"]
    released = http.call("POST", f"/v1/clusters/{cluster}/release", json=REASON)
    after = http.sign_up(1_291, device="1200d1", card="1200c2")

    assert (preview["contained"], preview["confirmed_fraud"], preview["verified_good"]) == (6, 1, 0)
    assert preview["second_person"] is False
    assert (contained.status_code, contained.get_json()["state"], twice.status_code) == (200, "standing", 409)
    assert newcomer["decision"] == "deny"
    assert "CONTAINED_CLUSTER" in [each["code"] for each in newcomer["reasons"]]
    assert [each["id"] for each in seen] == [contained.get_json()["id"]]
    assert [each["state"] for each in released.get_json()["items"]] == ["released"]
    assert after["decision"] != "deny"
    assert http.call("POST", f"/v1/clusters/{cluster}/release", json=REASON).status_code == 409


def test_the_case_of_a_contained_account_leaves_the_queue_and_comes_back(http: Any) -> None:
    application = application_of(http.app)
    judge = judge_of(application.store, application.settings, application.reference, application.policy)
    tell = TellConsequence(judge, AskAgain(application.step_up.plan), lambda: 0.5)
    carry_out = CarryOut(application.store.begin, judge, tell)
    cluster = cluster_of(ring(http, 1_250))
    held = http.sign_up(1_299, device="1250d0", card="1250c1")
    case = f"/v1/cases/{held['case_id']}"
    claimed = http.call("POST", f"{case}/claim")

    http.call("POST", f"/v1/clusters/{cluster}/contain", json=REASON)
    carry_out(datetime.now(UTC))
    settled = http.call("GET", case).get_json()
    verdict = http.call("POST", f"{case}/verdict", json={"verdict": "approve", "reason_code": "FALSE_ALARM"})
    denied = http.call("GET", f"/v1/signups/{held['id']}").get_json()["decision"]
    http.call("POST", f"/v1/clusters/{cluster}/release", json=REASON)
    carry_out(datetime.now(UTC))
    again = http.call("GET", case).get_json()

    assert (held["decision"], claimed.status_code) == ("review", 200)
    assert (settled["state"], settled["verdict"], settled["reason_code"]) == ("resolved", "reject", "CONTAINED")
    assert settled["resolved_by"].startswith("containment:")
    assert (verdict.status_code, "its cluster is contained" in verdict.get_json()["detail"]) == (409, True)
    assert denied == "deny"
    assert (again["state"], again["holder"], again["resolved_by"]) == ("open", None, None)
    assert http.call("GET", f"/v1/signups/{held['id']}").get_json()["decision"] == "review"


def test_whoever_hangs_on_it_has_a_proof_to_give_which_a_release_no_longer_asks(http: Any) -> None:
    application = application_of(http.app)
    judge = judge_of(application.store, application.settings, application.reference, application.policy)
    half_a_day = application.policy().document.clusters.containment.spread / 2
    tell = TellConsequence(judge, AskAgain(application.step_up.plan), lambda: 0.5)
    carry_out = CarryOut(application.store.begin, judge, tell)
    answers = ring(http, 9_700)
    cluster, leaf = cluster_of(answers), http.sign_up(9_799, device="9700d1")
    assert leaf["decision"] == "allow"

    http.call("POST", f"/v1/clusters/{cluster}/contain", json=REASON)
    carry_out(at := datetime.now(UTC))
    asked = http.call("GET", f"/v1/signups/{leaf['id']}").get_json()
    with application.store.begin() as work:
        told = {each.type.value: each for each in work.events.of_subject(leaf["id"])}
    http.call("POST", f"/v1/clusters/{cluster}/release", json=REASON)
    carry_out(datetime.now(UTC))
    after = http.call("GET", f"/v1/signups/{leaf['id']}").get_json()

    (challenge,) = asked["challenges"]
    assert (asked["decision"], challenge["status"]) == ("step_up", "pending")
    assert told["signup.changed"].data["challenges"][0]["id"] == challenge["id"]
    assert told["signup.changed"].due_at == at + half_a_day
    assert datetime.fromisoformat(challenge["expires_at"]) > at + half_a_day + timedelta(hours=1)
    assert (after["decision"], after["challenges"][0]["status"]) == ("allow", "abandoned")


def test_a_shared_card_is_cut_out_and_put_back(http: Any) -> None:
    signups = [http.sign_up(1_300 + at, card="1300", device=f"1300-{at // 2}") for at in range(4)]
    cluster = cluster_of(signups)
    links = http.call("GET", f"/v1/clusters/{cluster}").get_json()["links"]
    card = next(each["identifier"] for each in links if each["kind"] == "payment")

    cut = http.call("POST", f"/v1/clusters/{cluster}/cut", json={"identifier": card, **REASON})
    again = http.call("POST", f"/v1/clusters/{cluster}/cut", json={"identifier": card, **REASON})
    size = http.call("GET", f"/v1/clusters/{cluster}").get_json()["size"]
    undone = http.call("POST", f"/v1/clusters/{cluster}/cut", json={"identifier": card, "undo": True, **REASON})

    assert (cut.status_code, cut.get_json()["moved"], again.status_code, size) == (200, 2, 409, 2)
    assert http.call("GET", f"/v1/clusters/{undone.get_json()['id']}").get_json()["size"] == 4


@pytest.mark.parametrize(
    ("method", "action"),
    [("GET", ""), ("POST", "/preview"), ("POST", "/contain"), ("POST", "/release"), ("POST", "/cut")],
)
def test_without_permission_nothing_is_seen_or_done(http: Any, method: str, action: str) -> None:
    document = {"identifier": "payment_00", **REASON} if method == "POST" else None

    refused = http.call(method, f"/v1/clusters/cl_1{action}", json=document, scopes=("signups", "outcomes"))

    assert refused.status_code == 403


@pytest.mark.parametrize("cluster", ["cl_99999999", "cl_m7", "x", "cl_"])
def test_a_cluster_that_is_none_is_unknown(http: Any, cluster: str) -> None:
    assert http.call("GET", f"/v1/clusters/{cluster}").status_code == 404
    assert http.call("POST", f"/v1/clusters/{cluster}/contain", json=REASON).status_code == 404


@pytest.mark.parametrize(
    ("action", "document", "pointer"),
    [
        ("contain", {}, "/reason"),
        ("contain", {"reason": "She did it"}, "/reason"),
        ("contain", {"reason": "ring", "whole": "yes"}, "/whole"),
        ("release", {}, "/reason"),
        ("cut", {"reason": "ring"}, "/identifier"),
        ("preview", {"everybody": True}, "/everybody"),
    ],
)
def test_a_wrong_request_is_refused_by_its_pointer(
    http: Any, action: str, document: dict[str, Any], pointer: str
) -> None:
    response = http.call("POST", f"/v1/clusters/cl_1/{action}", json=document)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=x", "cursor=!", "page=2", "limit=1&limit=2"])
def test_a_wrong_page_is_refused(http: Any, query: str) -> None:
    assert http.call("GET", f"/v1/clusters/cl_1?{query}").status_code == 422


def test_a_second_key_confirms_what_it_asks_for_itself_and_nothing_else(http: Any) -> None:
    cluster = cluster_of([*ring(http, 1_600), http.sign_up(1_680, device="1600d0")])
    application = application_of(http.app)
    clusters = cluster_use_cases(
        application.store.begin,
        judge=application.judge,
        reference=application.reference,
        new_id=lambda now: uuid7(now, 1_600),
    )
    asked = clusters.contain.start(
        cluster, owner="journey", by="key:first", reason="ring", now=datetime.now(UTC), whole=True, ask=True
    )
    said = {"signup_id": "su_1680", "label": "legitimate", "source": "law", "reason": "seen"}
    assert http.call("POST", "/v1/outcomes", json=said).status_code == 201

    another = http.call("POST", f"/v1/clusters/{cluster}/contain", json={"reason": "other"})
    waits = http.call("GET", f"/v1/clusters/{cluster}").get_json()["containments"]
    same = http.call("POST", f"/v1/clusters/{cluster}/contain", json={"reason": "other", "whole": True})

    assert (another.status_code, "'whole': true" in another.get_json()["detail"]) == (409, True)
    assert "7 accounts" in another.get_json()["detail"]
    assert [(each["id"], each["state"], each["whole"], each["contained"]) for each in waits] == [
        (asked.id, "pending", True, 7)
    ]
    assert (same.status_code, same.get_json()["state"], same.get_json()["contained"]) == (200, "standing", 6)
    assert same.get_json()["reason"] == "ring"


def test_a_key_acts_on_the_accounts_of_its_owner_alone(http: Any) -> None:
    others = type(http)(http.app, http.key(*Scope, owner="elsewhere"))
    ours = ring(http, 1_700)
    cluster = cluster_of(ours)
    theirs = others.sign_up(1_780, device="1700d0")
    links = others.call("GET", f"/v1/clusters/{cluster}").get_json()["links"]
    card = next(each["identifier"] for each in links if each["kind"] == "payment")

    preview = others.call("POST", f"/v1/clusters/{cluster}/preview", json={"whole": True}).get_json()
    contained = others.call("POST", f"/v1/clusters/{cluster}/contain", json={**REASON, "whole": True}).get_json()
    cut = others.call("POST", f"/v1/clusters/{cluster}/cut", json={**REASON, "identifier": card})
    mine = http.call("POST", f"/v1/clusters/{cluster}/contain", json={**REASON, "whole": True}).get_json()
    released = others.call("POST", f"/v1/clusters/{cluster}/release", json=REASON).get_json()["items"]

    assert theirs["cluster"]["id"] == cluster
    assert (preview["contained"], contained["contained"], mine["contained"]) == (1, 1, 6)
    assert cut.status_code == 404
    assert [each["id"] for each in released] == [contained["id"]]
    assert others.call("POST", f"/v1/clusters/{cluster}/release", json=REASON).status_code == 409
    shown = others.call("GET", f"/v1/clusters/{cluster}").get_json()["members"]
    assert [each["signup_id"] for each in shown] == ["su_1780"]


def test_what_is_no_id_of_a_sign_up_is_said_to_be_no_sign_up(http: Any) -> None:
    learnt = {"identifiers": [{"kind": "device_id", "value": "any"}]}

    for unknown in ("not.an.id", "unknown"):
        refused = http.call("POST", f"/v1/signups/{unknown}/identifiers", json=learnt)
        assert (refused.status_code, refused.get_json()["detail"]) == (404, "There is no such sign-up.")
