"""Personal data stays in the encrypted column: a canary in every field of a sign-up, then every output is searched."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from service.observability import configure_logging

CANARY = "Kanarienvogel"
EMAIL = "kanarienvogel.canary@college.example"
PHONE = "+33698765432"
ADDRESS = "203.0.113.77"
MARKS = ("kanarienvogel", "canary", "0698765432", "33698765432", "98765432", ADDRESS)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as it would be written."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(level="debug", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def canary() -> dict[str, Any]:
    return {
        "signup_id": "su_1",
        "account_type": "research",
        "identity": {
            "full_name": f"Canary {CANARY}",
            "country": "FR",
            "birth_year": 2001,
            "role": "researcher",
            "institution": {"name": f"Institut {CANARY}"},
            "programme": f"Programme {CANARY}",
            "orcid": "0000-0005-9999-0012",
            "website": f"https://{CANARY.lower()}.example",
            "sponsor": {"email": f"{CANARY.lower()}@sponsor.example"},
        },
        "email": EMAIL,
        "phone": PHONE,
        "payment": {
            "method": "card",
            "fingerprint": f"fp-{CANARY}",
            "bin": "424242",
            "cardholder_name": f"C {CANARY}",
            "billing_postal_code": f"{CANARY}",
        },
        "device": {
            "ip": ADDRESS,
            "device_id": f"device-{CANARY}",
            "user_agent": f"Mozilla/5.0 {CANARY}",
            "network": {"provider": CANARY},
        },
        "behaviour": {"referrer": f"https://{CANARY.lower()}.example/x", "stated_use": f"I study the {CANARY} " * 3},
        "invited_by": f"acct-{CANARY}",
        "custom": {"note": CANARY},
    }


def _assert_unmarked(where: str, text: str) -> None:
    lowered = text.lower()
    found = [mark for mark in MARKS if mark in lowered]
    assert not found, f"{where} holds {found}: …{lowered[max(0, lowered.find(found[0]) - 80) :][:200]}…"


def test_no_output_holds_what_the_person_told_us(
    service: Any, canary: dict[str, Any], log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [service.sign_up(canary)]
    record_id = answers[0].get_json()["id"]
    answers += [
        service.sign_up(canary),
        service.sign_up(canary | {"email": f"other-{EMAIL}"}),
        service.client.get(f"/v1/signups/{record_id}", headers=service.headers),
        service.client.post(f"/v1/signups/{record_id}/reassess", headers=service.headers),
        service.client.post("/v1/signups/search", json={"email": EMAIL}, headers=service.headers),
        service.client.post("/v1/signups/search", json={"phone": PHONE}, headers=service.headers),
        service.client.post(
            "/v1/signups/batch",
            data=json.dumps(canary | {"signup_id": "su_2"}),
            headers=service.headers | {"Content-Type": "application/x-ndjson"},
        ),
        service.client.get(f"/v1/{CANARY}?email={EMAIL}", headers=service.headers),
        *(service.sign_up(wrong) for wrong in _wrong(canary)),
    ]
    monkeypatch.setattr("service.usecases.assess.derive_signals", _raising(ValueError(f"{CANARY} {EMAIL} {PHONE}")))
    answers.append(service.sign_up(canary | {"signup_id": "su_3"}))
    monkeypatch.undo()
    monkeypatch.setattr("models.scorer.Scorer.score", _raising(ValueError(f"{CANARY} {ADDRESS}")))
    answers.append(service.sign_up(canary | {"signup_id": "su_4"}))

    statuses = [answer.status_code for answer in answers]
    assert {200, 201, 404, 409, 422, 500} <= set(statuses)
    for answer in answers:
        _assert_unmarked(f"an answer of {answer.status_code}", answer.get_data(as_text=True) + str(answer.headers))
    _assert_unmarked("the metrics", service.client.get("/metrics").get_data(as_text=True))
    assert "answered" in log.getvalue()
    _assert_unmarked("the log", log.getvalue())


def test_the_audit_record_and_what_is_stored_in_clear_hold_none_of_it(service: Any, canary: dict[str, Any]) -> None:
    service.sign_up(canary)
    service.client.post("/v1/signups/search", json={"full_name": f"Canary {CANARY}"}, headers=service.headers)

    with service.parts.store.begin() as work:
        for entry in work.audit.entries(limit=100):
            _assert_unmarked("the audit record", repr(entry))
    [record] = service.records()
    assert record.signup.email == EMAIL
    for assessment in record.assessments:
        _assert_unmarked("an assessment", repr(assessment))


def _wrong(canary: dict[str, Any]) -> list[dict[str, Any]]:
    """Sign-ups whose mistakes stand in the very fields that hold personal data."""
    return [
        canary | {"email": f"{CANARY}@@canary"},
        canary | {"phone": f"{PHONE}000000000000"},
        canary | {"device": {"ip": f"{ADDRESS}.{CANARY}"}},
        canary | {"identity": {"full_name": CANARY * 100, "country": CANARY}},
        canary | {EMAIL: CANARY},
        canary | {"custom": {EMAIL: {"nested": CANARY}}},
    ]


def _raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
