"""A sign-up comes in over HTTP and leaves one committed record behind, on each database."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.features.catalogue import FEATURES
from models.reasons import REASONS

Make = Callable[..., dict[str, Any]]


def test_a_suspicious_sign_up_gets_a_decision_with_reasons(service: Any, make_document: Make) -> None:
    response = service.sign_up(make_document())

    answer = response.get_json()
    assert response.status_code == 201
    assert answer["decision"] in {"step_up", "review"}
    assert 0 <= answer["score"] <= 1
    assert answer["degraded"] is False
    scored = [reason for reason in answer["reasons"] if reason["group"] != "rule"]
    assert scored
    assert {reason["code"] for reason in scored} <= {reason.code for reason in REASONS}
    weights = [reason["contribution"] for reason in scored if reason["contribution"] > 0]
    assert weights == sorted(weights, reverse=True)


def test_the_reasons_of_all_features_add_up_to_the_score(service: Any, make_document: Make) -> None:
    service.sign_up(make_document())
    [record] = service.records()

    vector = np.frombuffer(record.assessments[0].vector, "<f4")
    explanation = service.parts.model().scorer.explain(vector)

    assert explanation.base + sum(explanation.contributions) == pytest.approx(explanation.score.margin, abs=1e-5)
    assert explanation.score.probability == record.assessments[0].score


def test_the_record_holds_everything_the_decision_rested_on(service: Any, make_document: Make) -> None:
    answer = service.sign_up(make_document()).get_json()

    [record] = service.records()
    [assessment] = record.assessments
    assert record.id == answer["id"]
    assert record.signup.email == "oriane.maupertuis@mailinator.com"
    assert assessment.signals["email"]["disposable"] is True
    assert assessment.linkage["mailbox"]["links_365d"] == 0
    assert len(assessment.vector) == 4 * len(FEATURES)
    assert assessment.model.version == answer["model"]["version"]
    assert assessment.policy_version == 1


def test_the_same_body_again_gets_the_same_bytes_and_records_nothing(service: Any, make_document: Make) -> None:
    first = service.sign_up(make_document())
    again = service.sign_up(make_document())

    assert again.status_code == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data == first.data
    assert len(service.records()) == 1


def test_the_same_signup_id_with_another_body_is_refused(service: Any, make_document: Make) -> None:
    service.sign_up(make_document())
    other = service.sign_up(make_document(email="somebody.else@mailinator.com"))

    assert other.status_code == 409
    assert len(service.records()) == 1


def test_two_identical_requests_at_once_make_one_decision(service: Any, make_document: Make) -> None:
    answers: list[bytes] = []
    together = threading.Barrier(8)

    def send() -> None:
        client = service.app.test_client()
        together.wait()
        answers.append(client.post("/v1/signups", json=make_document(), headers=service.headers).data)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert len(service.records()) == 1


def test_earlier_sign_ups_count_and_the_sign_up_itself_does_not(service: Any, make_document: Make) -> None:
    for number in range(3):
        service.sign_up(
            make_document(
                f"su_{number}",
                occurred_at=f"2026-11-20T10:00:0{number}Z",
                device={"ip": "81.2.69.142", "device_id": "dev-1"},
            )
        )

    counted = [record.assessments[0].linkage["device"]["links_24h"] for record in service.records()]
    assert counted == [0, 1, 2]


def test_a_sign_up_that_is_only_recorded_builds_history_without_a_decision(service: Any, make_document: Make) -> None:
    recorded = service.sign_up(make_document("past", record_only=True, occurred_at="2026-11-20T10:00:00Z"))
    service.sign_up(make_document("now", occurred_at="2026-11-20T11:00:00Z"))

    past, now = service.records()
    assert recorded.status_code == 201
    assert recorded.get_json()["decision"] is None
    assert past.assessments == ()
    assert now.assessments[0].linkage["mailbox"]["links_24h"] == 1


def test_the_decision_can_be_read_again_with_reasons_even_when_allowed(service: Any, make_document: Make) -> None:
    document = make_document(
        email="oriane.maupertuis@ens.fr", device={"ip": "81.2.69.142"}, behaviour={"form_seconds": 80}
    )
    answer = service.sign_up(document).get_json()
    read = service.client.get(f"/v1/signups/{answer['id']}", headers=service.headers).get_json()

    assert read["decision"] == answer["decision"]
    assert len(read["history"]) == 1
    assert read["reasons"]


def test_a_reassessment_is_a_new_entry_and_excludes_the_sign_up_itself(service: Any, make_document: Make) -> None:
    answer = service.sign_up(make_document("one", occurred_at="2026-11-20T10:00:00Z")).get_json()
    service.sign_up(make_document("two", occurred_at="2026-11-20T10:05:00Z"))

    again = service.client.post(f"/v1/signups/{answer['id']}/reassess", headers=service.headers)

    assert again.status_code == 200
    assert len(again.get_json()["history"]) == 2
    record = service.records()[0]
    assert [each.linkage["mailbox"]["links_365d"] for each in record.assessments] == [0, 1]


def test_a_search_finds_by_what_a_person_knows_and_leaves_an_audit_entry(service: Any, make_document: Make) -> None:
    service.sign_up(make_document("wanted", email="Oriane.Maupertuis+x@gmail.com", phone="+33612345678"))
    service.sign_up(make_document("other", email="someone@gmail.com"))

    for criteria in (
        {"email": "orianemaupertuis@googlemail.com"},
        {"phone": "06 12 34 56 78", "country": "FR"},
        {"full_name": "MAUPERTUIS Oriane", "email": "oriane.maupertuis@gmail.com"},
    ):
        found = service.client.post("/v1/signups/search", json=criteria, headers=service.headers).get_json()
        assert [each["signup_id"] for each in found["items"]] == ["wanted"], criteria

    with service.parts.store.begin() as work:
        searches = [entry for entry in work.audit.entries(limit=50) if entry.action == "signups.searched"]
    assert len(searches) == 3
    assert "gmail" not in json.dumps([entry.detail for entry in searches])


def test_a_retry_after_the_keys_rotated_gets_the_first_answer(
    database_url: str, start: Callable[..., Any], make_document: Make
) -> None:
    old, new = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
    before = start(database_url, ENCRYPTION_KEYS=f"1:{old}", PSEUDONYM_KEYS=f"1:{old}")
    by_id = before.sign_up(make_document("one"))
    by_key = before.sign_up(make_document("two"), **{"Idempotency-Key": "k"})
    after = start(database_url, ENCRYPTION_KEYS=f"2:{new},1:{old}", PSEUDONYM_KEYS=f"2:{new},1:{old}")
    owner = {"Authorization": before.headers["Authorization"]}

    again = after.client.post("/v1/signups", json=make_document("one"), headers=owner)
    again_by_key = after.client.post("/v1/signups", json=make_document("two"), headers=owner | {"Idempotency-Key": "k"})

    assert (again.status_code, again.data) == (200, by_id.data)
    assert (again_by_key.status_code, again_by_key.data) == (200, by_key.data)
    assert len(after.records()) == 2
