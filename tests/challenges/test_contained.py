"""Proofs of people who are contained meanwhile: they change nothing then, and count after the release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.reference.reference import Reference
from service.domain.caller import Scope
from service.domain.case import CaseState
from service.jobs import jobs_of
from service.usecases.issue_key import IssueKey
from service.worker import Worker


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def flow(request: pytest.FixtureRequest, start: Callable[..., Any], reference: Reference) -> Any:
    """A service on both databases whose sign-up flow runs every method, with all that its worker does."""
    flow = start(request.getfixturevalue(request.param))
    store, scopes = flow.parts.store, list(Scope)
    issued = IssueKey(store.begin)(name="all", owner="acme", scopes=scopes, actor="test", now=flow.clock.now)
    worker = Worker(jobs_of(store, flow.parts.settings, reference), now=flow.clock)
    return replace(flow, headers={"Authorization": f"Bearer {issued.token}"}, worker=worker)


@pytest.fixture
def asked(flow: Any, document: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Three who share a device, and are each asked for a proof because a program drove their browser."""
    names = ("Ada Example", "Basil Specimen", "Cleo Sample")
    answers = [
        flow.sign_up(
            document(
                f"su_{at}",
                identity={"full_name": name, "country": "GB", "role": "student", "birth_year": 2000 + at},
                email=f"{name.split()[0].lower()}@ox.ac.uk",
                device={"ip": f"81.2.69.{at + 10}", "device_id": "farm-7f3", "webdriver": True},
            )
        )
        for at, name in enumerate(names)
    ]
    assert [each["decision"] for each in answers] == ["step_up"] * 3
    return answers


def worked(flow: Any) -> None:
    for _ in range(3):
        flow.clock.forward(seconds=1)
        flow.work()


def contained(flow: Any, answers: list[dict[str, Any]]) -> str:
    cluster: str = answers[1]["cluster"]["id"]
    status, _ = flow.post(f"/v1/clusters/{cluster}/contain", {"reason": "farm", "whole": True})
    assert status == 200
    worked(flow)
    assert [flow.read(each["id"])["decision"] for each in answers] == ["deny"] * 3
    return cluster


def released(flow: Any, cluster: str) -> None:
    flow.clock.forward(seconds=1)
    status, _ = flow.post(f"/v1/clusters/{cluster}/release", {"reason": "laboratory"})
    assert status == 200
    worked(flow)


def told(flow: Any, challenge: dict[str, Any], status: str) -> None:
    evidence = {
        "supervisor_attestation": {"attester_email": "prof@ox.ac.uk", "attester_role": "supervisor"},
        "document_check": {"document": "passport", "liveness": True, "name_matches": True},
    }
    body = {"status": status, "evidence": evidence.get(challenge["method"], {}) if status == "passed" else {}}
    assert flow.post(f"/v1/challenges/{challenge['id']}/result", body)[0] in {200, 201}


def test_what_was_proven_or_failed_while_contained_counts_after_the_release(
    flow: Any, asked: list[dict[str, Any]]
) -> None:
    passed, failed, silent = asked
    cluster = contained(flow, asked)
    for challenge in passed["challenges"]:
        told(flow, challenge, "passed")
    for challenge in failed["challenges"]:
        told(flow, challenge, "failed")
    assert [flow.read(each["id"])["decision"] for each in asked] == ["deny"] * 3

    released(flow, cluster)

    now = [flow.read(each["id"]) for each in asked]
    assert now[0]["decision"] == "allow"
    assert now[1]["decision"] in {"step_up", "review"}
    pending = [each["method"] for each in now[1]["challenges"] if each["status"] == "pending"]
    assert not set(pending) & {each["method"] for each in failed["challenges"]}
    assert bool(pending) is (now[1]["decision"] == "step_up")
    if now[1]["decision"] == "review":
        assert flow.case_about(failed).state is CaseState.OPEN
    assert now[2]["decision"] == "step_up"
    assert [each["status"] for each in now[2]["challenges"]] == ["pending"] * len(silent["challenges"])


def test_what_ran_out_while_contained_is_asked_for_again_after_the_release(
    flow: Any, asked: list[dict[str, Any]]
) -> None:
    cluster = contained(flow, asked)
    flow.clock.forward(days=30)
    worked(flow)
    assert {each["status"] for each in flow.read(asked[0]["id"])["challenges"]} == {"expired"}

    released(flow, cluster)

    now = [flow.read(each["id"]) for each in asked]
    assert [each["decision"] for each in now] == ["step_up"] * 3
    assert all(any(one["status"] == "pending" for one in each["challenges"]) for each in now)


def test_who_is_looked_at_again_while_contained_is_let_go_with_the_others(
    flow: Any, asked: list[dict[str, Any]]
) -> None:
    cluster = contained(flow, asked)
    _, again = flow.post(f"/v1/signups/{asked[0]['id']}/reassess", {})
    assert again["decision"] == "deny"

    released(flow, cluster)

    assert [flow.read(each["id"])["decision"] for each in asked] == ["step_up"] * 3


@pytest.fixture
def leaf(flow: Any, document: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """One who shares a device with three who share a card, too, and are contained: she is asked for a proof."""

    def came(at: int, name: str, **changes: Any) -> dict[str, Any]:
        answer: dict[str, Any] = flow.sign_up(
            document(
                f"su_{at}",
                identity={"full_name": name, "country": "GB", "role": "student", "birth_year": 2000 + at},
                email=f"{name.split(maxsplit=1)[0].lower()}@ox.ac.uk",
                device={"ip": f"81.2.69.{at + 10}", "device_id": "farm-7f3"},
                **changes,
            )
        )
        return answer

    card = {"method": "card", "fingerprint": "fp_farm"}
    ring = [came(at, name, payment=card) for at, name in enumerate(["Ada Example", "Basil Specimen", "Cleo Sample"])]
    leaf = came(9, "Dora Instance")
    assert leaf["decision"] == "allow"
    flow.post("/v1/outcomes", {"signup_id": "su_0", "label": "fraud", "source": "chargeback", "reason": "seen"})
    assert flow.post(f"/v1/clusters/{leaf['cluster']['id']}/contain", {"reason": "farm"})[0] == 200
    worked(flow)
    assert [flow.read(each["id"])["decision"] for each in (ring[1], leaf)] == ["deny", "step_up"]
    return leaf


@pytest.mark.parametrize(
    ("answered", "after"), [("failed", {"review"}), ("abandoned", {"step_up", "review"}), (None, {"allow"})]
)
def test_what_a_containment_asked_for_is_taken_back_unless_it_was_failed_or_given_up(
    flow: Any, leaf: dict[str, Any], answered: str | None, after: set[str]
) -> None:
    if answered is None:
        flow.clock.forward(days=30)
        worked(flow)
        assert {each["status"] for each in flow.read(leaf["id"])["challenges"]} == {"expired"}
    else:
        told(flow, flow.read(leaf["id"])["challenges"][0], answered)

    released(flow, leaf["cluster"]["id"])

    assert flow.read(leaf["id"])["decision"] in after


def test_who_failed_as_a_leaf_and_joined_the_core_then_waits_for_a_person_again(
    flow: Any, leaf: dict[str, Any]
) -> None:
    told(flow, flow.read(leaf["id"])["challenges"][0], "failed")
    assert flow.read(leaf["id"])["decision"] == "review"
    learnt = {"identifiers": [{"kind": "payment_fingerprint", "value": "fp_farm"}]}
    flow.post(f"/v1/signups/{leaf['id']}/identifiers", learnt)
    worked(flow)
    assert (flow.read(leaf["id"])["decision"], flow.case_about(leaf)) == ("deny", None)

    released(flow, leaf["cluster"]["id"])

    assert flow.read(leaf["id"])["decision"] == "review"
    assert flow.case_about(leaf).state is CaseState.OPEN
